"""A repository that is a directory of a local disk, read side.

Every request is one reading of the tree (`portico.stores.tree`) in a worker thread; the event loop never
waits for a disk. Nothing is kept between requests: what somebody puts into the directory by other means is
listed at once, and there is nothing to become stale. A cancelled request stops its reading.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TypeVar

from portico.model.errors import NotFound, PorticoError, Unavailable
from portico.model.files import FileFacts
from portico.model.paths import check_path
from portico.model.patterns import Pattern
from portico.stores.tree import Stopped, Tree

READERS = 4
"""Readings at one time: they wait for a disk, not for a core, and one slow walk must not hold up all."""

_Outcome = TypeVar("_Outcome")


class DirectoryRepository:
    """The regular files below `root` whose names are presentable; implements `portico.ports.Repository`.

    Raises `PorticoError` at once when there is no directory to read. The directory that was opened is the one
    that is served, also when it is renamed.
    """

    def __init__(self, root: Path | str) -> None:
        self._root = _open_root(root)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="portico-files")
        self._stops: set[Event] = set()
        self._closed = False

    async def list(self, pattern: str | None, after: str | None, count: int) -> Sequence[FileFacts]:
        """Return up to `count` files in code point order of their paths; see the port.

        `after` may be any text. Attributes are read of the files returned only; one that vanishes meanwhile
        is left out and the next takes its place. Raises `TooBig` for a pattern over 256 characters.
        """
        wanted = Pattern("**" if pattern is None else pattern)

        def read(tree: Tree) -> Sequence[FileFacts]:
            found = (tree.facts(path) for path in tree.paths(wanted, after or ""))
            return [*islice((facts for facts in found if facts is not None), max(count, 0))]

        return await self._read(read)

    async def count(self, pattern: str | None) -> int:
        """Return how many files match the pattern; raise `TooBig` as `list` does."""
        wanted = Pattern("**" if pattern is None else pattern)
        return await self._read(lambda tree: sum(1 for _ in tree.paths(wanted, "")))

    async def stat(self, path: str) -> FileFacts:
        """Return the facts of one file; raise `NotFound`, or `BadPath` for what is no path."""
        wanted = check_path(path)
        facts = await self._read(lambda tree: tree.facts(wanted))
        if facts is None:
            raise NotFound(f"there is no file {wanted}; list the files to see what there is")
        return facts

    async def close(self) -> None:
        """Stop what is being read and let go of the directory; closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        for stop in self._stops:
            stop.set()
        await asyncio.to_thread(self._readers.shutdown)
        os.close(self._root)

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
