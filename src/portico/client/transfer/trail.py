"""A digest that follows behind the bytes of a file, in a thread of its own.

It reads what was written, or sent, a moment ago: from the page cache, at memory's speed. So one way serves
a file that is fetched, one that is deposited, and one of which an earlier run left a part; and hashing,
half of the cost of a transfer within one machine, happens beside it.
"""

from __future__ import annotations

import hashlib
import io
import threading
from types import TracebackType
from typing import BinaryIO, Self

BLOCK_BYTES = 256 * 1_024
"""Read and hashed at a time: it stays in the processor's cache."""


class Trail:
    """The SHA-256 of a file's beginning, as far as was said to be there."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin at the first byte; `file` is unbuffered, read by nobody else, and closed by the owner."""
        self._file = file
        self._hash = hashlib.sha256()
        self._reached = 0
        self._ended = self._given_up = False
        self._error: OSError | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="portico digest", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Be used in a `with` statement."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread."""
        self.close()

    def reach(self, offset: int) -> None:
        """Say that all bytes before an offset are there."""
        with self._news:
            self._reached = max(self._reached, offset)
            self._news.notify()

    def result(self) -> str:
        """Return the digest of all that was said to be there, in hexadecimal, once it is computed."""
        with self._news:
            self._ended = True
            self._news.notify()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._hash.hexdigest()

    def close(self) -> None:
        """Give up, unless it is done."""
        with self._news:
            self._ended = self._given_up = True
            self._news.notify()
        self._thread.join()

    def _follow(self) -> None:
        view = memoryview(bytearray(BLOCK_BYTES))
        at = 0
        try:
            while (end := self._next(at)) > at:
                while at < end and not self._given_up:
                    count = self._file.readinto(view[: min(BLOCK_BYTES, end - at)])  # type: ignore[attr-defined]
                    if not count:
                        return  # it was shortened; the digest will tell
                    self._hash.update(view[:count])
                    at += count
        except OSError as error:
            self._error = error

    def _next(self, at: int) -> int:
        """Wait for more; return how far there is something to read, no further than before at the end."""
        with self._news:
            self._news.wait_for(lambda: self._reached > at or self._ended)
            return at if self._given_up else self._reached


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with io.FileIO(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
