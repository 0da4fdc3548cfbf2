"""What programs ask of a server before they get to work: redis-cli, and the Redis client libraries."""

from __future__ import annotations

from typing import Any

from portico.commands.arguments import DATA, NAME, VERSION, WORD
from portico.commands.call import Call
from portico.commands.declare import Command, command, many, option, optional, required
from portico.commands.joining import digest, join, rename, resume
from portico.model.errors import NoProto, NotOffered, PorticoError
from portico.model.replies import OK, PONG, Greeting, Simple
from portico.model.version import __version__
from portico.room.reducer import Outcome

RESP2, RESP3 = 2, 3


@command(
    "HELLO",
    optional("version", VERSION),
    option("AUTH", user=WORD, token=WORD),
    option("SETNAME", name=NAME),
    option("RESUME", secret=WORD),
    option("BESIDE", secret=WORD),
    summary="Choose RESP2 or RESP3, say who you are, and learn about the server",
    reply="map: server, version, proto, id, mode, role, room, log, first, head, clients, max_clients, name,"
    " and resume after a join",
    group="connection",
    settles=True,
    joins=True,
)
def hello(
    call: Call,
    version: int | None,
    auth: tuple[str, str] | None,  # noqa: ARG001 - a room without a token takes any
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

    def answer(_: Outcome | None = None) -> Greeting:
        if version is not None:
            call.protocol, call.pushes = version, version == RESP3
            if not call.pushes:
                call.peer.unfollow()
        return Greeting(call.protocol, _introduction(call))

    if name is not None and secret is not None:
        raise PorticoError("SETNAME begins a session and RESUME continues one; give one of them")
    if beside is not None:
        call.beside = call.room.open_with(digest(beside)).id
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
    "PING",
    optional("text", DATA),
    summary="Answer PONG, or the text; never logged",
    reply="PONG or the text",
    group="connection",
)
def ping(_call: Call, text: bytes | None = None) -> Simple | bytes:
    """Answer."""
    return PONG if text is None else text


@command(
    "ECHO",
    required("text", DATA, rest=True),
    summary="Answer with the same text; never logged",
    reply="the text",
    group="connection",
)
def echo(_call: Call, text: bytes) -> bytes:
    """Answer."""
    return text


@command(
    "AUTH",
    optional("user", WORD),
    required("token", WORD),
    summary="Show a token; this room wants none, so any will do",
    reply="OK",
    group="connection",
)
def auth(_call: Call, _user: str, _token: str | None) -> Simple:
    """Accept: a room without a token takes any. A word alone is the token."""
    return OK


ACCEPTED = frozenset({b"SETNAME", b"SETINFO", b"NO-EVICT", b"NO-TOUCH", b"MAINT_NOTIFICATIONS"})
"""What client libraries say of themselves at connect; there is nothing here it would change."""


@command(
    "CLIENT",
    required("subcommand", DATA),
    many("argument", DATA),
    summary="Accept what client libraries say of themselves; joins nobody",
    reply="OK; a number for ID; null for GETNAME",
    group="connection",
)
def client(call: Call, subcommand: bytes, *_arguments: bytes) -> Any:  # noqa: ANN401 - a reply
    """Answer what libraries ask and say."""
    subcommand = subcommand.upper()
    if subcommand in ACCEPTED:
        return OK
    if subcommand == b"ID":
        return call.id
    if subcommand == b"GETNAME":
        return None
    known = b", ".join([b"ID", b"GETNAME", *sorted(ACCEPTED)]).decode()
    raise PorticoError(f"unknown CLIENT subcommand; known are {known}")


@command(
    "SELECT",
    required("index", WORD),
    summary="Accept database 0; there is one room",
    reply="OK",
    group="connection",
)
def select(_call: Call, index: str) -> Simple:
    """Accept the only one."""
    if index != "0":
        raise PorticoError("there is one room here, number 0")
    return OK


@command(
    "INFO",
    many("section", DATA),
    summary="Show figures of the server as text",
    reply="text: lines of name:value",
    group="connection",
    settles=True,
)
def info(call: Call, *_sections: bytes) -> str:
    """Show what monitors and ready-checks look for."""
    service, state = call.service, call.room.state
    facts = {
        "portico_version": __version__,
        "loading": 0,
        "uptime_in_seconds": max(0, call.now - service.started) // 1_000_000,
        "connected_clients": service.connections(),
        "sessions": len(state.names),
        "max_clients": state.max_clients,
        "room": call.room.name,
        "first_entry": service.history.first,
        "head_entry": service.history.head,
    }
    return "# Server\r\n" + "".join(f"{name}:{value}\r\n" for name, value in facts.items())


@command(
    "CONFIG",
    required("subcommand", WORD),
    many("argument", DATA),
    summary="Answer GET with nothing: the server is configured by its command line",
    reply="an empty map",
    group="connection",
)
def config(_call: Call, subcommand: str, *_arguments: bytes) -> dict[str, str]:
    """Answer what benchmarks ask."""
    if subcommand.upper() != "GET":
        raise NotOffered("the server is configured by its command line; see portico serve --help")
    return {}


def _no_transactions() -> NotOffered:
    return NotOffered("transactions are not offered")


def refuse_transaction(call: Call, name: bytes) -> PorticoError:
    """Return the one answer to everything from MULTI to EXEC or DISCARD."""
    if name.upper() in (b"EXEC", b"DISCARD"):
        call.refusing = None
    return _no_transactions()


def _transaction(name: str, *, begins: bool) -> Command:
    @command(
        name,
        summary="Refused, and so is everything from MULTI to EXEC or DISCARD",
        reply="an error",
        group="connection",
    )
    def refuse(call: Call) -> NotOffered:
        call.refusing = refuse_transaction if begins else None
        return _no_transactions()

    return refuse


COMMANDS = (
    hello,
    ping,
    echo,
    auth,
    client,
    select,
    info,
    config,
    _transaction("MULTI", begins=True),
    _transaction("EXEC", begins=False),
    _transaction("DISCARD", begins=False),
)
