"""What the proposals under way will have changed, should they all come true.

One server is the only proposer on one machine, so that counting its own proposals makes its refusals exact:
two joins in one batch are not both promised the last place, a place that is being left can be asked for at
once, and numbers are given in order. With several servers it is a forecast; the reducer has the last word.
"""

from __future__ import annotations

from portico.model.errors import Full, NameTaken, PorticoError
from portico.room.names import fold, numbered
from portico.room.state import State


class Forecast:
    """Places, names and numbers as they will be."""

    def __init__(self, state: State) -> None:
        """Look ahead of a state."""
        self._state = state
        self._places = 0
        self._coming: dict[str, int] = {}
        self._going: dict[str, int] = {}
        self._number = 0
        self._session = 0

    def refuse_place(self, name: str) -> PorticoError | None:
        """Return why no further session can begin under a name, or None when it can."""
        taken = len(self._state.names) + self._places
        if taken >= self._state.max_clients:
            return Full(taken, self._state.max_clients)
        return self.refuse_name(name)

    def refuse_name(self, name: str) -> PorticoError | None:
        """Return why a name cannot be taken, or None when it can."""
        folded = fold(name)
        held = folded in self._state.names and folded not in self._going
        return NameTaken(name) if held or folded in self._coming else None

    def next_client(self) -> tuple[str, int]:
        """Return the next `ClientN` and its N, and do not return it again."""
        self._number = max(self._number + 1, self._state.next_number)
        return numbered(self._number), self._number

    def next_session(self) -> int:
        """Return the next session's id, and do not return it again."""
        self._session = max(self._session + 1, self._state.next_session)
        return self._session

    def expect(self, *, coming: str = "", going: str = "") -> None:
        """Count a name that a proposal will take, and one that it will free."""
        self._places += bool(coming) - bool(going)
        _count(self._coming, coming, 1)
        _count(self._going, going, 1)

    def settled(self, *, coming: str = "", going: str = "") -> None:
        """Take back what `expect` counted: the state knows now, or it will not come true."""
        self._places -= bool(coming) - bool(going)
        _count(self._coming, coming, -1)
        _count(self._going, going, -1)


def _count(names: dict[str, int], name: str, step: int) -> None:
    if not name:
        return
    folded = fold(name)
    count = names.get(folded, 0) + step
    if count:
        names[folded] = count
    else:
        names.pop(folded, None)
