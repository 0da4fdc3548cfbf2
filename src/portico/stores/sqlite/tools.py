"""What an operator does with the log of a SQLite file from outside: check it, copy it.

Both work while a server writes the log, take no lock, and read one state of it as it was at one moment.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from portico.model.errors import Refused, Unavailable
from portico.stores.places import sync_directory
from portico.stores.sqlite.errors import in_port_terms, is_damage, opening
from portico.stores.sqlite.schema import open_reading, select_records, unseal


def verify(path: Path) -> list[str]:
    """Read a whole log and return what is wrong with it, one sentence each; nothing for a sound one.

    Raises `Refused` when there is no log to be read at all.
    """
    try:
        connection = open_reading(path)
    except Refused as refused:
        if isinstance(refused.__cause__, sqlite3.Error) and is_damage(refused.__cause__):
            return [f"the file cannot be read: {refused.__cause__}"]
        raise
    with contextlib.closing(connection):
        problems = list(_structure(connection))
        try:
            connection.execute("BEGIN")
            for room, name in connection.execute("SELECT id, name FROM rooms ORDER BY id").fetchall():
                problems += _records(connection, room, name)
                problems += _snapshots(connection, room, name)
        except sqlite3.Error as error:
            problems.append(f"reading stopped: {error}")
    return problems


def backup(path: Path, destination: Path) -> None:
    """Copy a log, also one in use, to a path where nothing is yet; the copy appears whole and verified.

    Raises `Refused` when the log cannot be read or the destination is taken, `Unavailable` or `NoSpace` when
    copying fails; then nothing of the copy remains.
    """
    if destination.exists():
        raise Refused(f"{destination} exists already; give a path where nothing is")
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.partial")
    try:
        _copy(path, temporary)
        if problems := verify(temporary):
            raise Unavailable(f"the log {path} was not copied, because it is damaged: {problems[0]}")
        _publish(temporary, destination)
    finally:
        for rest in ("", "-wal", "-shm"):
            temporary.with_name(temporary.name + rest).unlink(missing_ok=True)


def _structure(connection: sqlite3.Connection) -> Iterator[str]:
    try:
        findings = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(100)")]
    except sqlite3.Error as error:
        findings = [str(error)]
    if findings != ["ok"]:
        yield from (line for finding in findings for line in finding.splitlines())


def _records(connection: sqlite3.Connection, room: int, name: str) -> Iterator[str]:
    expected = None
    for position, frame in connection.execute(f"{select_records(room)} ORDER BY r.position"):
        if expected is not None and position != expected:
            yield f"room {name}: records {expected} to {position - 1} are missing"
        if unseal(frame, position) is None:
            yield f"room {name}: record {position} is not what was written"
        expected = position + 1


def _snapshots(connection: sqlite3.Connection, room: int, name: str) -> Iterator[str]:
    for position, frame in connection.execute(
        "SELECT position, frame FROM snapshots WHERE room = ? ORDER BY position", (room,)
    ):
        if unseal(frame, position) is None:
            yield f"room {name}: the snapshot after {position} is not what was written"


def _copy(path: Path, temporary: Path) -> None:
    with contextlib.closing(open_reading(path)) as source, in_port_terms(path):
        try:
            os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise Refused(f"{temporary} cannot be created: {error.strerror}") from error
        # All pages in one step: a copy in several would begin again whenever the server commits.
        with opening(temporary), contextlib.closing(sqlite3.connect(temporary)) as target:
            source.backup(target)


def _publish(temporary: Path, destination: Path) -> None:
    with temporary.open("rb") as copy:
        os.fsync(copy.fileno())
    try:
        # Unlike a rename, a link never replaces what another has put there meanwhile.
        destination.hardlink_to(temporary)
    except OSError as error:
        raise Refused(f"{destination} cannot be written: {error.strerror}") from error
    sync_directory(destination.parent)
