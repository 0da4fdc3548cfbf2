"""SHA-256 of files and of uploads, by a few threads of their own.

A digest is computed in turns of some megabytes, so that a large file does not keep a small one waiting, and
remembered only if the file was the same before and after. That of an upload follows behind the writing: it
reads what was written from the page cache, which serves one that goes on after a restart just as well, and
whoever finishes the upload does what is left.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from portico.stores.files.catalog import Catalog
from portico.stores.files.tree import etag_of

THREADS = 3
"""Digests at one time. They are computed beside the loop, but compete with it for cores."""

STEP = 262_144
"""Bytes read and hashed at a time: 0.15 ms, and little enough for the second-level cache."""

TURN = 64 * 1_048_576
"""Bytes until others have their turn: some 40 ms."""

MOST = 64
"""Digests of files that wait or are being computed; each holds a descriptor."""

_local = threading.local()


def _buffer() -> memoryview:
    """Return the thread's own buffer."""
    try:
        view: memoryview = _local.view
    except AttributeError:
        view = _local.view = memoryview(bytearray(STEP))
    return view


class Running:
    """The digest of a growing file; for one thread at a time. `hashed` bytes are in it."""

    __slots__ = ("hashed", "state")

    def __init__(self) -> None:
        self.state = hashlib.sha256()
        self.hashed = 0

    def add(self, data: bytes | memoryview) -> None:
        """Add the next bytes."""
        self.state.update(data)
        self.hashed += len(data)

    def read(self, file: int, end: int) -> bool:
        """Add what stands in a file up to an offset; return False when the file ends before."""
        view = _buffer()
        while self.hashed < end:
            got = os.preadv(file, [view[: min(STEP, end - self.hashed)]], self.hashed)
            if got == 0:
                return False
            self.add(view[:got])
        return True


class Digests:
    """The threads, and which digests of files they are at."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="portico-digests")
        self._lock = threading.Lock()
        self._pending: dict[str, Future[str | None]] = {}
        self._closing = False

    def begin(self, etag: str, size: int, open_file: Callable[[], int]) -> Future[str | None] | None:
        """Begin the digest of a content, or join one under way; None when there are too many.

        `open_file` returns a descriptor of the file, which is closed at the end.
        """
        with self._lock:
            pending = self._pending.get(etag)
            if pending is not None or self._closing or len(self._pending) >= MOST:
                return pending
            pending = self._pending[etag] = Future()
        try:
            file = open_file()
        except OSError:
            self._end(etag, None)
        else:
            self._turn(_FileDigest(etag, size, file))
        return pending

    def run(self, work: Callable[[], object]) -> None:
        """Have something done by one of the threads, some time; nothing after the end."""
        if not self._closing:
            try:
                self._pool.submit(work)
            except RuntimeError:
                return

    def close(self) -> None:
        """Give up what is under way; wait for the threads."""
        self._closing = True
        self._pool.shutdown()
        for etag in list(self._pending):
            self._end(etag, None)

    def _turn(self, work: _FileDigest) -> None:
        def turn() -> None:
            try:
                finished = self._closing or work.turn()
            except OSError:
                finished = True
            if not finished and not self._closing:
                self._turn(work)
                return
            sha256 = work.end()
            if sha256:
                self._catalog.learn(work.etag, sha256)
            self._end(work.etag, sha256)

        try:
            self._pool.submit(turn)
        except RuntimeError:
            work.end()
            self._end(work.etag, None)

    def _end(self, etag: str, sha256: str | None) -> None:
        with self._lock:
            pending = self._pending.pop(etag, None)
        if pending is not None:
            pending.set_result(sha256)


class _FileDigest:
    """One file on its way through the threads."""

    __slots__ = ("etag", "file", "running", "size")

    def __init__(self, etag: str, size: int, file: int) -> None:
        self.etag, self.size, self.file = etag, size, file
        self.running = Running()

    def turn(self) -> bool:
        """Do some; return whether it is over."""
        whole = self.running.read(self.file, min(self.size, self.running.hashed + TURN))
        return not whole or self.running.hashed == self.size

    def end(self) -> str | None:
        """Close the file; return its digest if it is whole and of the content meant."""
        try:
            same = etag_of(os.fstat(self.file)) == self.etag
        except OSError:
            same = False
        os.close(self.file)
        return self.running.state.hexdigest() if same and self.running.hashed == self.size else None
