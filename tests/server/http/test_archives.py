"""Folders as archives: what is in them, how they are sent, and what ends them."""

import asyncio
import io
import os
import random
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from portico.server.http import archives
from portico.server.http.archives import BLOCK_BYTES, UNDER_WAY
from tests.server.conftest import Peer, until
from tests.server.http.test_downloads import come, open_files
from tests.support.sharing import Shared, sharing

DATA = random.Random(6).randbytes(700_000)
BIG = 40_000_000
"""More than a socket's buffers hold."""


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with sharing(tmp_path) as shared:
        yield shared


async def unpacked(shared: Shared, address: str) -> tuple[dict[str, bytes], str]:
    """What is in an archive, and its name; its length is what was announced, or the client would say so."""
    async with shared.client.get(address) as response:
        assert response.status == 200
        assert response.content_type == "application/zip"
        assert response.content_length is not None
        data = await response.read()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            name = response.content_disposition.filename
            return {info.filename: archive.read(info) for info in archive.infolist()}, name


async def test_an_archive_has_all_files_of_a_folder(shared):
    tree = {"a/one.txt": b"one", "a/b/big.bin": DATA, "a/empty": b"", "a/Menü 文.txt": b"menu"}
    for path, data in tree.items():
        shared.put(path, data)
    shared.put("a.txt", "beside it")
    for address in ("/files/a?archive=zip", "/files/a/?archive=zip"):
        assert await unpacked(shared, address) == (tree, "a.zip")
    inner = {"b/big.bin": DATA}
    assert await unpacked(shared, "/files/a/b/?archive=zip") == (inner, "b.zip")
    everything = tree | {"a.txt": b"beside it"}
    for address in ("/files?archive=zip", "/files/?archive=zip"):
        assert await unpacked(shared, address) == (everything, "files.zip")


async def test_many_short_files_between_long_ones(shared):
    tree = {f"{number:03}": DATA[: (number % 5) * 40_000] for number in range(100)}
    for path, data in tree.items():
        shared.put(path, data)
    assert (await unpacked(shared, "/files?archive=zip"))[0] == tree
    await until(lambda: not open_files(shared.root))
    assert [receipt.name for receipt in await shared.repository.receipts("004")] == ["visitor"]
    assert [receipt.name for receipt in await shared.repository.receipts("000")] == ["visitor"]


async def test_times_are_kept(shared):
    os.utime(shared.put("a.txt", "a"), (1_000_000_001, 1_000_000_001))
    async with shared.client.get("/files?archive=zip") as response:
        with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
            (info,) = archive.infolist()
    assert datetime(*info.date_time) == datetime.fromtimestamp(1_000_000_000)  # noqa: DTZ001, DTZ006 - as zip


async def test_an_empty_room_is_an_empty_archive(shared):
    assert await unpacked(shared, "/files?archive=zip") == ({}, "files.zip")


async def test_the_head_alone(shared):
    shared.put("a/big.bin", DATA)
    async with shared.client.head("/files/a?archive=zip") as response:
        assert response.status == 200
        length = response.content_length
    async with shared.client.get("/files/a?archive=zip") as response:
        assert len(await response.read()) == length


@pytest.mark.parametrize(
    "address, status",
    [
        ("/files/none?archive=zip", 404),
        ("/files/a.txt?archive=zip", 404),
        ("/files/../?archive=zip", 400),
        ("/files?archive=tar", 400),
        ("/files/a.txt?archive=tar", 400),
    ],
)
async def test_what_is_no_archive(shared, address, status):
    shared.put("a.txt")
    peer = await shared.connect(f"GET {address} HTTP/1.1\r\nConnection: close")
    assert (await peer.rest()).startswith(b"HTTP/1.1 %d " % status)
    assert not shared.server.site._runner.app[UNDER_WAY]


async def test_there_are_only_so_many_files_in_one(shared, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    for name in "abcd":
        shared.put(name)
    async with shared.client.get("/files?archive=zip") as response:
        assert response.status == 413
        assert (await response.json())["error"]["code"] == "TOOBIG"


async def stalled(shared: Shared) -> tuple[Peer, Path]:
    """A client that has read the head of a long archive, and no more."""
    file = shared.put("a/big.bin")
    os.truncate(file, BIG)
    peer = await shared.connect("GET /files/a?archive=zip HTTP/1.1")
    assert await peer.line() == "HTTP/1.1 200 OK"
    await until(lambda: bool(open_files(shared.root)))
    return peer, file


async def test_a_client_that_goes_away_ends_it_and_one_that_waits_fills_no_memory(shared, monkeypatch):
    made: list[int] = []
    block = archives.Packing.block

    async def counted(packing: archives.Packing) -> bytes:
        data = await block(packing)
        made.append(len(data))
        return data

    monkeypatch.setattr(archives.Packing, "block", counted)
    peer, _ = await stalled(shared)
    await quiet(made)
    assert sum(made) < BIG
    assert max(made) < 2 * BLOCK_BYTES
    (line,) = shared.transfers()
    assert (line.path, line.size) == ("a/big.bin", BIG)
    assert 0 < line.offset < BIG
    peer.reset()
    await until(lambda: not open_files(shared.root) and not shared.server.site._runner.app[UNDER_WAY])
    assert not shared.transfers()
    assert await shared.repository.receipts("a/big.bin") == []


async def quiet(made: list[int]) -> None:
    """Wait until no more is made."""
    count = -1
    while len(made) != count:
        count = len(made)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("change", ["shorter", "rewritten", "replaced before", "removed before"])
async def test_what_changes_meanwhile_cuts_the_connection(shared, change):
    behind = shared.put("a/c.txt", "not opened yet")
    peer, file = await stalled(shared)
    if change == "shorter":
        os.truncate(file, 10)
    elif change == "rewritten":
        with file.open("r+b") as content:
            content.write(b"something else")
    else:
        behind.unlink()
        if change == "replaced before":
            shared.put("a/c.txt", "other than that")
    assert await come(peer) < BIG
    await until(lambda: not open_files(shared.root))


async def test_only_some_are_made_at_once(shared, monkeypatch):
    monkeypatch.setattr(archives, "MOST_AT_ONCE", 1)
    peer, _ = await stalled(shared)
    async with shared.client.get("/files/a?archive=zip") as response:
        assert response.status == 503
        assert (await response.json())["error"]["code"] == "UNAVAILABLE"
    peer.reset()
    await until(lambda: not shared.server.site._runner.app[UNDER_WAY])
    os.truncate(shared.root / "a/big.bin", 5)
    assert (await unpacked(shared, "/files/a?archive=zip"))[0] == {"a/big.bin": bytes(5)}
