"""What the proposals under way will have changed, should they all come true.

One server is the only proposer on one machine, so that looking ahead over its own proposals makes its
refusals exact: two joins in one batch are not both promised the last place, a place that is being left can
be asked for at once, numbers are given in order, and who speaks right after a rename speaks under the new
name. With several servers it is a forecast; the reducer has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from portico.model.errors import Full, NameTaken, PorticoError
from portico.model.later import Later
from portico.model.records import Join, Leave, Record, Rename, Resume, Say
from portico.room.names import fold, numbered
from portico.room.state import State

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Ahead(Generic[K, V]):
    """Values to come: the last one expected of a key counts until nothing about that key is under way."""

    def __init__(self) -> None:
        self._values: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        found = self._values.get(key)
        return None if found is None else found[0]

    def expect(self, key: K, value: V) -> None:
        found = self._values.get(key)
        self._values[key] = (value, 1 if found is None else found[1] + 1)

    def settle(self, key: K) -> None:
        value, count = self._values.pop(key)
        if count > 1:
            self._values[key] = (value, count - 1)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a session will be: its name, whether it takes a place, and how often it was continued."""

    name: str
    present: bool
    resumed: int = 0


NOBODY = Prospect("", present=False)


@dataclass(frozen=True, slots=True)
class _Change:
    """What one proposal does: a session becomes `prospect`, names change hands, places are taken or freed."""

    session: int
    prospect: Prospect
    holders: dict[str, int]
    places: int


class Forecast:
    """Places, names, sessions and numbers as they will be."""

    def __init__(self, state: State) -> None:
        """Look ahead of a state."""
        self._state = state
        self._under_way: dict[Later, _Change] = {}
        self._sessions: _Ahead[int, Prospect] = _Ahead()
        self._holders: _Ahead[str, int] = _Ahead()
        self._places = 0
        self._number = 0
        self._session = 0

    def prospect(self, session: int) -> Prospect:
        """Return what a session will be."""
        coming = self._sessions.get(session)
        if coming is not None:
            return coming
        now = self._state.sessions.get(session)
        if now is None:
            return NOBODY
        return Prospect(now.name, now.disconnected is None, now.resumed)

    def name(self, session: int) -> str | None:
        """Return the name that a session will have, None when it will not take a place."""
        if self._under_way:
            prospect = self.prospect(session)
            return prospect.name if prospect.present else None
        now = self._state.sessions.get(session)
        return now.name if now is not None and now.disconnected is None else None

    def holder(self, name: str) -> int:
        """Return the session that will hold a name, 0 when none will."""
        folded = fold(name)
        coming = self._holders.get(folded)
        return self._state.names.get(folded, 0) if coming is None else coming

    def refuse_place(self, name: str) -> PorticoError | None:
        """Return why no further session can begin under a name, or None when it can."""
        taken = len(self._state.names) + self._places
        if taken >= self._state.max_clients:
            return Full(taken, self._state.max_clients)
        return self.refuse_name(name)

    def refuse_name(self, name: str, session: int = 0) -> PorticoError | None:
        """Return why a session (0: one without places and names) cannot use a name, or None when it can."""
        return NameTaken(name) if self.holder(name) not in (0, session) else None

    def next_client(self) -> tuple[str, int]:
        """Return the next `ClientN` and its N."""
        number = max(self._number + 1, self._state.next_number)
        return numbered(number), number

    def next_session(self) -> int:
        """Return the next session's id."""
        return max(self._session + 1, self._state.next_session)

    def expect(self, done: Later, record: Record) -> None:
        """Look beyond a proposal, until `done` is settled."""
        if type(record) is Say and record.join is None:
            return
        change = self._change(record)
        if change is None:
            return
        self._under_way[done] = change
        self._places += change.places
        self._sessions.expect(change.session, change.prospect)
        for folded, holder in change.holders.items():
            self._holders.expect(folded, holder)

    def settled(self, done: Later) -> None:
        """Take back what was expected of a proposal: the state knows now, or it will not come true."""
        change = self._under_way.pop(done, None) if self._under_way else None
        if change is None:
            return
        self._places -= change.places
        self._sessions.settle(change.session)
        for folded in change.holders:
            self._holders.settle(folded)
        if not self._under_way:
            self._number = self._session = 0

    def _change(self, record: Record) -> _Change | None:
        if type(record) is Say:
            return None if record.join is None else self._join(record.join)
        change = _CHANGES.get(type(record))
        return None if change is None else change(self, record)

    def _join(self, join: Join) -> _Change:
        self._session = join.session
        self._number = max(self._number, join.number)
        return _Change(join.session, Prospect(join.name, present=True), {fold(join.name): join.session}, 1)

    def _resume(self, resume: Resume) -> _Change:
        before = self.prospect(resume.session)
        prospect = Prospect(resume.name, present=True, resumed=before.resumed + 1)
        holders = {fold(resume.name): resume.session} if resume.back else {}
        return _Change(resume.session, prospect, holders, int(resume.back))

    def _rename(self, rename: Rename) -> _Change:
        prospect = replace(self.prospect(rename.session), name=rename.name)
        holders = {fold(rename.sender): 0, fold(rename.name): rename.session}
        return _Change(rename.session, prospect, holders, 0)

    def _leave(self, leave: Leave) -> _Change | None:
        before = self.prospect(leave.session)
        if before.resumed != leave.resumed:
            return None
        return _Change(leave.session, replace(before, present=False), {fold(leave.sender): 0}, -1)


_CHANGES: dict[type[Any], Callable[[Forecast, Any], _Change | None]] = {
    Join: Forecast._join,  # noqa: SLF001 - a table of its own methods
    Resume: Forecast._resume,  # noqa: SLF001
    Rename: Forecast._rename,  # noqa: SLF001
    Leave: Forecast._leave,  # noqa: SLF001
}
