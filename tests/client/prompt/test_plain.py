"""Lines of standard input, however they are cut."""

import asyncio
import os

import pytest

from portico.client.prompt.plain import Lines
from portico.client.prompt.typed import LINE_BYTES


@pytest.fixture
def pipe():
    read, write = os.pipe()
    yield read, write
    os.close(read)


async def collect(fd):
    async with asyncio.timeout(10):
        return [line async for line in Lines(fd)]


async def test_lines_come_without_their_ends_and_the_last_without_one(pipe):
    os.write(pipe[1], "Hello\r\n\nGrüße, 世界\nlast".encode())
    os.close(pipe[1])
    assert await collect(pipe[0]) == ["Hello", "", "Grüße, 世界", "last"]


async def test_nothing_is_no_line(pipe):
    os.close(pipe[1])
    assert await collect(pipe[0]) == []


async def test_bytes_that_are_no_text_stay_what_they_are(pipe):
    os.write(pipe[1], b"caf\xe9\n")
    os.close(pipe[1])
    (line,) = await collect(pipe[0])
    assert line.encode("utf-8", "surrogateescape") == b"caf\xe9"


async def test_a_line_without_end_takes_bounded_memory_and_is_still_too_long(pipe):
    async def write():
        for _ in range(64):
            await asyncio.to_thread(os.write, pipe[1], b"x" * 65_536)
        os.write(pipe[1], b"\nnext\n")
        os.close(pipe[1])

    writing = asyncio.ensure_future(write())
    long, following = await collect(pipe[0])
    await writing
    assert LINE_BYTES < len(long) < 2 * LINE_BYTES
    assert following == "next"


async def test_a_file_is_read_as_well(tmp_path):
    path = tmp_path / "lines"
    path.write_text("one\ntwo\n")
    with path.open("rb") as file:
        assert await collect(file.fileno()) == ["one", "two"]
