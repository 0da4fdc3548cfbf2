"""A repository that is a directory of a local disk.

Looking at it is one reading of the tree (`tree`) in a worker thread; the event loop never waits for a disk.
Nothing of the tree is kept between requests: what somebody puts into the directory by other means is listed
at once, and there is nothing to become stale. A cancelled request stops its reading.

Fetching and depositing go through desks (`desk`). What they share is made here: the uploads (`deposits`), the
way changes become durable (`publishing`), and what is known besides (`catalog`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TypeVar

from portico.model.errors import NotFound, PorticoError, Unavailable
from portico.model.files import FileChange, FileFacts, Receipt
from portico.model.paths import check_path
from portico.model.patterns import Pattern
from portico.stores.files.batch import Premises
from portico.stores.files.beneath import open_file
from portico.stores.files.catalog import NOTHING, Catalog, Known, Sync
from portico.stores.files.deposits import Uploads
from portico.stores.files.desk import DirectoryDesk
from portico.stores.files.digests import Digests
from portico.stores.files.folders import Folders
from portico.stores.files.publishing import Publisher
from portico.stores.files.tree import Stopped, Tree
from portico.stores.files.watching import Watcher
from portico.stores.places import prepare_directory

READERS = 4
"""Readings at one time: they wait for a disk, not for a core, and one slow walk must not hold up all."""

DESK_THREADS = 8
"""Desks that are served at one time; they wait for the disk, and for digests of what was deposited."""

KEEP_UPLOADS = 86_400.0
"""Seconds that an unfinished upload is kept: a day, the contract's word."""

SWEEP_SECONDS = 3_600.0
"""How often what is too old is swept."""

DIGEST_SECONDS = 30.0
"""How long the facts of a file wait for its digest."""

CATALOG = "files.sqlite3"
"""The catalog's name in the repository's own folder."""

_Outcome = TypeVar("_Outcome")


