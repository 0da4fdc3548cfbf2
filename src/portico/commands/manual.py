"""What commands there are: for people who ask for help, and for programs that show hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portico.commands.arguments import WORD
from portico.commands.call import Call
from portico.commands.declare import command, many, optional
from portico.commands.describe import describe, document, find_commands, unknown
from portico.model.errors import PorticoError
from portico.model.replies import Manual


@command(
    "HELP",
    optional("command", WORD),
    summary="Show all commands, or one",
    reply="array of lines",
    group="people",
    settles=True,
)
def show_help(call: Call, name: str | None) -> Manual:
    """Show the command table."""
    table = call.service.commands
    if name is None:
        return Manual([each.line() for each in table])
    name = name.removeprefix("/")
    found = find_commands(table, [name])[0]
    if found is None:
        raise unknown(name.encode())
    return Manual([found.line()], f"answers: {found.reply}")


@command(
    "COMMAND",
    optional("subcommand", WORD),
    many("name", WORD),
    summary="Describe the commands to programs: all, COUNT, LIST, INFO or DOCS",
    reply="an array for each command; a map for DOCS",
    group="connection",
    settles=True,
)
def commands(call: Call, subcommand: str | None, *names: str) -> Any:  # noqa: ANN401 - a reply
    """Describe the table as Redis does (redis.io, COMMAND and COMMAND DOCS)."""
    table = call.service.commands
    views: dict[str, Callable[[], Any]] = {
        "": lambda: [describe(each) for each in table],
        "COUNT": lambda: len(table),
        "LIST": lambda: [each.name.lower() for each in table],
        "INFO": lambda: [each and describe(each) for each in find_commands(table, names)],
        "DOCS": lambda: {each.name.lower(): document(each) for each in find_commands(table, names) if each},
    }
    view = views.get((subcommand or "").upper())
    if view is None:
        raise PorticoError("unknown COMMAND subcommand; known are COUNT, LIST, INFO and DOCS")
    return view()
