"""A repository in memory: what the ports `Repository` and `Desk` promise and needs no disk, kept at once.

Each `Later` is resolved when it is returned.
"""

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from portico.model.errors import (
    Changed,
    Exists,
    NotFound,
    PorticoError,
    TooBig,
    WrongDigest,
    WrongOffset,
)
from portico.model.files import Author, Chunk, FileChange, FileFacts, Order, Progress, Receipt, UploadFacts
from portico.model.later import Later
from portico.model.paths import check_path
from portico.model.patterns import Pattern
from tests.support.ports import START

FILES = ("notes/today.txt", "tester1.txt", "tester2.txt")

CONTENT = b"twenty-one bytes long"


@dataclass
class Deposit:
    """An upload that is not finished."""

    order: Order
    data: bytearray


class Shelf:
    """The port `Repository`, with a few files."""

    def __init__(self, paths: Sequence[str] = FILES) -> None:
        self.files = {path: FileFacts(path, 21, START, f"etag-{path}") for path in sorted(paths)}
        self.data = dict.fromkeys(paths, CONTENT)
        self.uploads: dict[str, Deposit] = {}
        self.done: dict[str, FileChange] = {}
        self.unsettled: list[str] = []
        self.slips: list[Receipt] = []
        self.numbers = count(1)

    async def open(self) -> Sequence[FileChange]:
        return ()

    async def list(self, pattern: str | None, after: str | None, count: int) -> Sequence[FileFacts]:
        return [file for file in self._matching(pattern) if file.path > (after or "")][:count]

    async def count(self, pattern: str | None) -> int:
        return len(self._matching(pattern))

    async def stat(self, path: str) -> FileFacts:
        facts = self.facts(path)
        self.files[path] = dataclasses.replace(facts, sha256=hashlib.sha256(self.data[path]).hexdigest())
        return self.files[path]

    def desk(self) -> "ShelfDesk":
        return ShelfDesk(self)

    def settled(self, key: str) -> None:
        self.unsettled.remove(key)

    async def changes(self) -> AsyncIterator[FileChange]:
        nobody: Sequence[FileChange] = ()
        for change in nobody:
            yield change

    def fetched(self, receipt: Receipt) -> None:
        self.slips.append(receipt)

    async def receipts(self, path: str) -> Sequence[Receipt]:
        return [slip for slip in self.slips if slip.path == path]

    async def close(self) -> None:
        """Nothing is open."""

    def facts(self, path: str) -> FileFacts:
        facts = self.files.get(check_path(path))
        if facts is None:
            raise NotFound(f"there is no file {path}; list the files to see what there is")
        return facts

    def put(self, path: str, data: bytes, author: Author, mtime: int | None = None) -> FileFacts:
        etag = f"etag-{next(self.numbers)}"
        digest = hashlib.sha256(data).hexdigest()
        facts = FileFacts(path, len(data), START if mtime is None else mtime, etag, digest, author.name)
        self.files[path], self.data[path] = facts, data
        self.files = dict(sorted(self.files.items()))
        return facts

    def _matching(self, pattern: str | None) -> Sequence[FileFacts]:
        wanted = Pattern("**" if pattern is None else pattern)
        return [file for file in self.files.values() if wanted.matches(file.path)]


def at_once(work: Callable[[], Any]) -> Later:
    later = Later()
    try:
        later.resolve(work())
    except PorticoError as error:
        later.resolve(error)
    return later


class ShelfDesk:
    """The port `Desk`."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def read(self, path: str, offset: int, count: int, etag: str) -> Later:
        def work() -> Chunk:
            facts = self.shelf.facts(path)
            if etag and etag != facts.etag:
                raise Changed(path)
            data = self.shelf.data[path]
            return Chunk(path, facts.etag, facts.size, offset, data[offset : offset + count])

        return at_once(work)

    def stat(self, path: str) -> Later:
        return at_once(lambda: self.shelf.facts(path))

    def put(self, order: Order, most: int) -> Later:
        def work() -> Progress:
            if order.path in self.shelf.files and not order.replace:
                raise Exists(f"there is a file {order.path} already")
            if (order.size or 0) > most:
                raise TooBig(f"a deposit has at most {most:,} bytes")
            upload = order.upload or f"{next(self.shelf.numbers):032x}"
            deposit = self.shelf.uploads.setdefault(upload, Deposit(order, bytearray()))
            return Progress(upload, len(deposit.data))

        return at_once(work)

    def progress(self, upload: str) -> Later:
        def work() -> UploadFacts:
            change = self.shelf.done.get(upload)
            if change is not None:
                order = Order(change.path, change.size, change.sha256, upload)
                return UploadFacts(order, change.size, ended=True)
            deposit = self._deposit(upload)
            return UploadFacts(dataclasses.replace(deposit.order, upload=upload), len(deposit.data))

        return at_once(work)

    def write(self, upload: str, offset: int, data: bytes) -> Later:
        def work() -> int:
            deposit = self._deposit(upload)
            if offset != len(deposit.data):
                raise WrongOffset(len(deposit.data))
            deposit.data += data
            return len(deposit.data)

        return at_once(work)

    def receive(self, upload: str, offset: int, size: int) -> Later:
        raise NotImplementedError("nothing streams in memory")

    def finish(self, upload: str, author: Author) -> Later:
        def work() -> FileChange:
            if upload in self.shelf.done:
                return self.shelf.done[upload]
            deposit = self._deposit(upload)
            order = deposit.order
            if order.size not in (None, len(deposit.data)):
                raise WrongOffset(len(deposit.data))
            del self.shelf.uploads[upload]
            if order.sha256 not in ("", hashlib.sha256(deposit.data).hexdigest()):
                raise WrongDigest("what came has another SHA-256")
            change = "changed" if order.path in self.shelf.files else "added"
            facts = self.shelf.put(order.path, bytes(deposit.data), author, order.mtime)
            self.shelf.done[upload] = self._changed(f"upload:{upload}", change, facts, author)
            return self.shelf.done[upload]

        return at_once(work)

    def cancel(self, upload: str) -> Later:
        def work() -> None:
            self._deposit(upload)
            del self.shelf.uploads[upload]

        return at_once(work)

    def remove(self, path: str, author: Author) -> Later:
        def work() -> FileChange:
            self.shelf.facts(path)
            del self.shelf.files[path], self.shelf.data[path]
            return self._note(FileChange(f"remove:{next(self.shelf.numbers)}", "removed", path, author))

        return at_once(work)

    def move(self, origin: str, path: str, author: Author, *, replace: bool) -> Later:
        def work() -> FileChange:
            facts = self.shelf.facts(origin)
            if path in self.shelf.files and not replace:
                raise Exists(f"there is a file {path} already")
            data = self.shelf.data.pop(origin)
            del self.shelf.files[origin]
            moved = self.shelf.put(path, data, author, facts.mtime)
            change = self._changed(f"move:{next(self.shelf.numbers)}", "moved", moved, author)
            return dataclasses.replace(change, origin=origin)

        return at_once(work)

    def close(self) -> None:
        """Nothing is open."""

    def _deposit(self, upload: str) -> Deposit:
        deposit = self.shelf.uploads.get(upload)
        if deposit is None:
            raise NotFound(f"there is no upload {upload}")
        return deposit

    def _changed(self, key: str, change: str, facts: FileFacts, author: Author) -> FileChange:
        return self._note(
            FileChange(key, change, facts.path, author, facts.size, facts.sha256 or "", facts=facts)
        )

    def _note(self, change: FileChange) -> FileChange:
        self.shelf.unsettled.append(change.key)
        return change
