"""What has to be known of a whole log before its first line can be exported.

The log is replayed once: only the reducer knows which records came true, and what state an import has to
arrive at. The survey keeps the few positions that are not exported as they stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from portico.app.check import made
from portico.app.reading import LogFile, Progress
from portico.model.errors import Refused
from portico.model.records import Erased, File, Limits, Record, Say, decode, encode
from portico.room.limits import KEY_BYTES
from portico.room.reducer import Outcome, apply
from portico.room.snapshots import thaw
from portico.room.state import State

NOTHING = b'{"v":1,"do":"nothing"}'
"""A record that every server skips; no kind of record will ever have this name."""


def withheld_key(seq: int) -> str:
    """Return what stands for the key of entry `seq`: longer than a client's, so that it meets none."""
    return f"{'withheld':.<{KEY_BYTES}}{seq}"


class Survey:
    """One replay of a log; `state` is what comes of it."""

    def __init__(self, file: LogFile, *, damaged: bool) -> None:
        """Begin with an empty room, or where a trimmed log goes on from."""
        self._file, self._damaged = file, damaged
        self.blank: dict[int, bytes] = {}
        """Positions of messages that came to nothing, and the record that does as little."""
        self.tells: dict[int, int] = {}
        """Positions of tells that have a key, and the numbers of their entries."""
        self.doomed: set[int] = set()
        """Positions whose text has to go."""
        base = file.base
        if file.bounds.first > 1 and base is None and not damaged:
            raise Refused(f"the log {file.path} is damaged: its beginning is missing; run: portico log check")
        self.state = thaw(base)
        self._first = self.state.ordinals.first_after(file.bounds.first - 1)
        self._base = base
        self.base_lines: list[bytes] = []

    def run(self, progress: Progress) -> None:
        """Replay the log."""
        base, first = self.state.position, self._file.bounds.first
        for position, body in self.bodies():
            if body is not None:
                record = decode(body)
                if position <= base:
                    self._look_back(position, record)
                else:
                    self._look(position, record, apply(self.state, position, record))
            progress(position - first + 1, self._file.bounds.last - first + 1)
        if self._base is not None:
            self.base_lines = list(self._withhold(thaw(self._base)).lines())

    def bodies(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the positions and their records; None for what is damaged, where that is allowed."""
        if self._damaged:
            yield from self._file.readable()
        else:
            yield from ((stored.position, stored.body) for stored in self._file.records())

    def digest(self) -> str | None:
        """Return the digest of the state that an import arrives at."""
        return None if self._damaged else self._withhold(self.state).digest()

    def _look_back(self, position: int, record: Record) -> None:
        seq = made(self.state.ordinals, position, self.state.seq)
        if not isinstance(record, Say | Erased | File):
            return
        if not seq:
            self.blank[position] = NOTHING
        elif not isinstance(record, File) and record.to and record.key:
            self.tells[position] = seq + (record.join is not None)

    def _look(self, position: int, record: Record, outcome: Outcome) -> None:
        if outcome.erase:
            self.doomed.add(outcome.erase)
        if not isinstance(record, Say | Erased | File):
            return
        to = "" if isinstance(record, File) else record.to
        if outcome.entries:
            if to and record.key:
                self.tells[position] = outcome.seq
        elif outcome.error is None:
            # Its key had come before: nothing happened, but the room's time went on.
            self.blank[position] = encode(Limits(record.at, self.state.max_clients))
        elif not self._damaged or to:
            self.blank[position] = NOTHING

    def _withhold(self, state: State) -> State:
        """Replace the keys that do not come along, in their places."""
        tells = set(self.tells.values())
        kept = dict(state.keys)
        state.keys.clear()
        for key, (content, seq) in kept.items():
            if seq in tells or seq < self._first:
                state.keys[withheld_key(seq)] = ("", seq)
            else:
                state.keys[key] = (content, seq)
        return state
