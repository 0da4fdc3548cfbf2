"""What is deposited: a file, which can be read again from anywhere, or a pipe, which cannot.

Both send themselves as WRITE requests, one range at a time.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from portico.client.transfer.channel import Channel
from portico.client.transfer.local import doing
from portico.client.transfer.trail import Trail
from portico.model.errors import Changed, PorticoError, error_of

RANGE_BYTES = 4 * 1_048_576
"""Bytes of one WRITE: so much is sent again when the connection breaks."""

SLICE_BYTES = 1_048_576
"""Bytes handed to the kernel at a time, so that a stop and a report wait for no more."""

Told = Callable[[int], None]
"""Hears the offset up to which bytes were sent."""


class Source(Protocol):
    """What is deposited. `size` is in bytes, `mtime` in microseconds; None when it is not known."""

    size: int | None
    mtime: int | None

    def send(self, channel: Channel, upload: str, offset: int, told: Told) -> int:
        """Send one WRITE from an offset; return how many bytes it had, 0 at the end."""

    def taken(self, offset: int) -> None:
        """Hear that the server has all before an offset."""

    def check(self) -> None:
        """Raise `Changed` when it is not any more what it was."""

    def digest(self) -> str:
        """Return the SHA-256 of all that was sent."""


def head(upload: str, offset: int, count: int) -> bytes:
    """Return a WRITE but for its bytes and the end of the line behind them."""
    at = b"%d" % offset
    return b"*4\r\n$5\r\nWRITE\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n" % (
        len(upload),
        upload.encode(),
        len(at),
        at,
        count,
    )


class FileSource:
    """A file that stays as it is while it is sent; if not, that is noticed."""

    def __init__(self, file: io.FileIO, path: Path) -> None:
        """Look at an open file."""
        self._file, self._path = file, path
        self._info = os.fstat(file.fileno())
        self.size: int | None = self._info.st_size
        self.mtime: int | None = self._info.st_mtime_ns // 1_000
        self._read: io.FileIO | None = None
        self._trail: Trail | None = None

    @property
    def identity(self) -> str:
        """What tells it from other files, and from itself after a change."""
        return f"{self._path.absolute()}\n{self.size} {self._info.st_mtime_ns}"

    def __enter__(self) -> Self:
        """Begin to follow with the digest."""
        self._read = io.FileIO(self._path)
        self._trail = Trail(self._read)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        if self._trail is not None:
            self._trail.close()
        if self._read is not None:
            self._read.close()

    def send(self, channel: Channel, upload: str, offset: int, told: Told) -> int:
        """Send a range straight from the kernel's cache."""
        end = min(offset + RANGE_BYTES, self.size or 0)
        if offset >= end:
            return 0
        channel.say(head(upload, offset, end - offset), more=True)
        for at in range(offset, end, SLICE_BYTES):
            until = min(at + SLICE_BYTES, end)
            try:
                channel.send_file(self._file, at, until - at)
            except EOFError:
                raise self._changed() from None
            told(until)
            if self._trail is not None:
                self._trail.reach(until)
        channel.say(b"\r\n")
        return end - offset

    def taken(self, offset: int) -> None:
        """Have what an earlier run sent hashed as well."""
        if self._trail is not None:
            self._trail.reach(offset)

    def check(self) -> None:
        """Look whether somebody wrote to it, or put another in its place."""
        with doing("read", self._path):
            for info in (os.fstat(self._file.fileno()), self._path.stat()):
                if (info.st_ino, info.st_size, info.st_mtime_ns) != (
                    self._info.st_ino,
                    self._info.st_size,
                    self._info.st_mtime_ns,
                ):
                    raise self._changed()

    def _changed(self) -> PorticoError:
        return error_of(Changed.code, f"{self._path} was written to while it was sent; put it again")

    def digest(self) -> str:
        """Return the SHA-256 of the file."""
        assert self._trail is not None  # noqa: S101 - it was entered
        with doing("read", self._path):
            return self._trail.result()


class PipeSource:
    """What comes from a pipe or any binary file: kept until the server has it."""

    size: int | None = None
    mtime: int | None = None

    def __init__(self, file: BinaryIO) -> None:
        """Begin."""
        self._read: Callable[[int], bytes | None] = getattr(file, "read1", file.read)
        self._kept: deque[bytes] = deque()
        self._from = self._to = 0
        self._hash = hashlib.sha256()

    def send(self, channel: Channel, upload: str, offset: int, told: Told) -> int:
        """Send what was not taken of an earlier attempt, or else what comes next."""
        data = self._again(offset) if offset < self._to else self._next()
        if data:
            channel.say(head(upload, offset, len(data)), more=True)
            channel.say(data, more=True)
            channel.say(b"\r\n")
            told(offset + len(data))
        return len(data)

    def _next(self) -> bytes:
        data = self._read(SLICE_BYTES) or b""
        if data:
            self._hash.update(data)
            self._kept.append(data)
            self._to += len(data)
        return data

    def _again(self, offset: int) -> bytes:
        start = self._from
        for data in self._kept:
            if start <= offset < start + len(data):
                return data[offset - start :]
            start += len(data)
        raise PorticoError("the server lost what came from the pipe; put it again")

    def taken(self, offset: int) -> None:
        """Forget what need not be sent again."""
        while self._kept and self._from + len(self._kept[0]) <= offset:
            self._from += len(self._kept.popleft())

    def check(self) -> None:
        """Find nothing: a pipe is what it is."""

    def digest(self) -> str:
        """Return the SHA-256 of all that came."""
        return self._hash.hexdigest()
