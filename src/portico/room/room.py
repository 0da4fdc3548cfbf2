"""The room as a server holds it: what may be asked of it, and what comes of the answers.

    join, say, tell... ──refuse──> error at once, nothing is written
                        └─propose─> outbox ──> log ──> committed ──> reducer ──> entries, answers

Methods that change something return a `Later` of an `Outcome`, or raise at once what the applied state
already forbids. Reading is for everyone: `state`, `tail`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from portico.model.entries import Entry
from portico.model.errors import NotFound, PorticoError
from portico.model.files import FileChange
from portico.model.later import Later
from portico.model.records import Erase, File, Join, Leave, Limits, Record, Rename, Resume, Say, decode
from portico.ports import Stored
from portico.room.forecast import Forecast
from portico.room.names import fold
from portico.room.outbox import Outbox
from portico.room.reducer import Outcome, apply, ended, known_key, no_entry, nobody, sent_away
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
        """Continue the session of a secret's digest; raise `NotFound`, `Denied`, `Full` or `NameTaken`."""
        session = self.state.resumable(secret, now)
        if session is None:
            raise NotFound("no session can be continued with this secret; join with a name instead")
        if session.dropped:
            raise sent_away()
        prospect = self._forecast.prospect(session.id)
        back = not prospect.present
        if back:
            self._check(self._forecast.refuse_place(prospect.name))
        record = Resume(self._at(now), session.id, prospect.name, *address, self.node, back)
        return session, self._propose(record)

    def rename(self, now: int, session: int, name: str) -> Later:
        """Give a session another name; raise `NameTaken`, or `NotFound` when it is over."""
        old = self._sender(session)
        if name == old:
            return _at_once(Outcome())
        self._check(self._forecast.refuse_name(name, session))
        return self._propose(Rename(self._at(now), session, old, name))

    def leave(self, now: int, session: int, reason: str = "") -> Later:
        """End a session; comes true in the end, whatever happens to the disk meanwhile.

        While the session is being continued over another connection, it is the older one that leaves: then
        this comes true only if the other does not.
        """
        name = self._sender(session)
        found = self.state.sessions.get(session)
        resumed = 0 if found is None else found.resumed
        return self._propose(Leave(self._at(now), session, name, reason, resumed), lasting=True)

    def say(self, now: int, session: int, text: str, key: str = "") -> Later:
        """Say something to all."""
        known = self._known(key, text, "") if key else None
        return known or self._speak(now, session, text, key)

    def say_as(self, now: int, session: int, name: str, text: str, key: str = "") -> Later:
        """Say something to all under a name that no session holds (but perhaps the speaker's own)."""
        known = self._known(key, text, "")
        if known is not None:
            return known
        if session:
            self._sender(session)
        self._check(self._forecast.refuse_name(name, session))
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
        if not 1 <= seq <= self.state.seq:
            raise no_entry(seq)
        return self._propose(Erase(self._at(now), session, seq, self.state.ordinals.position_of(seq)))

    def file(self, now: int, change: FileChange) -> Later:
        """Tell what has happened to the files, once for each key; comes true in the end.

        It has happened whatever becomes of the log, so it also outlives a full disk.
        """
        if change.key in self.state.files:
            return _at_once(Outcome(seq=self.state.files[change.key]))
        author = change.author
        record = File(
            self._at(now),
            author.session,
            author.name,
            change.change,
            change.path,
            change.key,
            change.size,
            change.sha256,
            change.origin,
            change.count,
        )
        return self._propose(record, lasting=True)

    # What others ask while they answer

    def speaker(self, session: int) -> Session:
        """Return an open session; raise `NotFound` when it is over."""
        found = self.state.open_session(session)
        if found is None:
            raise ended()
        return found

    def open_with(self, secret: str) -> Session:
        """Return the open session of a secret's digest; raise `NotFound`."""
        found = self.state.open_session(self.state.secrets.get(secret, 0))
        if found is None:
            raise NotFound("no session that is here has this secret")
        return found

    def addressee(self, name: str) -> Session:
        """Return the session that holds a name now; raise `NotFound`."""
        session = self.state.names.get(fold(name))
        if session is None:
            raise nobody(name)
        return self.state.sessions[session]

    # How a proposal comes to be, and to an end

    def _sender(self, session: int) -> str:
        name = self._forecast.name(session)
        if name is None:
            raise ended()
        return name

    def _at(self, now: int) -> int:
        self._last = max(self._last, now)
        return self._last

    @staticmethod
    def _check(error: PorticoError | None) -> None:
        if error is not None:
            raise error

    def _known(self, key: str, text: str, to: str) -> Later | None:
        outcome = known_key(self.state, key, text, to) if key else None
        if outcome is None:
            return None
        self._check(outcome.error)
        return _at_once(outcome)

    def _speak(self, now: int, session: int, text: str, key: str, other: Session | None = None) -> Later:
        name = self._sender(session)
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
        self._forecast.expect(done, record)
        return done

    def committed(self, position: int) -> Applied:
        """Apply the batch in flight, whose last record stands at `position`."""
        applied = Applied()
        for place, proposal in self.outbox.committed(position):
            outcome = apply(self.state, place, proposal.record)
            self._forecast.settled(proposal.done)
            applied.entries += outcome.entries
            applied.answers.append((proposal.done, outcome))
            if outcome.erase:
                applied.erase.append(outcome.erase)
        self.tail.extend(applied.entries)
        return applied

    def failed(self, error: PorticoError) -> Applied:
        """Give up what is under way; its proposers get the error, except where it must come true."""
        refused, kept = self.outbox.failed(self._mend)
        self._forecast = Forecast(self.state)
        for proposal in kept:
            self._forecast.expect(proposal.done, proposal.record)
        return Applied(answers=[(proposal.done, Outcome(error=error)) for proposal in refused])

    def _mend(self, record: Record) -> Record:
        """Return a leave under the name that its session has, now that a rename before it has failed."""
        if isinstance(record, Leave) and record.session in self.state.sessions:
            return replace(record, sender=self.state.sessions[record.session].name)
        return record

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


def _at_once(outcome: Outcome) -> Later:
    """Return the answer to what needs no record."""
    later = Later()
    later.resolve(outcome)
    return later
