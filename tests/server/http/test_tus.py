"""Resumable uploads: the protocol's sentences one by one, and that an upload is one on every wire."""

import asyncio
import hashlib
import random
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portico.model.files import CHUNK_BYTES
from portico.model.policy import Policy
from portico.server.http import tus
from tests.server.conftest import until
from tests.support.resp import encode
from tests.support.sharing import Shared, sharing

DATA = random.Random(6).randbytes(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
ID = "0123456789abcdef0123456789abcdef"
PIECE = {"Content-Type": "application/offset+octet-stream"}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with sharing(tmp_path, policy=Policy(files=2, max_upload=1_000_000)) as shared:
        yield shared


async def ask(shared: Shared, method: str, path: str, data: bytes | None = None, **headers: Any) -> Answer:
    """An answer of the protocol; `Upload_Offset` is the header Upload-Offset, None leaves one out."""
    named = {"Tus_Resumable": "1.0.0", **(PIECE if data is not None else {}), **headers}
    sent = {name.replace("_", "-"): str(value) for name, value in named.items() if value is not None}
    async with shared.client.request(method, path, data=data, headers=sent) as response:
        body = await response.json() if response.content_type == "application/json" else await response.read()
        if method != "OPTIONS":
            assert response.headers["Tus-Resumable"] == "1.0.0"
        return Answer(response.status, response.headers, body)


def described(**metadata: str) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items())


async def begun(shared: Shared, size: int = len(DATA), data: bytes | None = None, **metadata: str) -> str:
    """Where an upload is that has begun."""
    said = described(**{"filename": "a/b.bin", **metadata})
    made = await ask(shared, "POST", "/uploads", data, Upload_Length=size, Upload_Metadata=said)
    assert made.status == 201, made.body
    return made.headers["Location"]


async def add(shared: Shared, place: str, offset: int, data: bytes, **headers: Any) -> Answer:
    return await ask(shared, "PATCH", place, data, Upload_Offset=offset, **headers)


