"""Reading files: a few bytes as a value, many as a range that somebody else sends."""

from __future__ import annotations

import os
import stat

from portico.model.errors import Changed, NotFound
from portico.model.files import CHUNK_BYTES, Chunk
from portico.stores.files.beneath import FILE
from portico.stores.files.handles import Handles
from portico.stores.files.tree import absent, etag_of

ATTEMPTS = 3
"""How often a few bytes are read again because the file was changed just then."""


class FileRange:
    """A range of an open file; implements `portico.ports.Source`."""

    __slots__ = ("count", "etag", "fd", "offset", "path", "size")

    def __init__(self, path: str, etag: str, size: int, fd: int, offset: int, count: int) -> None:
        self.path, self.etag, self.size = path, etag, size
        self.fd, self.offset, self.count = fd, offset, count

    def close(self) -> None:
        """Let go of the file."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


def no_file(path: str) -> NotFound:
    """Return the error for a path without a file."""
    return NotFound(f"there is no file {path}; list the files to see what there is")


def look(handles: Handles, path: str) -> os.stat_result:
    """Return the attributes of a regular file; raise `NotFound`, `Unavailable`."""
    folder, _, name = path.rpartition("/")
    try:
        info = os.stat(name, dir_fd=handles.get(folder), follow_symlinks=False)
    except OSError as error:
        absent(error)
        raise no_file(path) from None
    if not stat.S_ISREG(info.st_mode):
        raise no_file(path)
    return info


def open_range(handles: Handles, path: str, offset: int, count: int, etag: str) -> Chunk | FileRange:
    """Return a range of a file, its count never above what is there; see `portico.ports.Desk.read`."""
    file = _open(handles, path)
    try:
        tag, info = _identity(file, path, etag)
        for _ in range(ATTEMPTS):
            there = max(0, min(count, info.st_size - offset))
            if there > CHUNK_BYTES:
                source = FileRange(path, tag, info.st_size, file, offset, there)
                file = -1
                return source
            data = os.pread(file, there, offset)
            before = tag
            tag, info = _identity(file, path, etag)
            if tag == before:
                return Chunk(path, tag, info.st_size, offset, data)
        raise Changed(path)
    finally:
        if file >= 0:
            os.close(file)


def _open(handles: Handles, path: str) -> int:
    folder, _, name = path.rpartition("/")
    try:
        return os.open(name, os.O_RDONLY | FILE, dir_fd=handles.get(folder))
    except OSError as error:
        absent(error)
        raise no_file(path) from None


def _identity(file: int, path: str, etag: str) -> tuple[str, os.stat_result]:
    info = os.fstat(file)
    if not stat.S_ISREG(info.st_mode):
        raise no_file(path)
    tag = etag_of(info)
    if etag and tag != etag:
        raise Changed(path)
    return tag, info
