"""Writing a log in a SQLite file: one connection, one thread, one commit per append.

Every statement that Python gives to SQLite lets go of the interpreter's lock and takes it again, and beside a
busy event loop each taking may wait a switch interval (5 ms as Python sets it). So a batch is one statement
of its own transaction: a multi-row VALUES of a few fixed sizes that stay compiled, with NULLs for the rows a
batch does not fill. Append and commit, in ms, median (p99), fsync on, alone | beside a busy thread:

                      1 row                      64 rows                    1,000 rows
    padded VALUES     0.25 (0.4)  | 5.8 (17)     0.35 (3.3) | 5.7 (17)      2.5 (11) |  9.0 (29)
    exact VALUES      0.27 (0.4)  | 5.6 (21)     0.44 (2.6) | 5.9 (14)      2.2 (11) | 13.4 (29)
    executemany       0.32 (0.6)  | 5.9 (21)     0.50 (2.9) | 6.0 (60)      4.4 (14) | 17.3 (45)
    json_each         0.27 (0.4)  | 5.6 (12)     0.47 (2.8) | 6.2 (16)      3.7 (12) | 20.0 (67)

What is left of the wait goes with `sys.setswitchinterval(0.0005)` in the server: 0.9, 0.9 and 4.1 ms. It does
more beside a loop whose turns are shorter than the interval: each `select` of the loop then starts the
waiting thread's interval anew, and with 5 ms the p99 of an append was 60 to 1,050 ms, with 0.5 ms 15 to 45.

What the writer knows of a room (its last position, the keys) it drops after any failed statement and reads
again from the file, because a commit that failed may have come through.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from portico.model.errors import TooBig, Unavailable
from portico.ports import Snapshot
from portico.stores.sqlite.erasure import MOVED, empty_wal, erase
from portico.stores.sqlite.errors import port_error
from portico.stores.sqlite.reader import room_id
from portico.stores.sqlite.schema import seal

SIZES = (1, 8, 64, 256, 1024)
"""Rows of one statement; at most 1,027 variables, where SQLite allows 32,766."""

KEYS = 2_048
"""Batches of a room whose keys are remembered; the port asks for 1,000."""

BATCH_BYTES = 64 * 1024 * 1024
"""Most bytes of one batch: they stand in memory and in the WAL at the same time."""

TRIM_STEP = 4_096
"""Records trimmed in one transaction, so that appends get their turn in between."""


@dataclass(slots=True)
class _Tail:
    """What the writer knows of a room: its table, its newest position, its newest keys, oldest first."""

    table: int
    last: int
    keys: dict[str, int]


def _insert(table: int, size: int) -> str:
    rows = ",".join(f"({number},?)" for number in range(size))
    return (
        f"INSERT INTO records_{table} SELECT ? + column1, iif(column1 = ?, ?, NULL), column2 "  # noqa: S608
        f"FROM (VALUES {rows}) WHERE column2 IS NOT NULL"
    )


def _trimming(table: int) -> tuple[str, ...]:
    remember = (
        "INSERT INTO trimmed_keys SELECT :room, position, key "  # noqa: S608 - a number of ours
        f"FROM records_{table} WHERE position < :cut AND key IS NOT NULL"
    )
    forget = (
        "DELETE FROM trimmed_keys WHERE room = :room AND position NOT IN "
        "(SELECT position FROM trimmed_keys WHERE room = :room ORDER BY position DESC LIMIT :keys)"
    )
    return (
        remember,
        forget,
        f"DELETE FROM records_{table} WHERE position < :cut",  # noqa: S608
        "DELETE FROM erased WHERE room = :room AND position < :cut",
        "UPDATE rooms SET swept = :cut + :moved WHERE id = :room",
    )


class Writer:
    """The writing side of one log file; every method runs in the writer's thread and raises port errors."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take over a connection made by `open_writing`."""
        self._connection = connection
        self._path = path
        self._tails: dict[str, _Tail] = {}
        self._inserts: dict[tuple[int, int], str] = {}

    def append(self, room: str, batch: Sequence[bytes], key: str) -> int:
        """Store a batch and return its last position; a key that is remembered stores nothing."""
        if sum(map(len, batch)) > BATCH_BYTES:
            raise TooBig(f"a batch of the log can have at most {BATCH_BYTES:,} bytes")
        try:
            return self._append(self._tail(room), batch, key)
        except sqlite3.Error as error:
            raise self._recover(error) from error

    def trim(self, room: str, before: int) -> bool:
        """Forget some of the records below a position; return whether there are more to forget."""
        try:
            return self._trim(self._tail(room), before)
        except sqlite3.Error as error:
            raise self._recover(error) from error

    def erase(self, room: str, position: int, remainder: bytes) -> None:
        """Overwrite a record everywhere; a position that is not kept has nothing to erase."""
        try:
            erase(self._connection, self._tail(room).table, position, remainder)
            if not empty_wal(self._connection):
                raise Unavailable(
                    f"the text is out of the log, but another program reads {self._path} and keeps its bytes "
                    "in the -wal file; close that program and erase again"
                )
        except sqlite3.Error as error:
            raise self._recover(error) from error

    def save_snapshot(self, room: str, snapshot: Snapshot) -> None:
        """Keep a snapshot and the newest of the others."""
        try:
            table = self._tail(room).table
            frame = seal(snapshot.body, snapshot.position)
            self._begin()
            self._connection.execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?,?,?)", (table, snapshot.position, frame)
            )
            self._connection.execute(
                "DELETE FROM snapshots WHERE room = ? AND position NOT IN "
                "(SELECT position FROM snapshots WHERE room = ? ORDER BY position DESC LIMIT 2)",
                (table, table),
            )
            self._commit()
        except sqlite3.Error as error:
            raise self._recover(error) from error

    def close(self) -> None:
        """Move the WAL into the database and close it."""
        self._connection.close()

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _recover(self, error: sqlite3.Error) -> Exception:
        self._tails.clear()
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return port_error(error, self._path)

    def _append(self, tail: _Tail, batch: Sequence[bytes], key: str) -> int:
        if key in tail.keys:
            return tail.keys[key]
        last = tail.last + len(batch)
        frames = [seal(body, position) for position, body in enumerate(batch, tail.last + 1)]
        if len(frames) <= SIZES[-1]:
            self._store(tail.table, tail.last + 1, frames, key, last)
        else:
            self._store_long(tail, frames, key, last)
        tail.last = tail.keys[key] = last
        if len(tail.keys) > KEYS:
            del tail.keys[next(iter(tail.keys))]
        return last

    def _store(self, table: int, first: int, frames: list[bytes], key: str, last: int) -> None:
        size = next(size for size in SIZES if size >= len(frames))
        statement = self._inserts.get((table, size)) or self._inserts.setdefault(
            (table, size), _insert(table, size)
        )
        padding = (None,) * (size - len(frames))
        self._connection.execute(statement, (first, last - first, key, *frames, *padding))

    def _store_long(self, tail: _Tail, frames: list[bytes], key: str, last: int) -> None:
        self._begin()
        for start in range(0, len(frames), SIZES[-1]):
            self._store(tail.table, tail.last + 1 + start, frames[start : start + SIZES[-1]], key, last)
        self._commit()

    def _tail(self, room: str) -> _Tail:
        tail = self._tails.get(room)
        if tail is None:
            tail = self._tails[room] = self._load_tail(room)
        return tail

    def _load_tail(self, room: str) -> _Tail:
        table = room_id(self._connection, room) or self._create_room(room)
        (last,) = self._connection.execute(f"SELECT max(position) FROM records_{table}").fetchone()  # noqa: S608
        kept = self._connection.execute(
            f"SELECT key, position FROM records_{table} WHERE key IS NOT NULL "  # noqa: S608
            f"ORDER BY position DESC LIMIT {KEYS}"
        ).fetchall()
        trimmed = self._connection.execute(
            "SELECT key, position FROM trimmed_keys WHERE room = ? ORDER BY position DESC LIMIT ?",
            (table, KEYS - len(kept)),
        ).fetchall()
        return _Tail(table, last or 0, dict(chain(reversed(trimmed), reversed(kept))))

    def _create_room(self, room: str) -> int:
        self._begin()
        table = self._connection.execute("INSERT INTO rooms (name) VALUES (?)", (room,)).lastrowid
        if table is None:  # pragma: no cover - an INSERT of one row has one
            raise Unavailable(f"the log {self._path} gave the room no number")
        self._connection.execute(
            f"CREATE TABLE records_{table} (position INTEGER PRIMARY KEY, key TEXT, frame BLOB NOT NULL)"
        )
        self._commit()
        return table

    def _trim(self, tail: _Tail, before: int) -> bool:
        table, before = tail.table, min(before, tail.last)
        (first,) = self._connection.execute(f"SELECT min(position) FROM records_{table}").fetchone()  # noqa: S608
        if first is None or first >= before:
            return False
        cut = min(before, int(first) + TRIM_STEP)
        self._begin()
        for statement in _trimming(table):
            self._connection.execute(statement, {"room": table, "cut": cut, "keys": KEYS, "moved": MOVED})
        self._commit()
        return cut < before
