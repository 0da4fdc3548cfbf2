"""A log file as the operator's tools read it: from outside, also while a server writes it.

Each page is a transaction of its own. One long transaction would keep the server from emptying its WAL, and
so from erasing a text; and nothing is lost without it, because what is read only grows at its end.
"""

from __future__ import annotations

import contextlib
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from portico.app.place import ROOM
from portico.model.errors import NotFound, Unavailable
from portico.ports import Bounds, Snapshot, Stored
from portico.stores.sqlite import reader as sqlite_reader
from portico.stores.sqlite.errors import in_port_terms
from portico.stores.sqlite.schema import open_reading
from portico.stores.sqlite.snapshots import kept_snapshots

PAGE = 1_000
"""Records read at once."""

Progress = Callable[[int, int], None]
"""Hears how many steps are done, of how many."""


class LogFile:
    """The room's records in a file, at most up to `bounds.last` as it was when the file was opened."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, damaged: bool = False) -> None:
        """Look at what there is; with `damaged`, as far as it can be found out."""
        self._connection = connection
        self.path = path
        with in_port_terms(path):
            self.identity = sqlite_reader.identity(connection)
            # Snapshots first: a server may write one, and then trim what stands before it.
            self.snapshots: Sequence[Snapshot] = kept_snapshots(connection, ROOM)
            self.bounds: Bounds = (self._readable_bounds if damaged else sqlite_reader.head)(connection, ROOM)

    @property
    def base(self) -> Snapshot | None:
        """Return the oldest snapshot that the records kept go on from; None when they begin at 1."""
        if self.bounds.first == 1:
            return None
        return next((kept for kept in self.snapshots if kept.position >= self.bounds.first - 1), None)

    def records(self, after: int | None = None) -> Iterator[Stored]:
        """Yield the records after a position, or all; raise `Unavailable` where one cannot be read."""
        position = self.bounds.first - 1 if after is None else after
        while position < self.bounds.last:
            page = self._page(position, min(PAGE, self.bounds.last - position))
            for stored in page:
                position += 1
                if stored.position != position:
                    raise self._missing(position)
                yield stored
            if not page:
                raise self._missing(position + 1)

    def readable(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield every position with its record, None where that cannot be read."""
        position = self.bounds.first - 1
        while position < self.bounds.last:
            for stored in self._whole_page(position) or self._piecewise(position):
                position += 1
                yield stored

    def _whole_page(self, after: int) -> list[tuple[int, bytes | None]]:
        count = min(PAGE, self.bounds.last - after)
        try:
            page = self._page(after, count)
        except Unavailable:
            return []
        whole = len(page) == count and page[-1].position == after + count
        return [(stored.position, stored.body) for stored in page] if whole else []

    def _piecewise(self, after: int) -> Iterator[tuple[int, bytes | None]]:
        for position in range(after + 1, min(after + PAGE, self.bounds.last) + 1):
            body = None
            with contextlib.suppress(Unavailable):
                found = self._page(position - 1, 1)
                body = found[0].body if found and found[0].position == position else None
            yield position, body

    def _page(self, after: int, limit: int) -> list[Stored]:
        with in_port_terms(self.path):
            return sqlite_reader.read(self._connection, self.path, ROOM, after, limit)

    def _readable_bounds(self, connection: sqlite3.Connection, room: str) -> Bounds:
        """Return the bounds; where the end is cut off, up to the last record before it."""
        try:
            return sqlite_reader.head(connection, room)
        except sqlite3.DatabaseError:
            first = sqlite_reader.first(connection, room)
        beyond = first
        while self._has(beyond):
            beyond *= 2
        count = bisect_left(range(first, beyond), 1, key=lambda position: int(not self._has(position)))
        return Bounds(first, first + count - 1)

    def _has(self, position: int) -> bool:
        try:
            return bool(self._page(position - 1, 1))
        except Unavailable:
            return False

    def _missing(self, position: int) -> Unavailable:
        with in_port_terms(self.path):
            trimmed = position < sqlite_reader.head(self._connection, ROOM).first
        if trimmed:
            return Unavailable("the server forgot old entries while they were being read; do it again")
        return Unavailable(f"record {position} of the log {self.path} is missing")


@contextlib.contextmanager
def reading(path: Path, *, damaged: bool = False) -> Iterator[LogFile]:
    """Open a log to read it; raise `NotFound` when there is none, `Refused` when it cannot be used.

    With `damaged`, one of which only some can be read is no reason to raise.
    """
    require_log(path)
    with contextlib.closing(open_reading(path, damaged=damaged)) as connection:
        yield LogFile(connection, path, damaged=damaged)


def require_log(path: Path) -> None:
    """Raise `NotFound` when there is no log at a path."""
    if not path.exists():
        raise NotFound(
            f"there is no log at {path}; name the directory that is served, or its log with --ledger"
        )
