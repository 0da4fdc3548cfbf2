"""A repository over real files for the tests of the server: its desks read and write there and then.

It knows nothing of durability, names or digests: that is what `portico.stores` is for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portico.model.errors import NotFound, PorticoError, WrongOffset
from portico.model.files import CHUNK_BYTES, Chunk, FileChange, FileFacts, Order, Progress, Receipt
from portico.model.later import Later
from portico.stores.files.directory import DirectoryRepository


class OpenRange:
    """A `Source`."""

    opened: int = 0
    """How many are open, of all."""

    def __init__(self, path: str, fd: int, offset: int, count: int) -> None:
        self.path, self.fd, self.offset, self.count = path, fd, offset, count
        self.etag, self.size = "etag", os.fstat(fd).st_size
        OpenRange.opened += 1

    def close(self) -> None:
        if self.fd >= 0:
            OpenRange.opened -= 1
            os.close(self.fd)
            self.fd = -1


class OpenUpload:
    """A `Sink`; `error` is what taking bytes raises."""

    opened: int = 0
    """How many are open, of all."""

    def __init__(self, fd: int, offset: int, error: PorticoError | None) -> None:
        self.fd, self.offset, self.error = fd, offset, error
        OpenUpload.opened += 1

    def take(self, data: memoryview) -> None:
        if self.error is not None:
            raise self.error
        os.pwrite(self.fd, data, self.offset)
        self.offset += len(data)

    def close(self) -> int:
        if self.fd >= 0:
            OpenUpload.opened -= 1
            os.close(self.fd)
            self.fd = -1
        return self.offset


class PlainDesk:
    """A `Desk`; what it is asked is done at once, or when the test says `settle`, if `slow`."""

    def __init__(self, files: PlainFiles) -> None:
        self.files = files
        self.closed = False
        self.kept: list[Any] = []

    def _answer(self, work: Any, *given: Any) -> Later:
        later = Later()

        def run() -> None:
            try:
                later.resolve(work(*given))
            except PorticoError as error:
                later.resolve(error)

        if self.files.slow:
            self.files.due.append(run)
        else:
            run()
        return later

    def read(self, path: str, offset: int, count: int, etag: str) -> Later:
        return self._answer(self._read, path, offset, count)

    def _read(self, path: str, offset: int, count: int) -> Chunk | OpenRange:
        try:
            fd = os.open(self.files.root / path, os.O_RDONLY)
        except OSError:
            raise NotFound(f"there is no file {path}") from None
        size = os.fstat(fd).st_size
        count = min(count, max(0, size - offset))
        if count > CHUNK_BYTES:
            return OpenRange(path, fd, offset, count)
        data = os.pread(fd, count, offset)
        os.close(fd)
        return Chunk(path, "etag", size, offset, data)

    def stat(self, path: str) -> Later:
        return self._answer(self._stat, path)

    def _stat(self, path: str) -> FileFacts:
        try:
            info = (self.files.root / path).stat()
        except OSError:
            raise NotFound(f"there is no file {path}") from None
        return FileFacts(path, info.st_size, info.st_mtime_ns // 1_000, "etag")

    def put(self, order: Order, most: int) -> Later:
        return self._answer(self._put, order)

    def _put(self, order: Order) -> Progress:
        upload = order.upload or "0" * 32
        path = self.files.uploads / upload
        path.touch()
        return Progress(upload, path.stat().st_size)

    def _open(self, upload: str, offset: int) -> OpenUpload:
        path = self.files.uploads / upload
        if not path.exists():
            raise NotFound("there is no such upload")
        if path.stat().st_size != offset:
            raise WrongOffset(path.stat().st_size)
        return OpenUpload(os.open(path, os.O_WRONLY), offset, self.files.error)

    def write(self, upload: str, offset: int, data: bytes) -> Later:
        def write() -> int:
            sink = self._open(upload, offset)
            sink.take(memoryview(data))
            return sink.close()

        return self._answer(write)

    def receive(self, upload: str, offset: int, size: int) -> Later:
        return self._answer(self._open, upload, offset)

    def close(self) -> None:
        self.closed = True


class PlainFiles(DirectoryRepository):
    """A repository whose desks are made above; `slow` lets them wait for `settle`, `error` fails uploads."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = root
        self.uploads = root / ".uploads"
        self.uploads.mkdir(exist_ok=True)
        self.slow = False
        self.due: list[Any] = []
        self.error: PorticoError | None = None
        self.desks: list[PlainDesk] = []
        self.receipts_kept: list[Receipt] = []

    async def open(self) -> Sequence[FileChange]:
        return ()

    def desk(self) -> Any:
        self.desks.append(PlainDesk(self))
        return self.desks[-1]

    def settle(self) -> None:
        due, self.due = self.due, []
        for run in due:
            run()

    def fetched(self, receipt: Receipt) -> None:
        self.receipts_kept.append(receipt)
