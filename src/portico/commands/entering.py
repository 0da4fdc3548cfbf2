"""Entering: the first words of a program, and the token that a room may want before all others.

A token may have to wait for its turn (`portico.server.attempts`); what was asked behind it waits with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portico.commands.arguments import NAME, VERSION, WORD
from portico.commands.call import Call
from portico.commands.declare import command, option, optional, required
from portico.commands.joining import digest, join, rename, resume
from portico.model.access import Grant
from portico.model.errors import NoProto, NotOffered, NoToken, PorticoError
from portico.model.later import Later
from portico.model.replies import OK, Greeting, Named, Opened
from portico.model.version import __version__
from portico.room.reducer import Outcome

RESP2, RESP3 = 2, 3


def _admitted(call: Call, token: str, then: Callable[[], Any]) -> Later:
    """Return what is answered once a token was found right, or that it is wrong."""
    call.admitting = True

    def decide(grant: Any) -> Any:  # noqa: ANN401 - a Grant or a PorticoError in, any reply out
        call.admitting = False
        if isinstance(grant, Grant):
            call.may(grant)
            call.peer.unlock()
        return grant

    return call.service.gate.admit(call.address[0], token).map(decide).chain(lambda _: then())


@command(
    "HELLO",
    optional("version", VERSION),
    option("AUTH", user=WORD, token=WORD),
    option("SETNAME", name=NAME),
    option("RESUME", secret=WORD),
    option("BESIDE", secret=WORD),
    summary="Choose RESP2 or RESP3, say who you are, and learn about the server",
    reply="map: server, version, proto, id, mode, role, room, log, first, head, clients, max_clients,"
    " name, and resume after a join",
    group="connection",
    settles=True,
    joins=True,
    admits=True,
)
def hello(
    call: Call,
    version: int | None,
    auth: tuple[str, str] | None,
    name: str | None,
    secret: str | None,
    beside: str | None,
) -> Any:  # noqa: ANN401 - a reply, now or later
    """Switch the protocol, join, and introduce the server; an error leaves everything as it was.

    BESIDE takes no place: files are moved in the name of the session that has this secret.
    """
    if version is not None and not call.protocol:
        raise NotOffered("versions are a matter of RESP; this wire has only one")
    if version not in (None, RESP2, RESP3):
        raise NoProto
    if name is not None and secret is not None:
        raise PorticoError("SETNAME begins a session and RESUME continues one; give one of them")
    if call.grant is None and auth is None:
        raise NoToken("HELLO 3 AUTH default TOKEN, or AUTH TOKEN first")

    def answer(_: Outcome | None = None) -> Greeting:
        if version is not None:
            call.protocol, call.pushes = version, version == RESP3
            if not call.pushes:
                call.peer.unfollow()
        return Greeting(call.protocol, _introduction(call))

    def enter() -> Any:  # noqa: ANN401 - a reply, now or later
        if beside is not None:
            call.beside = call.room.open_with(digest(beside)).id
        return _begin(call, name, secret, answer)

    return enter() if auth is None else _admitted(call, auth[1], enter)


def _begin(call: Call, name: str | None, secret: str | None, answer: Callable[..., Greeting]) -> Any:  # noqa: ANN401
    """Be who the caller says it is, and answer then."""
    if secret is not None:
        return resume(call, secret, answer)
    if name is None:
        return answer()
    return rename(call, name, answer) if call.session else join(call, name, answer)


def _introduction(call: Call) -> dict[str, Any]:
    service, state = call.service, call.room.state
    session = state.open_session(call.session)
    facts: dict[str, Any] = {
        "server": "portico",
        "version": __version__,
        "proto": call.protocol,
        "id": call.id,
        "mode": "standalone",
        "role": "master",
        "room": call.room.name,
        "log": service.log_identity,
        "first": service.history.first,
        "head": service.history.head,
        "clients": len(state.names),
        "max_clients": state.max_clients,
        "name": session.name if session is not None else None,
    }
    if session is not None:
        facts["resume"] = call.secret
    return facts


@command(
    "AUTH",
    optional("user", WORD),
    required("token", WORD),
    summary="Show a token; where none is wanted any will do",
    reply="OK",
    group="connection",
    settles=True,
    joins=True,
    admits=True,
)
def auth(call: Call, user: str, token: str | None) -> Later:
    """Come in by a token; a word alone is the token. With netcat that is also how one joins."""
    return _admitted(call, user if token is None else token, lambda: _greeted(call))


def _greeted(call: Call) -> Any:  # noqa: ANN401 - OK, or later a greeting
    if not call.greets or call.session:
        return OK
    call.greets = False

    def answer(outcome: Outcome) -> Any:  # noqa: ANN401 - a greeting, or an error
        call.peer.follow(call.service.history.head)
        session = call.room.state.open_session(call.session)
        name = "" if session is None else session.name
        return Opened(Named(name, outcome.clients, call.room.state.max_clients))

    return join(call, None, answer)


COMMANDS = (hello, auth)
