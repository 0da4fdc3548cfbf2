"""The command table as programs read it: Redis's COMMAND and COMMAND DOCS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portico.commands.declare import Command, Parameter
from portico.model.errors import PorticoError
from portico.model.replies import Simple

SINCE = "0.1.0"

SHOWN_CHARACTERS = 32
"""How much of an unknown command's name the error shows."""


def unknown(name: bytes) -> PorticoError:
    """Return the error for a command that does not exist."""
    characters = name[: 4 * SHOWN_CHARACTERS].decode(errors="replace")[:SHOWN_CHARACTERS]
    shown = "".join(character if character.isprintable() else "?" for character in characters)
    return PorticoError(f"unknown command {shown or '(none)'}; HELP shows them all")


def find_commands(table: Sequence[Command], names: Sequence[str]) -> list[Command | None]:
    """Return the named commands, None for one that does not exist; all of them without names."""
    if not names:
        return list(table)
    known = {each.name: each for each in table}
    return [known.get(name.upper()) for name in names]


def describe(command: Command) -> list[Any]:
    """Return the ten facts of COMMAND: name, arity, flags, keys (there are none), categories, and so on."""
    writes = command.speaks or command.needs
    flags = [Simple("write" if writes else "readonly"), Simple("fast")]
    categories = [Simple("@write" if writes else "@read")]
    return [command.name.lower(), command.arity, flags, 0, 0, 0, categories, [], [], []]


def document(command: Command) -> dict[str, Any]:
    """Return the map of COMMAND DOCS."""
    facts: dict[str, Any] = {"summary": command.summary, "since": SINCE, "group": command.group}
    if command.parameters:
        facts["arguments"] = [_argument(parameter) for parameter in command.parameters]
    return facts


def _argument(parameter: Parameter) -> dict[str, Any]:
    kinds = parameter.kinds
    if not kinds:
        facts: dict[str, Any] = {"name": parameter.name, "type": "pure-token"}
    elif len(kinds) == 1:
        name, kind = next(iter(kinds.items()))
        facts = {"name": name, "type": kind.type}
    else:
        parts = [{"name": name, "type": kind.type, "display_text": name} for name, kind in kinds.items()]
        facts = {"name": parameter.name, "type": "block", "arguments": parts}
    facts["display_text"] = facts["name"]
    if parameter.token:
        facts["token"] = parameter.token
    flags = [Simple("optional")] * parameter.optional + [Simple("multiple")] * parameter.many
    if flags:
        facts["flags"] = flags
    return facts
