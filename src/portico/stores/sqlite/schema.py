"""How a log lies in a SQLite file, and how such a file is opened, refused or brought up to date.

    meta(name, value)              identity: the random id of this log
    rooms(id, name, swept)         which table a room's records are in; `swept`: see erasure
    records_<id>(position, key, frame)   one table per room; the last record of a batch has its key
    erased(room, position, frame)  what stands in the place of an erased record
    trimmed_keys(room, position, key)    keys whose records were trimmed, so that they stay remembered
    snapshots(room, position, frame)     the newest two of a room

A frame is four bytes of CRC-32 and the body (see `seal`). A room has a table of its own, with the position as
rowid, because then every append goes to the right end of a b-tree and SQLite never moves a record from one
page to another. Measured with one table for all rooms, or WITHOUT ROWID: pages that were split keep stale
copies of records in their unused part, secure_delete does not reach them, and of 300 erased texts one to four
could still be read in the file.

Opening never changes a file it refuses. Damage is looked for with `PRAGMA quick_check` up to `CHECK_LIMIT`;
a larger log is not read through at every start. Of any log the newest records and the snapshots are
compared with their checksums, and every record is when it is read. `portico log check` reads everything.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from portico.model.errors import Refused
from portico.stores.sqlite.errors import damage_sentence, opening

Sync = Literal["full", "normal"]

APPLICATION_ID = 0x506F7274
"""`Port` in ASCII, in the header of the file: `file(1)` and we can tell whose database it is."""

CHECK_LIMIT = 64 * 1024 * 1024
"""Bytes of a log that is checked at every start. What costs is reading it, for after the machine itself was
restarted nothing of it is in memory: 200 MB took 2.2 s then, and 0.2 to 0.4 s once they were."""

TAIL = 1_000
"""Newest records of each room whose checksums are compared at the start."""

BUSY_WAIT = 60.0
"""Seconds to wait for another program that has locked the database."""

OLDEST_SQLITE = (3, 33, 0)
"""It has `iif` and the name `sqlite_schema`; Debian 11 has 3.34."""

CHECKPOINT_PAGES = 1_000
"""Pages (4 KiB) in the WAL before they are moved into the database; bounds the WAL to about 4 MiB.

The commit that moves them pays. Appends of 64 rows with fsync, in ms: 250 pages p99 1.7 to 4.0, worst 61;
1,000 pages p99 1.5 to 3.2, worst 14; 4,000 pages p99 0.7, worst 39; 16,000 pages p99 0.8, worst 154. Single
rows: p99 0.3 to 0.5 for all. A pause that people notice is worse than 3 ms once in fifty commits.
"""


def seal(body: bytes, position: int) -> bytes:
    """Return the frame of a body: a CRC-32 that starts from the position, so that a misplaced one shows."""
    return zlib.crc32(body, position & 0xFFFFFFFF).to_bytes(4, "big") + body


def unseal(frame: bytes, position: int) -> bytes | None:
    """Return the body of a frame, or None when it is not what was written there."""
    body = frame[4:]
    return body if frame[:4] == zlib.crc32(body, position & 0xFFFFFFFF).to_bytes(4, "big") else None


def select_records(table: int) -> str:
    """Return the SELECT of position and frame of a room's records `r`, of the erased ones what remains."""
    return (
        f"SELECT r.position, coalesce(e.frame, r.frame) FROM records_{table} r "  # noqa: S608 - a number of ours
        f"LEFT JOIN erased e ON e.room = {table} AND e.position = r.position"
    )


def _create(connection: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT UNIQUE, swept INTEGER DEFAULT 0)",
        "CREATE TABLE erased (room INTEGER, position INTEGER, frame BLOB, PRIMARY KEY (room, position))",
        "CREATE TABLE trimmed_keys (room INTEGER, position INTEGER, key TEXT, PRIMARY KEY (room, position))",
        "CREATE TABLE snapshots (room INTEGER, position INTEGER, frame BLOB, PRIMARY KEY (room, position))",
        f"PRAGMA application_id = {APPLICATION_ID}",
    ):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('identity', ?)", (secrets.token_hex(8),))


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create,)
"""Step n brings a log of format n to format n + 1; a released step is never changed."""


