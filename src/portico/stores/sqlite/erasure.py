"""Erasing a record so that its bytes are in no file of the log any more.

Three places hold them. The row: it is overwritten by zeros of the same length, which SQLite does in place and
without moving a neighbour; what remains of the record goes into the table `erased`. Stale copies: SQLite
makes them when it moves records between pages, which appends never do and trimming does to records just above
the cut; for those few the whole file is written anew first. The WAL: it is moved into the database and cut,
after an erasure and whenever a log is opened, so that a server killed in between leaves nothing either.
"""

from __future__ import annotations

import sqlite3

from portico.stores.sqlite.schema import seal

MOVED = 2_048
"""Records above a cut that may have been moved: those of three pages, at most 300 on each."""

WIPE_WAIT_MS = 5_000
"""How long the WAL waits for readers of another process; appends wait as long."""


def erase(connection: sqlite3.Connection, table: int, position: int, remainder: bytes) -> None:
    """Put `remainder` in the place of a record, if it is kept; commits."""
    (swept,) = connection.execute("SELECT swept FROM rooms WHERE id = ?", (table,)).fetchone()
    if position < swept:
        connection.execute("VACUUM")
        connection.execute("UPDATE rooms SET swept = 0")
    _overwrite(connection, table, position, remainder)


def _overwrite(connection: sqlite3.Connection, table: int, position: int, remainder: bytes) -> None:
    connection.execute("BEGIN IMMEDIATE")
    # The checksum is in the frame and goes too, for it would confirm a guess.
    done = connection.execute(
        f"UPDATE records_{table} SET frame = zeroblob(length(frame)) WHERE position = ?",  # noqa: S608
        (position,),
    )
    if done.rowcount:
        row = (table, position, seal(remainder, position))
        connection.execute("INSERT OR REPLACE INTO erased VALUES (?,?,?)", row)
    connection.execute("COMMIT")


def empty_wal(connection: sqlite3.Connection) -> bool:
    """Move the WAL into the database and cut it to nothing; return False when a reader stood in the way."""
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {WIPE_WAIT_MS}").fetchall()
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}").fetchall()
    return not busy