def patch(place: str, offset: int, size: int, *headers: str) -> bytes:
    """The head of a request that adds to an upload."""
    lines = (
        f"PATCH {place} HTTP/1.1",
        "Host: localhost",
        "Tus-Resumable: 1.0.0",
        f"Upload-Offset: {offset}",
        f"Content-Type: {tus.CONTENT_TYPE}",
        f"Content-Length: {size}",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def checksum(data: bytes) -> str:
    return f"sha256 {b64encode(hashlib.sha256(data).digest()).decode()}"


async def test_options_says_what_is_offered(shared):
    for path in ("/uploads", f"/uploads/{ID}"):
        said = await ask(shared, "OPTIONS", path, Tus_Resumable=None)
        assert said.status == 204
        assert said.headers["Tus-Version"] == "1.0.0"
        assert said.headers["Tus-Extension"].split(",") == [
            *("creation", "creation-with-upload", "termination", "checksum", "expiration")
        ]
        assert said.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"
        assert said.headers["Tus-Max-Size"] == "1000000"


@pytest.mark.parametrize("sizes", [[300_000], [1, 65_535, 65_536, 65_537, 103_391], [0, 1, 0, 299_999]])
async def test_an_upload_in_pieces(shared, sizes):
    place, offset = await begun(shared), 0
    for size in sizes:
        piece = DATA[offset : offset + size]
        there = await ask(shared, "HEAD", place)
        assert there.status == 200
        assert (there.headers["Upload-Offset"], there.headers["Upload-Length"]) == (str(offset), "300000")
        assert there.headers["Cache-Control"] == "no-store"
        assert there.headers["Upload-Metadata"] == described(filename="a/b.bin")
        assert "GMT" in there.headers["Upload-Expires"]
        added = await add(shared, place, offset, piece)
        offset += size
        assert (added.status, added.headers["Upload-Offset"]) == (204, str(offset))
    assert added.headers["Portico-SHA256"] == SHA256
    assert (shared.root / "a/b.bin").read_bytes() == DATA


async def test_between_its_pieces_an_upload_is_still_under_way(shared):
    place = await begun(shared)
    for offset in (0, 100_000):
        assert [line.offset for line in shared.transfers()] == [offset]
        peer = await shared.connect()
        peer.send(patch(place, offset, 100_000) + DATA[offset : offset + 100_000])
        assert (await peer.rest()).startswith(b"HTTP/1.1 204 ")
        await until(lambda: len(shared.server.door.connections) == 1)
    await add(shared, place, 200_000, DATA[200_000:])
    assert not shared.transfers()


async def test_what_is_finished_is_answered_alike(shared):
    place = await begun(shared, data=DATA)
    for _ in range(2):
        there = await ask(shared, "HEAD", place)
        assert (there.headers["Upload-Offset"], there.headers["Portico-SHA256"]) == ("300000", SHA256)
        again = await add(shared, place, 300_000, b"")
        assert (again.status, again.headers["Upload-Offset"]) == (204, "300000")
        assert again.headers["Portico-SHA256"] == SHA256
    assert (await add(shared, place, 300_000, b"x")).status == 413
    assert (await ask(shared, "DELETE", place)).status == 404
    assert len([line for line in shared.console.told if line.kind == "file"]) == 1


async def test_creation_with_a_part_with_all_and_with_nothing(shared):
    place = await begun(shared, data=DATA[:70_000])
    assert (await ask(shared, "HEAD", place)).headers["Upload-Offset"] == "70000"
    await begun(shared, data=DATA, filename="whole")
    assert (shared.root / "whole").read_bytes() == DATA
    await begun(shared, size=0, filename="empty")
    assert (shared.root / "empty").read_bytes() == b""


NEW = {"Upload_Length": 3, "Upload_Metadata": described(filename="new")}
REFUSED = [
    ("POST", "", None, {**NEW, "Tus_Resumable": None}, 412, "ERR"),
    ("POST", "", None, {**NEW, "Tus_Resumable": "0.2.2"}, 412, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Length": None}, 400, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Length": "-1"}, 400, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Defer_Length": "1"}, 400, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Length": 1_000_001}, 413, "TOOBIG"),
    ("POST", "", None, {**NEW, "Upload_Metadata": None}, 400, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Metadata": "filename !"}, 400, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Metadata": described(filename="../x")}, 400, "ERR"),
    ("POST", "", None, {**NEW, "Upload_Metadata": described(filename="there")}, 409, "EXISTS"),
    ("POST", "", None, {**NEW, "Upload_Metadata": described(filename="x", sha256="x")}, 400, "ERR"),
    ("POST", "", b"four", NEW, 413, "TOOBIG"),
    ("POST", "", b"abc", {**NEW, "Content_Type": "text/plain"}, 415, "ERR"),
    ("POST", "", b"abc", {**NEW, "Portico_Session": "no"}, 503, "UNAVAILABLE"),
    ("GET", "", None, {}, 405, "ERR"),
    ("GET", "ID", None, {}, 405, "ERR"),
    ("GET", "ID", None, {"X_HTTP_Method_Override": "DELETE", "Origin": "http://no"}, 403, "DENIED"),
    ("PATCH", "ID", b"x", {"Upload_Offset": 0, "Tus_Resumable": None}, 412, "ERR"),
    ("PATCH", "ID", b"x", {"Upload_Offset": 0, "Content_Type": "application/octet-stream"}, 415, "ERR"),
    ("PATCH", "ID", b"x", {}, 400, "ERR"),
    ("PATCH", "ID", b"x", {"Upload_Offset": "x"}, 400, "ERR"),
    ("PATCH", "ID", b"x", {"Upload_Offset": 1}, 409, "OFFSET"),
    ("PATCH", "ID", b"x" * 300_001, {"Upload_Offset": 0}, 413, "TOOBIG"),
    ("PATCH", "ID", b"x", {"Upload_Offset": 0, "Upload_Checksum": checksum(b"y")}, 460, "DIGEST"),
    ("PATCH", "ID", b"x", {"Upload_Offset": 0, "Upload_Checksum": "md5 eA=="}, 400, "ERR"),
    ("PATCH", "ID", b"x", {"Upload_Offset": 0, "Portico_Session": "no"}, 503, "UNAVAILABLE"),
    ("PATCH", f"/{ID}", b"x", {"Upload_Offset": 0}, 404, "NOTFOUND"),
    ("DELETE", f"/{ID}", None, {}, 404, "NOTFOUND"),
]


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_changes_nothing(shared, case):
    method, place, data, headers, status, code = case
    shared.put("there")
    existing = await begun(shared)
    where = existing if place == "ID" else f"/uploads{place}"
    refused = await ask(shared, method, where, data, **headers)
    assert (refused.status, refused.body["error"]["code"]) == (status, code)
    if status == 412:
        assert refused.headers["Tus-Version"] == "1.0.0"
    there = await ask(shared, "HEAD", existing)
    assert there.headers["Upload-Offset"] == "0"
    assert (await ask(shared, "HEAD", f"/uploads/{ID}")).status == 404
    assert [file.name for file in shared.root.iterdir() if file.is_file()] == ["there"]


async def test_a_checked_piece_is_limited_by_what_memory_it_takes(shared, monkeypatch):
    monkeypatch.setattr(tus, "CHECKED_BYTES", 10)
    place = await begun(shared)
    too_long = await add(shared, place, 0, DATA[:11], Upload_Checksum=checksum(DATA[:11]))
    assert too_long.status == 413
    fine = await add(shared, place, 0, DATA[:10], Upload_Checksum=checksum(DATA[:10]))
    assert (fine.status, fine.headers["Upload-Offset"]) == (204, "10")


async def test_the_method_that_is_meant_counts(shared):
    place = await begun(shared)
    added = await ask(shared, "POST", place, DATA[:9], Upload_Offset=0, X_HTTP_Method_Override="PATCH")
    assert (added.status, added.headers["Upload-Offset"]) == (204, "9")
    assert (await ask(shared, "POST", place, X_HTTP_Method_Override="DELETE")).status == 204
    assert (await ask(shared, "HEAD", place)).status == 404
    assert (await add(shared, place, 9, b"x")).status == 404


