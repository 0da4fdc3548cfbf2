"""The reducer: one record after another makes the room's state. The only code that changes it.

Same records in the same order, same state, on every server and after every restart: no clock, no dice, no
look at the world. What was proposed in good faith and lost a race is applied as nothing: it gets no number,
and its proposer the error in the outcome.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portico.model.entries import Entry, entries_of
from portico.model.errors import Denied, Full, KeyReused, NameTaken, NotFound, PorticoError
from portico.model.records import (
    Erase,
    Erased,
    File,
    Join,
    Leave,
    Limits,
    Record,
    Rename,
    Resume,
    Say,
)
from portico.room.limits import KEYS_REMEMBERED
from portico.room.names import fold
from portico.room.state import Session, State


@dataclass(slots=True)
class Outcome:
    """What became of a record: the entries it made, or the error it met.

    `seq` is the number of its (last) entry; of the earlier one when the same key had come before. `erase` is
    the position whose text has to go, 0 for none; `clients` the places taken after a join.
    """

    seq: int = 0
    entries: Sequence[Entry] = ()
    error: PorticoError | None = None
    erase: int = 0
    clients: int = 0


def content_digest(text: str, to_name: str) -> str:
    """Return what two messages under one key must have in common: text and recipient."""
    return hashlib.blake2b(f"{fold(to_name)}\0{text}".encode(), digest_size=16).hexdigest()


def ended() -> NotFound:
    """Return the error of one who speaks for a session that is over."""
    return NotFound("this session has ended; connect again, or RESUME it")


def sent_away() -> Denied:
    """Return the error of one who would continue a session that an admin has ended."""
    return Denied("an admin has ended this session; it cannot be continued")


def apply(state: State, position: int, record: Record) -> Outcome:
    """Apply the record at `position`, the one after the last applied; return what became of it."""
    state.position = position
    handler = _HANDLERS.get(type(record))
    outcome = handler(state, record) if handler is not None else Outcome()
    if outcome.error is None and handler is not None:
        _settle(state, position, record, outcome)
    return outcome


def _settle(state: State, position: int, record: Any, outcome: Outcome) -> None:  # noqa: ANN401 - any record
    state.at = max(state.at, record.at)
    if outcome.seq:
        return
    entries = entries_of(record, state.seq + 1)
    if entries:
        state.ordinals.note(position, state.seq + 1, len(entries))
        state.seq += len(entries)
        outcome.seq, outcome.entries = state.seq, entries
        if type(record) is File:
            state.remember_file(record.key)
        elif type(record) in KEYED and record.key:
            _remember_key(state, record.key, record)


def _remember_key(state: State, key: str, record: Say | Erased) -> None:
    content = record.content if isinstance(record, Erased) else content_digest(record.text, record.to_name)
    state.keys[key] = (content, state.seq)
    while len(state.keys) > KEYS_REMEMBERED:
        state.keys.popitem(last=False)


def _limits(state: State, record: Limits) -> Outcome:
    state.max_clients = record.max_clients
    return Outcome()


def refuse_place(state: State, name: str) -> PorticoError | None:
    """Return why a session cannot begin (or come back) under a name, or None when it can."""
    if len(state.names) >= state.max_clients:
        return Full(len(state.names), state.max_clients)
    return NameTaken(name) if fold(name) in state.names else None


def _join(state: State, record: Join) -> Outcome:
    error = refuse_place(state, record.name)
    if error is None and (record.session < state.next_session or 0 < record.number < state.next_number):
        error = NameTaken(record.name)
    if error is not None:
        return Outcome(error=error)
    state.next_session = record.session + 1
    if record.number:
        state.next_number = record.number + 1
    session = Session(
        record.session, record.name, record.host, record.port, record.at, record.secret, record.node
    )
    state.sessions[session.id] = session
    state.names[fold(session.name)] = session.id
    if session.secret:
        state.secrets[session.secret] = session.id
    state.forget_sessions()
    return Outcome(clients=len(state.names))


def _resume(state: State, record: Resume) -> Outcome:
    session = state.sessions.get(record.session)
    if session is None or (session.disconnected is not None) is not record.back:
        return Outcome(error=ended())
    if session.dropped:
        return Outcome(error=sent_away())
    if record.back:
        error = refuse_place(state, session.name)
        if error is not None:
            return Outcome(error=error)
        state.names[fold(session.name)] = session.id
    state.sessions[session.id] = replace(
        session,
        host=record.host,
        port=record.port,
        node=record.node,
        disconnected=None,
        reason="",
        resumed=session.resumed + 1,
    )
    return Outcome(clients=len(state.names))


def _rename(state: State, record: Rename) -> Outcome:
    session = state.open_session(record.session)
    if session is None:
        return Outcome(error=ended())
    if state.names.get(fold(record.name), session.id) != session.id:
        return Outcome(error=NameTaken(record.name))
    del state.names[fold(session.name)]
    state.names[fold(record.name)] = session.id
    state.sessions[session.id] = replace(session, name=record.name)
    return Outcome()


def _leave(state: State, record: Leave) -> Outcome:
    session = state.open_session(record.session)
    if session is None or session.resumed != record.resumed:
        return Outcome(error=ended())
    del state.names[fold(session.name)]
    state.sessions[session.id] = replace(session, disconnected=record.at, reason=record.reason)
    return Outcome()


def known_key(state: State, key: str, text: str, to_name: str) -> Outcome | None:
    """Return the outcome of a message whose key came before, or None when it is new."""
    known = state.keys.get(key)
    if known is None:
        return None
    same = known[0] == content_digest(text, to_name)
    return Outcome(seq=known[1]) if same else Outcome(error=KeyReused())


def _say(state: State, record: Say) -> Outcome:
    if record.key:
        outcome = known_key(state, record.key, record.text, record.to_name)
        if outcome is not None:
            return outcome
    if record.to and state.open_session(record.to) is None:
        return Outcome(error=nobody(record.to_name))
    if record.join is not None:
        return _join(state, record.join)
    session = state.open_session(record.session) if record.session else None
    if record.session and session is None:
        return Outcome(error=ended())
    own = session is not None and session.name == record.sender
    if not own and state.names.get(fold(record.sender), record.session) != record.session:
        return Outcome(error=NameTaken(record.sender))
    return Outcome()


def nobody(name: str) -> NotFound:
    """Return the error of one who addresses a session that is not here."""
    return NotFound(f"nobody here is called {name}")


def no_entry(seq: int) -> NotFound:
    """Return the error for a number that stands for nothing."""
    return NotFound(f"there is no entry {seq}")


def _erase(state: State, record: Erase) -> Outcome:
    if not 1 <= record.seq <= state.seq:
        return Outcome(error=no_entry(record.seq))
    return Outcome(seq=record.seq, erase=record.position)


def _erased(state: State, record: Erased) -> Outcome:
    return Outcome() if record.join is None else _join(state, record.join)


def _file(state: State, record: File) -> Outcome:
    return Outcome(seq=state.files.get(record.key, 0))


KEYED = (Say, Erased)
"""Records that may carry a client's idempotency key."""

_HANDLERS: dict[type[Any], Callable[[State, Any], Outcome]] = {
    Limits: _limits,
    Join: _join,
    Resume: _resume,
    Rename: _rename,
    Leave: _leave,
    Say: _say,
    Erase: _erase,
    Erased: _erased,
    File: _file,
}