def open_writing(path: Path, sync: Sync) -> sqlite3.Connection:
    """Open or create a log to be written; raise `Refused`."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise Refused(
            f"SQLite {sqlite3.sqlite_version} is too old; {'.'.join(map(str, OLDEST_SQLITE))} is needed"
        )
    _create_private(path)
    with opening(path):
        connection = sqlite3.connect(path, timeout=BUSY_WAIT, isolation_level=None, check_same_thread=False)
        try:
            _accept(connection, path)
            _configure(connection, sync)
            _migrate(connection)
            refuse_damage(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def open_reading(path: Path, *, damaged: bool = False) -> sqlite3.Connection:
    """Open a log that exists, to be read only, beside the server that may be writing it; raise `Refused`.

    With `damaged` also one whose end is cut off.
    """
    if not path.exists():
        raise Refused(f"there is no log at {path}; give the path of one")
    with opening(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_WAIT,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if damaged:
                # Only with this does SQLite open a file that is shorter than its header says.
                connection.execute("PRAGMA writable_schema = ON")
            _refuse_older(_accept(connection, path), path)
        except BaseException:
            connection.close()
            raise
    return connection


def _create_private(path: Path) -> None:
    # SQLite gives its -wal and -shm files the same mode, and syncs the directory with the first commit.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise Refused(
            f"the log {path} cannot be created: {error.strerror}; check the directory's owner"
        ) from error


def _accept(connection: sqlite3.Connection, path: Path) -> int:
    """Return the format of a log, 0 for an empty file; refuse what is none, or too new."""
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if owner != APPLICATION_ID and (owner or version or tables):
        raise Refused(f"{path} is not a log of Portico; give another path or move that file away")
    if version > len(MIGRATIONS):
        raise Refused(
            f"the log {path} was written by a newer Portico "
            f"(format {version}, this one knows {len(MIGRATIONS)}); "
            "use that version, or export the log there and import it here"
        )
    return int(version)


def _refuse_older(version: int, path: Path) -> None:
    if version < len(MIGRATIONS):
        raise Refused(f"the log {path} is of format {version}; start the server once to bring it up to date")


def _configure(connection: sqlite3.Connection, sync: Sync) -> None:
    for pragma in (
        "journal_mode = WAL",
        f"synchronous = {'FULL' if sync == 'full' else 'NORMAL'}",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        # After one large transaction the WAL file shrinks again.
        f"journal_size_limit = {CHECKPOINT_PAGES * 4096}",
        "secure_delete = ON",
        # A plain fsync on macOS leaves the data in the drive's cache; elsewhere these two mean nothing.
        f"fullfsync = {'ON' if sync == 'full' else 'OFF'}",
        f"checkpoint_fullfsync = {'ON' if sync == 'full' else 'OFF'}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for step in MIGRATIONS[version:]:
        step(connection)
    if version < len(MIGRATIONS):
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def refuse_damage(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `Refused` when something of the log is found not to be as it was written."""
    if path.stat().st_size <= CHECK_LIMIT:
        (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if finding != "ok":
            raise Refused(damage_sentence(path, str(finding).splitlines()[-1]))
    for room, name in connection.execute("SELECT id, name FROM rooms").fetchall():
        if what := _bad_tail(connection, room) or _bad_snapshots(connection, room):
            raise Refused(damage_sentence(path, f"room {name}: {what}"))


def _bad_tail(connection: sqlite3.Connection, room: int) -> str:
    newest = connection.execute(f"{select_records(room)} ORDER BY r.position DESC LIMIT {TAIL}")
    for position, frame in newest:
        if unseal(frame, position) is None:
            return f"record {position} is not what was written"
    return ""


def _bad_snapshots(connection: sqlite3.Connection, room: int) -> str:
    rows = connection.execute("SELECT position, frame FROM snapshots WHERE room = ?", (room,)).fetchall()
    if rows and all(unseal(frame, position) is None for position, frame in rows):
        return "no snapshot is whole"
    return ""
