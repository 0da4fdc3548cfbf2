"""Checking a log: is it whole, and does it mean what its snapshots say?

Two passes. The first is the store's: SQLite's own integrity check, every checksum, positions without a gap.
The second only where the first found nothing: every record is decoded and goes through the reducer, and at
each snapshot the state that came of the records is compared with the one that was kept. A log whose beginning
was trimmed is replayed from the oldest snapshot that its records go on from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from portico.app.reading import LogFile, Progress, reading, require_log
from portico.model.entries import Entry, Message, Presence, entries_of
from portico.model.errors import PorticoError
from portico.model.records import decode
from portico.ports import Snapshot, Stored
from portico.room.ordinals import Ordinals
from portico.room.reducer import apply
from portico.room.snapshots import thaw
from portico.room.state import State
from portico.stores.sqlite.tools import verify


@dataclass(slots=True)
class Findings:
    """What a log holds, and what is wrong with it: one sentence each."""

    size: int
    problems: list[str] = field(default_factory=list)
    records: tuple[int, int] = (1, 0)
    entries: tuple[int, int] = (1, 0)
    sessions: int = 0
    messages: int = 0
    since: int = 0
    until: int = 0
    snapshots: list[int] = field(default_factory=list)
    """Positions of the snapshots that agree with the records."""

    def count(self, entries: list[Entry] | tuple[Entry, ...]) -> None:
        """Take note of what a record made."""
        for entry in entries:
            self.since = self.since or entry.at
            self.until = entry.at
            self.sessions += isinstance(entry, Presence) and entry.change == "joined"
            self.messages += isinstance(entry, Message)


def check(path: Path, progress: Progress) -> Findings:
    """Read a whole log; raise `NotFound` or `Refused` when there is none to be read."""
    require_log(path)
    findings = Findings(size_of(path))
    findings.problems += verify(path)
    if not findings.problems:
        with reading(path) as file:
            _Replay(file, findings).run(progress)
    return findings


def size_of(path: Path) -> int:
    """Return the bytes of a log on the disk, what its server has not yet moved into it included."""
    wal = path.with_name(path.name + "-wal")
    return path.stat().st_size + (wal.stat().st_size if wal.exists() else 0)


class _Replay:
    """The second pass."""

    def __init__(self, file: LogFile, findings: Findings) -> None:
        self._file, self._findings = file, findings
        self._due = {snapshot.position: snapshot for snapshot in file.snapshots}
        self._state = State()

    def run(self, progress: Progress) -> None:
        first, last = self._file.bounds.first, self._file.bounds.last
        if self._complete(first, last) and self._begin():
            begin = self._state.ordinals.first_after(first - 1) if self._file.base else 1
            try:
                for stored in self._file.records():
                    self._take(stored)
                    progress(stored.position - first + 1, last - first + 1)
            except PorticoError as error:
                self._findings.problems.append(error.sentence)
            self._findings.records = first, last
            self._findings.entries = begin, self._state.seq

    def _complete(self, first: int, last: int) -> bool:
        """Tell whether the records go on from a snapshot, and up to the newest one."""
        newest = max(self._due, default=0)
        if first > 1 and self._file.base is None:
            self._findings.problems.append(f"records 1 to {first - 1} are missing")
        if last < newest:
            self._findings.problems.append(f"records {last + 1} to {newest} are missing")
        return not self._findings.problems

    def _begin(self) -> bool:
        base = self._file.base
        if base is None:
            return True
        state = self._restored(base)
        if state is not None:
            self._state = state
            self._findings.snapshots.append(base.position)
        return state is not None

    def _take(self, stored: Stored) -> None:
        record = decode(stored.body)
        if stored.position <= self._state.position:
            # It is older than the snapshot the replay begins with: that knows whether it came true.
            seq = made(self._state.ordinals, stored.position, self._state.seq)
            self._findings.count(entries_of(record, seq) if seq else [])
            return
        self._findings.count(list(apply(self._state, stored.position, record).entries))
        if stored.position in self._due:
            self._compare(self._due[stored.position])

    def _compare(self, snapshot: Snapshot) -> None:
        theirs = self._restored(snapshot)
        if theirs is None:
            return
        # The server forgets which record made an entry once that is trimmed; so does the replay.
        starts, _ = theirs.ordinals.runs()
        self._state.ordinals.forget_before(starts[0] if starts else 1)
        if self._state.digest() == theirs.digest():
            self._findings.snapshots.append(snapshot.position)
        else:
            self._findings.problems.append(
                f"the snapshot after record {snapshot.position} does not agree with the records"
            )

    def _restored(self, snapshot: Snapshot) -> State | None:
        try:
            return thaw(snapshot)
        except PorticoError as error:
            self._findings.problems.append(error.sentence)
        except (ValueError, TypeError, KeyError, IndexError):
            self._findings.problems.append(
                f"the snapshot after record {snapshot.position} cannot be understood"
            )
        return None


def made(ordinals: Ordinals, position: int, head: int) -> int:
    """Return the number of the first entry that a record made, 0 when it came to nothing."""
    seq = ordinals.first_after(position - 1)
    return seq if seq <= head and ordinals.position_of(seq) == position else 0
