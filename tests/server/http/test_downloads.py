"""Files over HTTP: heads, ranges, conditions; what changes, who goes away in the middle; many after one."""

import asyncio
import contextlib
import os
import random
import re
from collections.abc import AsyncIterator
from email.message import Message
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from portico.model.files import CHUNK_BYTES
from portico.server.http.downloads import SANDBOX, disposition, type_of
from portico.server.streams import Streams
from tests.server.conftest import Peer, until
from tests.support.sharing import Shared, sharing

DATA = random.Random(5).randbytes(300_000)
BIG = 40_000_000
"""More than a socket's buffers hold."""


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with sharing(tmp_path) as shared:
        yield shared


async def get(shared: Shared, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    """The status, the headers and the body of an answer; `If_Range` is the header If-Range."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with shared.client.request(method, path, headers=named, allow_redirects=False) as response:
        return response.status, response.headers, await response.read()


def open_files(below: Path) -> set[str]:
    """Which regular files of a directory this process has open."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(entry.readlink())
            if target.startswith(f"{below}/") and "/.portico/" not in target:
                found.add(target)
    return found


SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1, 300_000]


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_comes_as_it_is_and_head_says_the_same_without_it(shared, size):
    shared.put("a folder/data.bin", DATA[:size])
    status, headers, body = await get(shared, "/files/a%20folder/data.bin")
    assert (status, body) == (200, DATA[:size])
    status, of_head, nothing = await get(shared, "/files/a%20folder/data.bin", "HEAD")
    assert (status, nothing) == (200, b"")
    assert {**headers, "Date": ""} == {**of_head, "Date": ""}
    assert headers["Content-Length"] == str(size)
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == SANDBOX
    assert headers["Content-Disposition"] == "attachment; filename=\"data.bin\"; filename*=UTF-8''data.bin"
    assert re.fullmatch('"[0-9a-f]{16}"', headers["ETag"])


SPANS = [
    (0, 0),
    (0, 299_999),
    (1, 65_536),
    (1, 65_537),
    (100_000, 299_999),
    (299_999, 299_999),
    (0, CHUNK_BYTES * 2 - 1),
]


@pytest.mark.parametrize("first, last", SPANS)
async def test_a_range_is_those_bytes(shared, first, last):
    shared.put("data.bin", DATA)
    status, headers, body = await get(shared, "/files/data.bin", Range=f"bytes={first}-{last}")
    assert (status, body) == (206, DATA[first : last + 1])
    assert headers["Content-Range"] == f"bytes {first}-{last}/300000"
    assert headers["Content-Length"] == str(last - first + 1)


async def test_ranges_that_are_not_answered_as_such(shared):
    shared.put("data.bin", DATA)
    shared.put("empty")
    status, headers, body = await get(shared, "/files/data.bin", Range="bytes=300000-")
    assert (status, headers["Content-Range"]) == (416, "bytes */300000")
    assert b'"code":"ERR"' in body
    for header in ("bytes=0-1,5-6", "lines=1-2"):
        status, headers, body = await get(shared, "/files/data.bin", Range=header)
        assert (status, body) == (200, DATA)
        assert "Content-Range" not in headers
    assert (await get(shared, "/files/empty", Range="bytes=0-"))[::2] == (200, b"")
    assert (await get(shared, "/files/data.bin", "HEAD", Range="bytes=0-0"))[0] == 200


