"""The room as a server holds it: what may be asked of it, and what comes of the answers.

    join, say, tell... ──refuse──> error at once, nothing is written
                        └─propose─> outbox ──> log ──> committed ──> reducer ──> entries, answers

Methods that change something return a `Later` of an `Outcome`, or raise at once what the applied state
already forbids. Reading is for everyone: `state`, `tail`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from portico.model.entries import Entry
from portico.model.errors import NameTaken, NotFound, PorticoError
from portico.model.later import Later
from portico.model.records import Erase, Join, Leave, Limits, Record, Rename, Resume, Say, decode
from portico.ports import Stored
from portico.room.forecast import Forecast
from portico.room.names import fold
from portico.room.outbox import Outbox
from portico.room.reducer import Outcome, apply, content_digest, ended, known_key, nobody
from portico.room.state import Session, State
from portico.room.tail import Tail

Address = tuple[str, int]
"""Host and port of a client, as its server sees it."""


@dataclass(slots=True)
class Applied:
    """What a committed batch came to: entries for everybody who follows, answers for those who wait."""

    entries: list[Entry] = field(default_factory=list)
    answers: list[tuple[Later, Outcome]] = field(default_factory=list)
    erase: list[int] = field(default_factory=list)


class Room:
    """One room on one server; `node` is the epoch of that server's run."""

    def __init__(self, name: str, node: str, state: State) -> None:
        """Go on from a restored state."""
        self.name = name
        self.node = node
        self.state = state
        self.tail = Tail()
        self.outbox = Outbox(name, node)
        self._forecast = Forecast(state)
        self._last = state.at

    # What may be asked

    def limit(self, now: int, max_clients: int) -> Later:
        """Set how many places there are."""
        return self._propose(Limits(self._at(now), max_clients))

    def join(self, now: int, name: str | None, address: Address, secret: str) -> Later:
        """Begin a session; raise `Full` or `NameTaken`. Without a name it gets the next `ClientN`."""
        return self._propose(self._join(now, name, address, secret))

    def resume(self, now: int, secret: str, address: Address) -> tuple[Session, Later]:
        """Continue the session of a secret's digest; raise `NotFound`, `Full` or `NameTaken`."""
        session = self.state.resumable(secret, now)
        if session is None:
            raise NotFound("no session can be continued with this secret; join with a name instead")
        back = session.disconnected is not None
        if back:
            self._check(self._forecast.refuse_place(session.name))
        record = Resume(self._at(now), session.id, session.name, *address, self.node, back)
        return session, self._propose(record)

    def rename(self, now: int, session: int, name: str) -> Later:
        """Give a session another name; raise `NameTaken`, or `NotFound` when it is over."""
        old = self.speaker(session)
        if fold(name) != fold(old.name):
            self._check(self._forecast.refuse_name(name))
        return self._propose(Rename(self._at(now), session, old.name, name))

    def leave(self, now: int, session: int, reason: str = "") -> Later:
        """End a session; comes true in the end, whatever happens to the disk meanwhile."""
        old = self.speaker(session)
        return self._propose(Leave(self._at(now), session, old.name, reason), lasting=True)

    def say(self, now: int, session: int, text: str, key: str = "") -> Later:
        """Say something to all."""
        return self._known(key, text, "") or self._speak(now, session, text, key)

    def say_as(self, now: int, session: int, name: str, text: str, key: str = "") -> Later:
        """Say something to all under a name that no session holds (but perhaps the speaker's own)."""
        known = self._known(key, text, "")
        if known is not None:
            return known
        held = self.state.names.get(fold(name), session)
        if held != session:
            raise NameTaken(name)
        return self._propose(Say(self._at(now), session, name, text, key))

    def tell(self, now: int, session: int, to: str, text: str, key: str = "") -> Later:
        """Say something to the session that holds a name now; raise `NotFound`."""
        return self._known(key, text, to) or self._speak(now, session, text, key, self.addressee(to))

    def join_and_say(
        self, now: int, address: Address, secret: str, text: str, key: str = "", to: str = ""
    ) -> Later:
        """Begin a session with its first message: both come true, or neither."""
        known = self._known(key, text, to)
        if known is not None:
            return known
        other = self.addressee(to) if to else None
        join = self._join(now, None, address, secret)
        say = Say(join.at, join.session, join.name, text, key, join=join)
        if other is not None:
            say.to, say.to_name = other.id, other.name
        return self._propose(say)

    def erase(self, now: int, session: int, seq: int) -> Later:
        """Let the text of an entry be gone; who may is the caller's to know."""
        return self._propose(Erase(self._at(now), session, seq, self.state.ordinals.position_of(seq)))

    # What others ask while they answer

    def speaker(self, session: int) -> Session:
        """Return an open session; raise `NotFound` when it is over."""
        found = self.state.open_session(session)
        if found is None:
            raise ended()
        return found

    def addressee(self, name: str) -> Session:
        """Return the session that holds a name now; raise `NotFound`."""
        session = self.state.names.get(fold(name))
        if session is None:
            raise nobody(name)
        return self.state.sessions[session]

    # How a proposal comes to be, and to an end

    def _at(self, now: int) -> int:
        self._last = max(self._last, now)
        return self._last

    @staticmethod
    def _check(error: PorticoError | None) -> None:
        if error is not None:
            raise error

    def _known(self, key: str, text: str, to: str) -> Later | None:
        outcome = known_key(self.state, key, content_digest(text, to)) if key else None
        if outcome is None:
            return None
        self._check(outcome.error)
        later = Later()
        later.resolve(outcome)
        return later

    def _speak(self, now: int, session: int, text: str, key: str, other: Session | None = None) -> Later:
        name = self.speaker(session).name
        if other is None:
            return self._propose(Say(self._at(now), session, name, text, key))
        return self._propose(Say(self._at(now), session, name, text, key, other.id, other.name))

    def _join(self, now: int, name: str | None, address: Address, secret: str) -> Join:
        number = 0
        self._check(self._forecast.refuse_place(name or ""))
        if name is None:
            name, number = self._forecast.next_client()
        session = self._forecast.next_session()
        return Join(self._at(now), session, name, number, *address, secret, self.node)

    def _propose(self, record: Record, *, lasting: bool = False) -> Later:
        done = Later()
        self.outbox.propose(record, done, lasting=lasting)
        effect = _effect(record)
        if effect:
            self._forecast.expect(**effect)
        return done

    def committed(self, position: int) -> Applied:
        """Apply the batch in flight, whose last record stands at `position`."""
        applied = Applied()
        for place, proposal in self.outbox.committed(position):
            outcome = apply(self.state, place, proposal.record)
            effect = _effect(proposal.record)
            if effect:
                self._forecast.settled(**effect)
            applied.entries += outcome.entries
            applied.answers.append((proposal.done, outcome))
            if outcome.erase:
                applied.erase.append(outcome.erase)
        self.tail.extend(applied.entries)
        return applied

    def failed(self, error: PorticoError) -> Applied:
        """Give the batch in flight up; its proposers get the error, except where it must come true."""
        applied = Applied()
        for proposal in self.outbox.failed():
            self._forecast.settled(**_effect(proposal.record))
            applied.answers.append((proposal.done, Outcome(error=error)))
        return applied

    def replay(self, records: Iterable[Stored]) -> list[int]:
        """Apply records read back at start; return the positions whose text has to go."""
        erase = []
        for stored in records:
            outcome = apply(self.state, stored.position, decode(stored.body))
            self.tail.extend(outcome.entries)
            if outcome.erase:
                erase.append(outcome.erase)
        self._last = self.state.at
        return erase


def _effect(record: Record) -> dict[str, str]:
    """Return the names that a record will take and free, for the forecast; mostly none."""
    kind = type(record)
    if kind is Say:
        join = record.join  # type: ignore[union-attr]
        return NO_EFFECT if join is None else {"coming": join.name}
    return _EFFECTS[kind](record) if kind in _EFFECTS else NO_EFFECT


NO_EFFECT: dict[str, str] = {}
_EFFECTS: dict[type[Any], Callable[[Any], dict[str, str]]] = {
    Join: lambda record: {"coming": record.name},
    Resume: lambda record: {"coming": record.name} if record.back else {},
    Rename: lambda record: {"coming": record.name, "going": record.sender},
    Leave: lambda record: {"going": record.sender},
}