async def test_another_digest_than_announced_is_no_file(shared):
    place = await begun(shared, sha256="0" * 64)
    ended = await add(shared, place, 0, DATA)
    assert (ended.status, ended.body["error"]["code"]) == (422, "DIGEST")
    assert (await ask(shared, "HEAD", place)).status == 404


async def test_a_path_that_was_taken_meanwhile_costs_no_bytes(shared):
    place = await begun(shared, filename="a")
    await add(shared, place, 0, DATA[:200_000])
    taken = shared.put("a", b"other")
    refused = await add(shared, place, 200_000, DATA[200_000:])
    assert (refused.status, refused.body["error"]["code"]) == (409, "EXISTS")
    taken.unlink()
    assert (await ask(shared, "HEAD", place)).headers["Upload-Offset"] == "200000"
    assert (await add(shared, place, 200_000, DATA[200_000:])).status == 204
    assert taken.read_bytes() == DATA


async def test_what_came_takes_the_place_of_a_name_that_was_taken_meanwhile(shared):
    place = await begun(shared, filename="a")
    await add(shared, place, 0, DATA[:200_000])
    taken = shared.put("a", b"other")
    assert (await add(shared, place, 200_000, DATA[200_000:])).status == 409
    assert (await add(shared, place, 200_000, DATA[200_000:], Portico_Replace=1)).status == 204
    assert taken.read_bytes() == DATA


async def test_metadata_replaces_and_dates(shared):
    file = shared.put("a", b"old")
    await begun(
        shared, data=DATA, filename="a", replace="1", mtime="2001-02-03T04:05:06.000000Z", sha256=SHA256
    )
    assert (file.read_bytes(), int(file.stat().st_mtime)) == (DATA, 981_173_106)


async def test_one_upload_whatever_wire(shared):
    peer = await shared.connect()
    peer.send(encode("PUT", "a", len(DATA), "UPLOAD", ID) + encode("WRITE", ID, 0, DATA[:1000]))
    while not (await peer.line()).startswith(":1000"):
        pass
    busy = await add(shared, f"/uploads/{ID}", 1000, DATA[1000:2000])
    assert (busy.status, busy.body["error"]["code"]) == (423, "BUSY")
    peer.reset()
    await until(lambda: len(shared.server.door.connections) == 1)
    assert (await add(shared, f"/uploads/{ID}", 1000, DATA[1000:2000])).status == 204
    other = await shared.connect()
    other.send(
        encode("PUT", "a", len(DATA), "UPLOAD", ID)
        + encode("WRITE", ID, 2000, DATA[2000:])
        + encode("FINISH", ID)
        + encode("BYE")
    )
    assert SHA256.encode() in await other.rest()
    ended = await ask(shared, "HEAD", f"/uploads/{ID}")
    assert ended.headers["Portico-SHA256"] == SHA256


async def test_a_second_piece_while_one_is_coming_and_what_came_of_one_that_breaks_off(shared):
    place = await begun(shared)
    peer = await shared.connect()
    peer.send(patch(place, 0, len(DATA)) + DATA[:200_000])

    async def reached() -> int:
        return int((await ask(shared, "HEAD", place)).headers["Upload-Offset"])

    async with asyncio.timeout(5):
        while await reached() < 200_000:  # noqa: ASYNC110 - it is the server that is waited for
            await asyncio.sleep(0.01)
    assert (await add(shared, place, 200_000, DATA[200_000:])).status == 423
    peer.writer.close()
    async with asyncio.timeout(5):
        while (await add(shared, place, 200_000, DATA[200_000:])).status == 423:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    assert (shared.root / "a/b.bin").read_bytes() == DATA


async def test_a_deposit_in_the_name_of_a_session(shared):
    peer = await shared.connect()
    peer.send(encode("HELLO", "2", "SETNAME", "Ann"))
    while (await peer.line()) != "resume":
        pass
    await peer.line()
    secret = await peer.line()
    place = await begun(shared, size=3, filename="a")
    assert (await add(shared, place, 0, b"abc", Portico_Session=secret)).status == 204
    (told,) = [entry for entry in shared.console.told if entry.kind == "file"]
    assert told.sender == "Ann"
    assert (await shared.repository.stat("a")).by == "Ann"
    assert secret not in repr(shared.console.told)


async def test_a_client_that_waits_for_it_sends_only_what_will_be_taken(shared):
    place = await begun(shared)
    for offset, wanted in ((1, b"HTTP/1.1 409"), (0, b"HTTP/1.1 100 Continue\r\n\r\n")):
        peer = await shared.connect()
        peer.send(patch(place, offset, CHUNK_BYTES + 1, "Expect: 100-continue"))
        assert await peer.reader.readexactly(len(wanted)) == wanted
    peer.send(DATA[: CHUNK_BYTES + 1])
    assert b"Upload-Offset: 65537" in await peer.rest()
