"""What programs ask of a server before they get to work: redis-cli, and the Redis client libraries."""

from __future__ import annotations

from typing import Any

from portico.commands.arguments import DATA, WORD
from portico.commands.call import Call
from portico.commands.declare import Command, command, many, optional, required
from portico.model.errors import NotOffered, PorticoError
from portico.model.replies import OK, PONG, Simple
from portico.model.version import __version__


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
    ping,
    echo,
    client,
    select,
    info,
    config,
    _transaction("MULTI", begins=True),
    _transaction("EXEC", begins=False),
    _transaction("DISCARD", begins=False),
)
