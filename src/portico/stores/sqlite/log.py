"""The log in one SQLite file: what a single server keeps its room in.

Two threads, each with a connection of its own: the writer commits (one batch, one transaction, one fsync);
the reader never waits for it, because in WAL mode readers see the last commit while the next is on its way.
This module is only the asyncio side: it hands jobs to the threads and wakes who follows. What is done there
stands in `writer`, `erasure` and `reader`; how the file lies on the disk and when it is refused, in `schema`.

One server per file, held by a lock beside it; tools that only read open it with access "read", at any time.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from portico.model.errors import Unavailable
from portico.ports import Bounds, Snapshot, Stored
from portico.stores.following import Wakes, follow
from portico.stores.places import Lock, prepare_directory, refuse_network
from portico.stores.sqlite import reader as sqlite_reader
from portico.stores.sqlite.erasure import empty_wal
from portico.stores.sqlite.errors import in_port_terms, opening
from portico.stores.sqlite.schema import Sync, open_reading, open_writing
from portico.stores.sqlite.writer import Writer
from portico.stores.worker import Worker

Access = Literal["serve", "read"]
Made = TypeVar("Made")


class SqliteLog:
    """`portico.ports.Log` in a file; `Refused` by `open` when that file cannot be used as it is."""

    def __init__(self, path: Path, *, sync: Sync = "full", access: Access = "serve") -> None:
        """Name the file; nothing is touched before `open`.

        `sync` "full" has every append on the disk before it returns; "normal" survives the end of the
        process, not of the power. `access` "read" takes no lock and changes nothing in the log; whoever
        follows such a log is not woken by the appends of others.
        """
        self.identity = ""
        self._path = path
        self._sync: Sync = sync
        self._access: Access = access
        self._lock = Lock(path.with_name(path.name + ".lock"))
        self._wakes = Wakes()
        self._writing = Worker("portico-log-writer")
        self._reading = Worker("portico-log-reader")
        self._writer: Writer | None = None
        self._reader: sqlite3.Connection | None = None
        self._closing = asyncio.Lock()
        self._state: Literal["new", "open", "closed"] = "new"

    async def open(self) -> str:
        """Open or create the file; raise `Refused` with a sentence when it cannot be used."""
        if self._state != "new":
            raise ValueError("a SqliteLog is opened once; make another")
        self._state = "open"
        try:
            if self._access == "serve":
                await self._writing.run(self._open_writer)
            await self._reading.run(self._open_reader)
        except BaseException:
            await self.close()
            raise
        return secrets.token_hex(8)

    async def append(self, room: str, batch: Sequence[bytes], key: str) -> int:
        """Store a batch; it is committed when this returns."""
        if not batch:
            raise ValueError("a batch has at least one record")
        storing = self._write(Writer.append, room, tuple(batch), key)
        storing.add_done_callback(lambda _: self._wakes.wake(room))
        return await asyncio.shield(storing)

    def follow(self, room: str, after: int) -> AsyncIterator[Stored]:
        """Yield every record after a position, also those to come; `Gone` when one due was trimmed."""
        return follow(self, self._wakes, room, after)

    async def read(self, room: str, after: int, limit: int) -> Sequence[Stored]:
        """Return up to `limit` records after a position."""
        return await self._read(lambda reader: sqlite_reader.read(reader, self._path, room, after, limit))

    async def head(self, room: str) -> Bounds:
        """Return the oldest and newest position kept."""
        return await self._read(lambda reader: sqlite_reader.head(reader, room))

    async def trim(self, room: str, before: int) -> None:
        """Forget the records below a position, a few thousand at a time, other writes in between."""
        while await asyncio.shield(self._write(Writer.trim, room, before)):
            pass

    async def erase(self, room: str, position: int, remainder: bytes) -> None:
        """Overwrite a record in the database and empty the WAL."""
        await asyncio.shield(self._write(Writer.erase, room, position, remainder))

    async def load_snapshot(self, room: str) -> Snapshot | None:
        """Return the newest snapshot that is whole."""
        return await self._read(lambda reader: sqlite_reader.load_snapshot(reader, room))

    async def save_snapshot(self, room: str, snapshot: Snapshot) -> None:
        """Keep a snapshot; the newest two of a room are kept."""
        await asyncio.shield(self._write(Writer.save_snapshot, room, snapshot))

    async def close(self) -> None:
        """Finish what is queued, close both connections, let go of the lock."""
        self._state = "closed"
        self._wakes.wake_all()
        async with self._closing:
            # The writer last: closing the last connection is what removes the WAL.
            await self._reading.stop(self._close_reader)
            await self._writing.stop(self._close_writer)

    def _open_writer(self) -> None:
        prepare_directory(self._path.parent)
        refuse_network(self._path)
        self._lock.take(self._path)
        connection = open_writing(self._path, self._sync)
        self._writer = Writer(connection, self._path)
        with opening(self._path):
            empty_wal(connection)

    def _open_reader(self) -> None:
        self._reader = open_reading(self._path)
        self.identity = sqlite_reader.identity(self._reader)

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        self._lock.release()

    def _write(self, job: Callable[..., Made], *args: Any) -> asyncio.Future[Made]:  # noqa: ANN401 - the job's
        self._check()
        if self._access == "read":
            raise Unavailable(f"the log {self._path} was opened for reading only")
        return self._writing.submit(self._written, job, args)

    def _written(self, job: Callable[..., Made], args: tuple[Any, ...]) -> Made:
        if self._writer is None:
            raise _closed(self._path)
        return job(self._writer, *args)

    async def _read(self, job: Callable[[sqlite3.Connection], Made]) -> Made:
        self._check()
        return await self._reading.run(self._seen, job)

    def _seen(self, job: Callable[[sqlite3.Connection], Made]) -> Made:
        if self._reader is None:
            raise _closed(self._path)
        with in_port_terms(self._path):
            return job(self._reader)

    def _check(self) -> None:
        if self._state != "open":
            raise _closed(self._path)


def _closed(path: Path) -> Unavailable:
    return Unavailable(f"the log {path} is closed")
