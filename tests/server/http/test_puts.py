"""PUT and DELETE: bodies of every size, cut into packets anywhere, and what is refused before they come."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from portico.model.files import CHUNK_BYTES
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
    assert (await put(shared, "a?replace=1", b"two"))[0] == 200
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


@pytest.mark.parametrize("size", [1_000, 200_000])
async def test_a_body_that_breaks_off_leaves_nothing(shared, size):
    peer = await shared.connect()
    peer.send(head("/files/a", f"Content-Length: {size}") + DATA[: size // 2])
    await until(lambda: left(shared) != [])
    peer.writer.close()
    await until(lambda: left(shared) == [])
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
