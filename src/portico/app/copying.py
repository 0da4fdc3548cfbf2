"""Backing up a log while its server runs, and saying up to where the copy reaches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portico.app.check import size_of
from portico.app.reading import LogFile, reading, require_log
from portico.model.records import decode
from portico.room.reducer import apply
from portico.room.snapshots import thaw
from portico.room.state import State
from portico.stores.sqlite.tools import backup


@dataclass(frozen=True, slots=True)
class Copy:
    """What a backup holds: its bytes, and the number and instant of its newest entry (0 for none)."""

    size: int
    entry: int
    at: int


def copy(path: Path, destination: Path) -> Copy:
    """Copy a log and verify the copy; raise `NotFound`, `Refused`, `NoSpace` or `Unavailable`."""
    require_log(path)
    backup(path, destination)
    with reading(destination) as file:
        state = newest_state(file)
    # What SQLite leaves beside a database that was only read; nobody else has opened this one yet.
    for rest in ("-wal", "-shm"):
        destination.with_name(destination.name + rest).unlink(missing_ok=True)
    return Copy(size_of(destination), state.seq, state.at)


def newest_state(file: LogFile) -> State:
    """Return the state at the end of a log, from its newest snapshot."""
    state = thaw(file.snapshots[-1] if file.snapshots else None)
    for stored in file.records(state.position or None):
        apply(state, stored.position, decode(stored.body))
    return state
