"""Reading a log in a SQLite file: plain functions over a connection, each one transaction of its own.

The server calls them in the thread of its read-only connection, where they wait for no commit; `portico log`
calls them as they are. Every record is compared with its checksum. Errors: `sqlite3.Error` as it comes, and
`Unavailable` for a record that is not what was written.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from portico.ports import Bounds, Snapshot, Stored
from portico.stores.sqlite.errors import damaged
from portico.stores.sqlite.schema import select_records, unseal


def identity(connection: sqlite3.Connection) -> str:
    """Return the random id of the log."""
    (value,) = connection.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
    return str(value)


def room_id(connection: sqlite3.Connection, room: str) -> int | None:
    """Return the number of a room's table, or None for a room nothing was ever written to."""
    row = connection.execute("SELECT id FROM rooms WHERE name = ?", (room,)).fetchone()
    return None if row is None else int(row[0])


def read(connection: sqlite3.Connection, path: Path, room: str, after: int, limit: int) -> list[Stored]:
    """Return up to `limit` records after a position; what was erased comes as what stands in its place."""
    table = room_id(connection, room)
    if table is None:
        return []
    page = f"{select_records(table)} WHERE r.position > ? ORDER BY r.position LIMIT ?"
    rows = connection.execute(page, (after, limit)).fetchall()
    return [Stored(position, _whole(frame, position, path, room)) for position, frame in rows]


def _whole(frame: bytes, position: int, path: Path, room: str) -> bytes:
    body = unseal(frame, position)
    if body is None:
        raise damaged(path, f"record {position} of room {room} is not what was written")
    return body


def head(connection: sqlite3.Connection, room: str) -> Bounds:
    """Return the oldest and newest position kept."""
    table = room_id(connection, room)
    if table is None:
        return Bounds(1, 0)
    # Two subqueries: only a lone min() or max() is looked up at the end of the b-tree, both together scan it.
    first, last = connection.execute(
        f"SELECT (SELECT min(position) FROM records_{table}), (SELECT max(position) FROM records_{table})"  # noqa: S608
    ).fetchone()
    return Bounds(1, 0) if last is None else Bounds(first, last)


def first(connection: sqlite3.Connection, room: str) -> int:
    """Return the oldest position kept, of a room that has one, whatever stands at the end of the file."""
    (position,) = connection.execute(
        f"SELECT min(position) FROM records_{room_id(connection, room)}"  # noqa: S608 - a number of ours
    ).fetchone()
    return int(position)


def load_snapshot(connection: sqlite3.Connection, room: str) -> Snapshot | None:
    """Return the newest snapshot whose checksum is right."""
    for position, frame in connection.execute(
        "SELECT position, frame FROM snapshots WHERE room = (SELECT id FROM rooms WHERE name = ?) "
        "ORDER BY position DESC",
        (room,),
    ).fetchall():
        body = unseal(frame, position)
        if body is not None:
            return Snapshot(position, body)
    return None