async def test_conditions(shared):
    file = shared.put("data.bin", DATA)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    etag = (await get(shared, "/files/data.bin", "HEAD"))[1]["ETag"]
    changed = formatdate(1_000_000_000, usegmt=True)
    for status, headers in (
        (304, {"If_None_Match": etag}),
        (304, {"If_Modified_Since": changed}),
        (200, {"If_None_Match": '"other"', "If_Modified_Since": changed}),
        (412, {"If_Match": '"other"'}),
        (412, {"If_Unmodified_Since": formatdate(999_999_999, usegmt=True)}),
        (206, {"If_Match": etag, "Range": "bytes=1-2"}),
        (206, {"If_Range": etag, "Range": "bytes=1-2"}),
        (206, {"If_Range": changed, "Range": "bytes=1-2"}),
        (200, {"If_Range": '"other"', "Range": "bytes=1-2"}),
        (200, {"If_Range": '"other"', "Range": "bytes=999999-"}),
        (304, {"If_None_Match": etag, "Range": "bytes=999999-"}),
    ):
        answered, answer, body = await get(shared, "/files/data.bin", **headers)
        assert answered == status, headers
        assert body == {200: DATA, 206: DATA[1:3], 304: b""}.get(status, body)
        assert status == 412 or answer["ETag"] == etag
    assert (await get(shared, "/files/data.bin"))[1]["Last-Modified"] == changed


async def test_a_condition_in_two_lines_is_one_list(shared):
    shared.put("a")
    etag = (await shared.repository.stat("a")).etag
    peer = await shared.connect(f'GET /files/a HTTP/1.1\r\nIf-None-Match: "x"\r\nIf-None-Match: "{etag}"')
    assert await peer.line() == "HTTP/1.1 304 Not Modified"


@pytest.mark.parametrize(
    "path, status, code",
    [
        ("/files/none.txt", 404, "NOTFOUND"),
        ("/files/none/none.txt", 404, "NOTFOUND"),
        ("/files/.portico/log.sqlite3", 400, "ERR"),
        ("/files/a/%2e%2e/b", 400, "ERR"),
        ("/files/%2Fetc%2Fpasswd", 400, "ERR"),
        ("/files/a%00b", 400, "ERR"),
        ("/files//", 400, "ERR"),
    ],
)
async def test_what_is_no_file(shared, path, status, code):
    peer = await shared.connect(f"GET {path} HTTP/1.1\r\nConnection: close")
    answer = (await peer.rest()).decode()
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert f'"code":"{code}"' in answer


@pytest.mark.parametrize(
    "name", ["a.txt", 'quo"te.txt', "50%.txt", "semi;colon.txt", "Menü Café 文.pdf", "new'line", "a,b=c.txt"]
)
def test_every_name_survives_in_both_forms(name):
    value = disposition(f"folder/{name}", inline=False)
    value.encode("ascii")
    message = Message()
    message["Content-Disposition"] = value
    assert message.get_content_disposition() == "attachment"
    parts = dict(re.findall(r'; (filename\*?)=("[^"]*"|[^;]*)', value))
    assert parts["filename*"] == f"UTF-8''{quote(name, safe='')}"
    assert re.fullmatch(r'"[ !#-\[\]-~]+"', parts["filename"])


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("a.html", "text/plain; charset=utf-8"),
        ("a.xml", "text/plain; charset=utf-8"),
        ("a.xhtml", "application/octet-stream"),
        ("a.md", "text/plain; charset=utf-8"),
        ("a.js", "text/plain; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.json", "text/plain; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.svg", "image/svg+xml"),
        ("a.tar.gz", "application/octet-stream"),
        ("data", "application/octet-stream"),
        ("data:text/html,x", "application/octet-stream"),
    ],
)
def test_no_file_is_a_page(name, wanted):
    assert type_of(name) == wanted


async def test_a_file_may_be_shown_in_its_sandbox(shared):
    shared.put("page.html", "<script>alert(1)</script>")
    _, headers, _ = await get(shared, "/files/page.html?inline")
    assert headers["Content-Disposition"].startswith("inline; ")
    assert headers["Content-Security-Policy"].startswith("sandbox;")


