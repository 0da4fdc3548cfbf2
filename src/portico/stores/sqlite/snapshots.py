"""All snapshots that a log in a SQLite file keeps, to compare them; a server needs the newest alone."""

from __future__ import annotations

import sqlite3

from portico.ports import Snapshot
from portico.stores.sqlite.reader import room_id
from portico.stores.sqlite.schema import unseal


def kept_snapshots(connection: sqlite3.Connection, room: str) -> list[Snapshot]:
    """Return the snapshots of a room whose checksums are right, oldest first."""
    rows = connection.execute(
        "SELECT position, frame FROM snapshots WHERE room = ? ORDER BY position", (room_id(connection, room),)
    ).fetchall()
    bodies = [(position, unseal(frame, position)) for position, frame in rows]
    return [Snapshot(position, body) for position, body in bodies if body is not None]
