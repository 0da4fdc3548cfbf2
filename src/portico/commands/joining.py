"""Becoming a session: what HELLO, NAME and the first SAY have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from portico.commands.call import Call
from portico.model.later import Later
from portico.room.reducer import Outcome


def digest(secret: str) -> str:
    """Return what the log keeps of a secret: enough to know it again, useless to who reads it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def watch(call: Call, later: Later, secret: str, answer: Callable[[Outcome], Any], session: int = 0) -> Later:
    """Hold the session once the log has it; the reply is the error, or what `answer` makes of the outcome.

    `session` is known beforehand when one is continued.
    """
    call.joining = True

    def convert(outcome: Outcome) -> Any:  # noqa: ANN401 - a reply
        call.joining = False
        if outcome.error is not None:
            return outcome.error
        began = session or (outcome.entries[0].session if outcome.entries else 0)
        if began:
            call.secret = secret
            call.peer.attach(began)
        return answer(outcome)

    return later.map(convert)


def join(call: Call, name: str | None, answer: Callable[[Outcome], Any]) -> Later:
    """Begin a session under a name, or the next `ClientN`."""
    secret = call.service.secret()
    later = call.room.join(call.now, name, call.address, digest(secret))
    return watch(call, later, secret, answer)


def rename(call: Call, name: str, answer: Callable[[Outcome], Any]) -> Later:
    """Give the caller's session another name."""
    later = call.room.rename(call.now, call.session, name)
    return later.map(lambda outcome: outcome.error or answer(outcome))


def resume(call: Call, secret: str, answer: Callable[[Outcome], Any]) -> Later:
    """Continue the session of a secret over this connection; one that it holds meanwhile is left."""
    session, later = call.room.resume(call.now, digest(secret), call.address)
    return watch(call, later, secret, answer, session.id)
