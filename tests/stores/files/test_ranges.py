"""Ranges of files that are changed while they are read, or sent."""

import os
import socket

import pytest

from portico.model.errors import Changed
from portico.model.files import CHUNK_BYTES, Chunk
from portico.stores.files import ranges
from portico.stores.files.folders import Folders
from portico.stores.files.handles import Handles
from portico.stores.files.ranges import FileRange, open_range

LONG = b"0123456789abcdef" * 16_384
"""256 KiB."""


@pytest.fixture
def held(tmp_path):
    root = os.open(tmp_path, os.O_RDONLY)
    with Handles(root, Folders(), durable=False) as handles:
        yield handles
    os.close(root)


@pytest.fixture
def meanwhile(monkeypatch):
    """Return a list; what is in it is called, in turn, before the next reads of a few bytes."""
    calls, pread = [], os.pread

    def read(*args):
        data = pread(*args)
        if calls:
            calls.pop(0)()
        return data

    monkeypatch.setattr(ranges.os, "pread", read)
    return calls


def test_a_file_that_grows_meanwhile_is_read_as_long_as_it_is_by_then(tmp_path, held, meanwhile):
    path = tmp_path / "a"
    path.write_bytes(b"few")
    meanwhile.append(lambda: path.write_bytes(LONG))
    source = open_range(held, "a", 0, 2**40, "")
    assert isinstance(source, FileRange)
    assert (source.size, source.count) == (len(LONG), len(LONG))
    source.close()


def test_a_file_that_shrinks_meanwhile_is_read_as_long_as_it_is_by_then(tmp_path, held, meanwhile):
    path = tmp_path / "a"
    path.write_bytes(b"some more")
    meanwhile.append(lambda: path.write_bytes(b"few"))
    piece = open_range(held, "a", 1, CHUNK_BYTES, "")
    assert isinstance(piece, Chunk)
    assert (piece.data, piece.size) == (b"ew", 3)


def test_two_contents_are_not_mixed(tmp_path, held, meanwhile):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    etag = open_range(held, "a", 0, 3, "").etag
    meanwhile.append(lambda: path.write_bytes(b"three"))
    with pytest.raises(Changed):
        open_range(held, "a", 0, 3, etag)
    meanwhile += [lambda number=number: path.write_bytes(b"x" * number) for number in range(ranges.ATTEMPTS)]
    with pytest.raises(Changed):
        open_range(held, "a", 0, 3, "")


def send(source):
    """Send a range as a server does; return what arrives until no more comes."""
    here, there = socket.socketpair()
    with here, there:
        sent = 0
        while sent < source.count:
            step = os.sendfile(
                here.fileno(), source.fd, source.offset + sent, min(65_536, source.count - sent)
            )
            if not step:
                break
            sent += step
            while step:
                got = there.recv(step)
                step -= len(got)
                yield got


def replaced(path):
    other = path.with_name("b")
    other.write_bytes(b"B" * len(LONG))
    other.replace(path)


CHANGES = {
    "grows": lambda path: os.truncate(path, 2 * len(LONG)),
    "shrinks": lambda path: os.truncate(path, 100_000),
    "is replaced": replaced,
    "is removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_source_never_sends_more_or_another_content(tmp_path, held, change):
    path = tmp_path / "a"
    path.write_bytes(LONG)
    source = open_range(held, "a", 16, 200_000, "")
    parts = send(source)
    got = next(parts)
    CHANGES[change](path)
    got += b"".join(parts)
    wanted = LONG[16:100_000] if change == "shrinks" else LONG[16:200_016]
    assert got == wanted
    source.close()
    if change != "is removed":
        with pytest.raises(Changed):
            open_range(held, "a", 16, 200_000, source.etag)