class DirectoryRepository:
    """The regular files below `root` whose names are presentable; implements `portico.ports.Repository`.

    Raises `PorticoError` at once when there is no directory to read. The directory that was opened is the one
    that is served, also when it is renamed.
    """

    def __init__(
        self,
        root: Path | str,
        state: Path | None = None,
        *,
        sync: Sync = "full",
        keep_uploads: float = KEEP_UPLOADS,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Name the directory; nothing is changed before `open`.

        `state` is the repository's own folder, on the same file system; None to change no file and to keep
        nothing. `sync` as in `SqliteLog`; `keep_uploads` the seconds that unfinished uploads are kept; `note`
        is called, from any thread, with what the operator should know.
        """
        self._root = _open_root(root)
        self._state, self._sync, self._keep, self._note = state, sync, keep_uploads, note
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="portico-files")
        self._pool = ThreadPoolExecutor(DESK_THREADS, thread_name_prefix="portico-desk")
        self._stops: set[Event] = set()
        self._desks: set[DirectoryDesk] = set()
        self._folders = Folders()
        self._watcher = Watcher(self._root, Path(root), note)
        self._made: Premises | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def open(self) -> Sequence[FileChange]:
        """Begin; complete what an earlier run began. Raises `Refused` when the state cannot be used."""
        changes = await self._in_thread(self._open)
        self._sweep_later()
        return changes

    def desk(self) -> DirectoryDesk:
        """Return a new desk, of the running event loop."""
        desk = DirectoryDesk(self._premises, self._desks.discard)
        self._desks.add(desk)
        return desk

    def settled(self, key: str) -> None:
        """Take note that a change stands in the log."""
        self._premises.catalog.settle(key)

    def changes(self) -> AsyncIterator[FileChange]:
        """Yield what others do to the files from now on."""
        return self._watcher.changes()

    def fetched(self, receipt: Receipt) -> None:
        """Take note that somebody has fetched a file."""
        self._premises.catalog.receipt(receipt)

    async def receipts(self, path: str) -> Sequence[Receipt]:
        """Return who fetched the files of this path, newest last; see the port."""
        wanted = check_path(path)
        return await self._in_thread(lambda: self._premises.catalog.receipts(wanted))

    async def list(self, pattern: str | None, after: str | None, count: int) -> Sequence[FileFacts]:
        """Return up to `count` files in code point order of their paths; see the port.

        `after` may be any text. Attributes are read of the files returned only; one that vanishes meanwhile
        is left out and the next takes its place. Raises `TooBig` for a pattern over 256 characters.
        """
        wanted = Pattern("**" if pattern is None else pattern)

        def read(tree: Tree) -> Sequence[FileFacts]:
            found = (tree.facts(path) for path in tree.paths(wanted, after or ""))
            files = [*islice((facts for facts in found if facts is not None), max(count, 0))]
            known = self._premises.catalog.recall_all([facts.etag for facts in files])
            return [with_known(facts, known.get(facts.etag, NOTHING)) for facts in files]

        return await self._read(read)

    async def count(self, pattern: str | None) -> int:
        """Return how many files match the pattern; raise `TooBig` as `list` does."""
        wanted = Pattern("**" if pattern is None else pattern)
        return await self._read(lambda tree: sum(1 for _ in tree.paths(wanted, "")))

    async def stat(self, path: str) -> FileFacts:
        """Return the facts of one file; raise `NotFound`, or `BadPath` for what is no path.

        Its digest is computed if need be, and waited for, at most half a minute.
        """
        wanted = check_path(path)
        facts = await self._read(lambda tree: tree.facts(wanted))
        if facts is None:
            raise NotFound(f"there is no file {wanted}; list the files to see what there is")
        known = await self._in_thread(lambda: self._premises.catalog.recall(facts.etag))
        sha256 = known.sha256 or await self._digest(facts)
        return with_known(facts, Known(sha256, known.by))

    async def close(self) -> None:
        """Stop what is being read and let go of the directory; closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for stop in self._stops:
            stop.set()
        await self._watcher.close()
        await asyncio.to_thread(self._close)

    @property
    def _premises(self) -> Premises:
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Premises:
        """Make what desks share; may block."""
        catalog = Catalog(None if self._state is None else self._state / CATALOG, self._sync, self._note)
        digests = Digests(catalog)
        uploads = publisher = None
        durable = self._sync == "full"
        if self._state is not None:
            folder = self._state / "uploads"
            prepare_directory(folder)
            uploads = Uploads(_open_root(folder), catalog, digests, self._keep, durable=durable)
            publisher = Publisher(catalog, uploads, self._folders, self._watcher.expect, durable=durable)
        return Premises(self._root, self._folders, catalog, digests, self._pool, uploads, publisher, durable)

    def _open(self) -> Sequence[FileChange]:
        if self._state is not None:
            prepare_directory(self._state)
        premises = self._premises
        if premises.uploads is None or premises.publisher is None:
            return ()
        intents = premises.catalog.unsettled()
        premises.uploads.load(intents)
        with premises.handles() as handles:
            changes = premises.publisher.recover(intents, handles)
        self._sweep(premises)
        return changes

    def _sweep(self, premises: Premises) -> None:
        if premises.uploads is not None:
            premises.uploads.sweep()
        premises.catalog.sweep()

    def _sweep_later(self) -> None:
        def sweep() -> None:
            self._readers.submit(self._sweep, self._premises)
            self._sweep_later()

        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_SECONDS, sweep)

    async def _digest(self, facts: FileFacts) -> str | None:
        def begin() -> Future[str | None] | None:
            return self._premises.digests.begin(
                facts.etag, facts.size, lambda: open_file(self._root, facts.path, os.O_RDONLY)
            )

        begun = await self._in_thread(begin)
        if begun is None:
            return None
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(begun)), DIGEST_SECONDS)
        except TimeoutError:
            return None

    def _close(self) -> None:
        self._readers.shutdown()
        self._pool.shutdown()
        if self._made is not None:
            self._made.digests.close()
            if self._made.uploads is not None:
                self._made.uploads.close()
            self._made.catalog.close()
        os.close(self._root)

    async def _in_thread(self, work: Callable[[], _Outcome]) -> _Outcome:
        if self._closed:
            raise Unavailable("the repository is closed; connect again later")
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def _read(self, work: Callable[[Tree], _Outcome]) -> _Outcome:
        if self._closed:
            raise Unavailable("the repository is closed; connect again later")
        stop = Event()
        self._stops.add(stop)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._readers, _in_tree, self._root, stop, work
            )
        except Stopped:
            raise Unavailable("the repository was closed meanwhile; connect again later") from None
        finally:
            # Also after a cancellation, when the thread is still reading for nobody.
            stop.set()
            self._stops.discard(stop)


def with_known(facts: FileFacts, known: Known) -> FileFacts:
    """Return the facts of a file with what is known besides."""
    if known is NOTHING:
        return facts
    return FileFacts(facts.path, facts.size, facts.mtime, facts.etag, known.sha256, known.by)


def _in_tree(root: int, stop: Event, work: Callable[[Tree], _Outcome]) -> _Outcome:
    with Tree(root, stop) as tree:
        return work(tree)


def _open_root(root: Path | str) -> int:
    # Links in the path of the root itself are the operator's choice and are followed.
    try:
        return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise PorticoError(
            f"the directory {root} cannot be opened: {error.strerror}; make it, or name another one"
        ) from error
