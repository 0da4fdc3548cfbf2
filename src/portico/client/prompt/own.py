"""The prompt's own commands, declared like those of the room: they move files of this machine.

A handler makes of its arguments what the line asks for. PUT stands before the room's, which is for programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portico.commands.arguments import PATTERN, WORD, Kind
from portico.commands.declare import Command, command, option, optional, required
from portico.commands.table import TABLE
from portico.commands.table import find as find_in_table
from portico.model.requests import Line

FOR_PROGRAMS = frozenset(
    {
        "HELLO",
        "AUTH",
        "CLIENT",
        "SELECT",
        "CONFIG",
        "COMMAND",
        "MULTI",
        "EXEC",
        "DISCARD",
        "READ",
        "WRITE",
        "FINISH",
    }
)
"""What would change the connection under the prompt, or only makes sense to a program."""

LOCAL = Kind("string", WORD.parse)
"""A path of this machine."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch a file, all that match a pattern, or a folder (`/` at its end); `dest` is empty for here."""

    doing: ClassVar[str] = "fetching"
    done: ClassVar[str] = "fetched"
    name: str
    dest: str


@dataclass(frozen=True, slots=True)
class Deposit:
    """Deposit a file or folder of this machine; `path` is empty for its own name."""

    doing: ClassVar[str] = "putting"
    done: ClassVar[str] = "put"
    name: str
    path: str
    replace: bool


@command(
    "GET",
    required("path", PATTERN),
    optional("dest", LOCAL),
    summary="Fetch a file, files that match a pattern, or a folder/, while you go on",
    reply="a line when it begins, another when it is there; /cancel PATH stops it, the same again goes on",
    group="files",
)
def get(_: object, path: str, dest: str | None) -> Fetch:
    """Read what is to be fetched."""
    return Fetch(path, dest or "")


@command(
    "PUT",
    required("file", LOCAL),
    option("AS", path=WORD),
    option("REPLACE"),
    summary="Deposit a file or folder of this machine, while you go on",
    reply="a line when it begins, another when it is there; /cancel FILE stops it, the same again goes on",
    group="files",
)
def put(_: object, file: str, path: str | None, replace: bool) -> Deposit:  # noqa: FBT001 - bound by declaration
    """Read what is to be deposited."""
    return Deposit(file, path or "", replace)


OWN: dict[str, Command] = {each.name: each for each in (get, put)}

COMMANDS = (*(each for each in TABLE if each.name not in FOR_PROGRAMS | OWN.keys()), *OWN.values())
"""What a person at the prompt can ask for."""


def find(line: Line) -> Command | None:
    """Return the command that a line names, in any case; None when there is none."""
    return OWN.get(line.name.decode(errors="replace").upper()) or find_in_table(line)