async def test_many_requests_on_one_connection_are_answered_in_order(shared):
    shared.put("big.bin", DATA)
    shared.put("small.txt", "small")
    asked = ["big.bin", "small.txt", "none", "big.bin", "small.txt"]
    requests = [f"GET /files/{path} HTTP/1.1" for path in asked]
    peer = await shared.connect(*requests, "GET /files/small.txt HTTP/1.1\r\nConnection: close")
    answers = await peer.rest()
    bodies = {"big.bin": DATA, "small.txt": b"small"}
    for path in [*asked, "small.txt"]:
        head, _, answers = answers.partition(b"\r\n\r\n")
        size = int(re.search(rb"Content-Length: (\d+)", head)[1])
        body, answers = answers[:size], answers[size:]
        assert body == bodies.get(path, body)
    assert answers == b""


@pytest.mark.parametrize("size", [5, 300_000])
async def test_an_old_client_gets_its_file_and_the_end(shared, size):
    shared.put("data.bin", DATA[:size])
    peer = await shared.connect("GET /files/data.bin HTTP/1.0")
    head, _, body = (await peer.rest()).partition(b"\r\n\r\n")
    assert body == DATA[:size]
    assert f"Content-Length: {size}".encode() in head


async def test_who_fetched_a_file_is_noted_when_it_has_all_left(shared):
    shared.put("big.bin", DATA)
    await get(shared, "/files/big.bin", Range="bytes=0-99999")
    assert await shared.repository.receipts("big.bin") == []
    await get(shared, "/files/big.bin", Range="bytes=100000-")
    await get(shared, "/files/big.bin", "HEAD")
    receipts = await shared.repository.receipts("big.bin")
    assert [receipt.name for receipt in receipts] == ["visitor"]


async def stalled(shared: Shared) -> tuple[Peer, Path]:
    """A client that has read the head of a long file, and no more; a thread had its turn."""
    file = shared.put("big.bin")
    os.truncate(file, BIG)
    peer = await shared.connect("GET /files/big.bin HTTP/1.1")
    assert await peer.line() == "HTTP/1.1 200 OK"
    await until(lambda: any(line.offset for line in shared.transfers()))
    return peer, file


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(shared):
    peer, _ = await stalled(shared)
    (line,) = shared.transfers()
    assert (line.direction, line.path, line.size, line.name) == ("get", "big.bin", BIG, "visitor")
    assert open_files(shared.root) == {str(shared.root / "big.bin")}
    assert [connection.watched for connection in shared.server.door.connections] == [True]
    peer.reset()
    await until(lambda: not shared.transfers() and not open_files(shared.root))
    assert await shared.repository.receipts("big.bin") == []


async def come(peer: Peer) -> int:
    """How many bytes still come until the connection ends, in whatever way."""
    count = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            while data := await peer.reader.read(1 << 20):
                count += len(data)
    return count


async def test_a_file_that_becomes_shorter_while_it_is_sent_cuts_the_connection(shared):
    peer, file = await stalled(shared)
    os.truncate(file, 1000)
    assert await come(peer) < BIG
    await until(lambda: not open_files(shared.root))


async def test_a_file_that_is_rewritten_while_it_is_sent_never_comes_whole(shared):
    peer, file = await stalled(shared)
    with file.open("r+b") as content:
        content.write(b"something else")
    assert await come(peer) < BIG
    assert await shared.repository.receipts("big.bin") == []


async def test_a_file_that_is_replaced_while_it_is_sent_comes_as_it_was_or_not_at_all(shared):
    peer, file = await stalled(shared)
    file.unlink()
    shared.put("big.bin", "another one")
    assert await come(peer) < BIG


async def test_a_client_that_goes_before_the_file_is_open_leaves_nothing_open(shared, monkeypatch):
    shared.put("big.bin", DATA)
    monkeypatch.setattr(Streams, "add", lambda *_: pytest.fail("nobody is there to send to"))
    for _ in range(20):
        peer = await shared.connect("GET /files/big.bin HTTP/1.1")
        peer.reset()
    monkeypatch.undo()
    await until(lambda: shared.server.connections() == 0 and not open_files(shared.root))
