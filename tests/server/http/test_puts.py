"""PUT and DELETE: bodies of every size, cut into packets anywhere, and what is refused before they come."""

import asyncio
import errno
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.model.files import CHUNK_BYTES, Order
from portico.model.later import Later
from portico.model.policy import Policy
from portico.server.http import bodies
from tests.server.conftest import Peer, until
from tests.support.sharing import Shared, sharing

RANDOM = random.Random(7)
DATA = RANDOM.randbytes(1_200_000)
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 600_000, 1_200_000]


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with sharing(tmp_path, policy=Policy(files=2, max_upload=2_000_000)) as shared:
        yield shared


async def put(shared: Shared, path: str, data: Any, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with shared.client.put(f"/files/{path}", data=data, headers=named) as response:
        return response.status, await response.json()


def head(path: str, *headers: str, method: str = "PUT") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


async def send_in_pieces(peer: Peer, data: bytes, most: int) -> None:
    """Have the data come in packets of some length up to `most`."""
    at = 0
    while at < len(data):
        size = RANDOM.randint(1, most)
        peer.send(data[at : at + size])
        await peer.writer.drain()
        await asyncio.sleep(0)
        at += size


def left(shared: Shared) -> list[str]:
    return [file.name for file in (shared.root / ".portico" / "uploads").iterdir()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("most", [97, 30_000, 10_000_000])
async def test_a_body_is_the_file_however_it_is_cut(shared, size, most):
    data = DATA[: min(size, 300 * most)]
    peer = await shared.connect()
    request = head("/files/a/b", f"Content-Length: {len(data)}") + data
    await send_in_pieces(peer, request, most)
    assert await peer.line() == "HTTP/1.1 201 Created"
    assert (shared.root / "a/b").read_bytes() == data


@pytest.mark.parametrize("size", SIZES)
async def test_a_body_of_unknown_length(shared, size):
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, size, 50_000):
            yield DATA[at : min(size, at + 50_000)]

    assert (await put(shared, "a", pieces()))[0] == 201
    assert (shared.root / "a").read_bytes() == DATA[:size]


@pytest.mark.parametrize("size", [1, CHUNK_BYTES])
async def test_what_stands_behind_a_short_body_is_the_next_request(shared, size):
    peer = await shared.connect()
    requests = [head(f"/files/{n}", f"Content-Length: {size}") + DATA[:size] for n in range(3)]
    peer.send(b"".join(requests) + head("/files/0", "Connection: close", method="DELETE"))
    answers = await peer.rest()
    assert (answers.count(b"HTTP/1.1 201"), answers.count(b"HTTP/1.1 204")) == (3, 1)
    assert sorted(file.name for file in shared.root.iterdir() if file.is_file()) == ["1", "2"]


@pytest.mark.parametrize("most", [1_000, 10_000_000])
async def test_a_connection_ends_behind_a_long_body(shared, most):
    peer = await shared.connect()
    size = CHUNK_BYTES + 1
    request = head("/files/a", f"Content-Length: {size}") + DATA[:size]
    await send_in_pieces(peer, request, most)
    answers = await peer.rest()
    assert answers.startswith(b"HTTP/1.1 201")
    assert b"Connection: close" in answers


async def test_what_is_there_is_replaced_only_if_that_is_said(shared):
    assert (await put(shared, "a", b"one"))[0] == 201
    status, body = await put(shared, "a", b"two")
    assert (status, body["error"]["code"]) == (409, "EXISTS")
    assert (shared.root / "a").read_bytes() == b"one"
    assert (await put(shared, "a?replace=1", b"two"))[0] == 201
    assert (await put(shared, "b?replace=1", b"two"))[0] == 201
    assert (shared.root / "a").read_bytes() == b"two"


@pytest.mark.parametrize(
    "path, size, headers, status",
    [
        ("there", 100_000, (), 409),
        (".hidden", 100_000, (), 400),
        ("a//b", 100_000, (), 400),
        ("big", 2_000_001, (), 413),
        ("a", 100_000, ("Content-Range: bytes 0-99999/200000",), 400),
        ("a", 100_000, ("Portico-Session: nobody",), 503),
    ],
)
async def test_what_is_refused_is_refused_before_the_body(shared, path, size, headers, status):
    shared.put("there")
    peer = await shared.connect()
    peer.send(head(f"/files/{path}", f"Content-Length: {size}", "Expect: 100-continue", *headers))
    assert (await peer.line()).startswith(f"HTTP/1.1 {status} ")
    assert left(shared) == []


@pytest.mark.parametrize("path, status", [("there", 409), ("new", 507), ("big", 413)])
@pytest.mark.parametrize("waits", [True, False])
async def test_who_does_not_wait_reads_the_same_refusal_and_then_the_end(
    shared, monkeypatch, path, status, waits
):
    shared.put("there")
    full = SimpleNamespace(f_bavail=0, f_frsize=4_096, f_blocks=1_000_000)
    monkeypatch.setattr(os, "fstatvfs", lambda _: full)
    size = 2_000_001 if path == "big" else 1_900_000
    peer = await shared.connect()
    peer.send(head(f"/files/{path}", f"Content-Length: {size}", *["Expect: 100-continue"] * waits))
    if not waits:
        for _ in range(19):
            peer.send(DATA[:100_000])
            await peer.writer.drain()
    assert (await peer.line()).startswith(f"HTTP/1.1 {status} ")
    while (line := await peer.line()) != "Connection: close":
        assert line
    assert left(shared) == []


@pytest.mark.parametrize(
    "length, begun",
    [
        ("Content-Length: 1000", b""),
        ("Content-Length: 1000", DATA[:500]),
        ("Content-Length: 200000", b""),
        ("Content-Length: 200000", DATA[:100_000]),
        ("Transfer-Encoding: chunked", b""),
        ("Transfer-Encoding: chunked", b"186a0\r\n" + DATA[:100_000] + b"\r\n"),
    ],
)
async def test_a_body_that_breaks_off_leaves_nothing(shared, length, begun):
    peer = await shared.connect()
    peer.send(head("/files/a", length) + begun)
    await until(lambda: left(shared) != [])
    peer.writer.close()
    await until(lambda: left(shared) == [])
    assert not shared.transfers()
    assert not (shared.root / "a").exists()


async def test_a_body_that_stands_still_is_given_up(shared, monkeypatch):
    monkeypatch.setattr(bodies, "STALLED_SECONDS", 0.05)
    peer = await shared.connect()
    peer.send(head("/files/a", "Content-Length: 1000") + DATA[:500])
    assert (await peer.line()).startswith("HTTP/1.1 408 ")
    await until(lambda: left(shared) == [])


async def test_removing(shared):
    shared.put("a/b")
    for status in (204, 404):
        async with shared.client.delete("/files/a/b") as response:
            assert response.status == status


CONDITIONS = [
    (412, "there", {"If_None_Match": "*"}),
    (412, "there?replace=1", {"If_None_Match": "*"}),
    (412, "there?replace=1", {"If_None_Match": "ETAG"}),
    (412, "there?replace=1", {"If_Match": '"other"'}),
    (412, "there?replace=1", {"If_Unmodified_Since": "Sun, 09 Sep 2001 01:46:39 GMT"}),
    (412, "new", {"If_Match": "*"}),
    (412, "new", {"If_Match": "ETAG"}),
    (409, "there", {"If_Match": "ETAG"}),
    (201, "there?replace=1", {"If_Match": "ETAG"}),
    (201, "there?replace=1", {"If_Match": '"other", ETAG'}),
    (201, "there?replace=1", {"If_None_Match": '"other"'}),
    (201, "new", {"If_None_Match": "*"}),
]


@pytest.mark.parametrize("status, path, conditions", CONDITIONS)
async def test_conditions_are_judged_before_the_body(shared, status, path, conditions):
    shared.put("there")
    etag = f'"{(await shared.repository.stat("there")).etag}"'
    said = [f"{name.replace('_', '-')}: {text.replace('ETAG', etag)}" for name, text in conditions.items()]
    peer = await shared.connect()
    peer.send(head(f"/files/{path}", "Content-Length: 100000", "Expect: 100-continue", *said))
    first = await peer.line()
    if status < 300:
        assert (first, await peer.line()) == ("HTTP/1.1 100 Continue", "")
        peer.send(DATA[:100_000])
        first = await peer.line()
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert left(shared) == []


async def test_a_condition_that_somebody_breaks_meanwhile(shared):
    file = shared.put("there", b"one")
    etag = (await shared.repository.stat("there")).etag
    peer = await shared.connect()
    peer.send(head("/files/there?replace=1", "Content-Length: 100000", f'If-Match: "{etag}"') + DATA[:50_000])
    await until(lambda: left(shared) != [])
    file.write_bytes(b"two, by somebody else")
    peer.send(DATA[50_000:100_000])
    assert (await peer.line()).startswith("HTTP/1.1 412 ")
    await until(lambda: left(shared) == [])
    assert file.read_bytes() == b"two, by somebody else"


async def test_removing_only_what_is_known(shared):
    file = shared.put("a", b"one")
    etag = (await shared.repository.stat("a")).etag
    for condition, status in ((f'"{etag}x"', 412), (f'"{etag}"', 204)):
        async with shared.client.delete("/files/a", headers={"If-Match": condition}) as response:
            assert response.status == status
        assert file.exists() == (status == 412)


async def test_a_client_that_is_gone_before_its_upload_has_begun_leaves_none(shared, monkeypatch):
    """The store is still making the upload when nobody waits for it any more."""
    made: list[Later] = []
    held: list[Later] = []

    def put_later(desk: Any, order: Order, most: int) -> Later:
        made.append(original(desk, order, most))
        held.append(Later())
        return held[-1]

    desk_type = type(shared.repository.desk())
    original = desk_type.put
    monkeypatch.setattr(desk_type, "put", put_later)
    for request in (
        head("/files/a", "Content-Length: 10"),
        head(
            "/uploads",
            "Tus-Resumable: 1.0.0",
            "Upload-Length: 9",
            "Upload-Metadata: filename Yg==",
            method="POST",
        ),
    ):
        peer = await shared.connect()
        peer.send(request)
        await until(lambda: bool(made) and made[-1].ready)
        assert len(left(shared)) == 1
        peer.reset()
        await until(lambda: len(shared.server.door.connections) == 0)
        held[-1].resolve(made[-1].value)
        await until(lambda: left(shared) == [])
        made.clear()


FULL = [
    ("chunked", head("/files/a", "Transfer-Encoding: chunked")),
    ("long", head("/files/a", "Content-Length: 1900000")),
    (
        "tus",
        head(
            "/uploads",
            "Tus-Resumable: 1.0.0",
            "Upload-Length: 1900000",
            "Upload-Metadata: filename Yg==",
            "Content-Type: application/offset+octet-stream",
            "Content-Length: 1900000",
            method="POST",
        ),
    ),
]


@pytest.mark.parametrize("kind, request_head", FULL, ids=[kind for kind, _ in FULL])
async def test_a_disk_that_is_full_in_the_middle_is_told(shared, monkeypatch, kind, request_head):
    """However much the client still sends: what is refused is read on for a while, or the answer is lost."""

    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "pwrite", full)
    peer = await shared.connect()
    chunked = kind == "chunked"
    peer.send(request_head)
    async with asyncio.timeout(5):
        for _ in range(19):
            peer.send(b"186a0\r\n" * chunked + DATA[:100_000] + b"\r\n" * chunked)
            await peer.writer.drain()
            await asyncio.sleep(0.01)
        answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 507 ")
    assert b"Connection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert left(shared) == []
