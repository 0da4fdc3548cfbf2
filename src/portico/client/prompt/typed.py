"""What a typed line means: read as on the plain text wire, split as its command is declared. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from portico.client.prompt.own import FOR_PROGRAMS, OWN, Deposit, Fetch, find
from portico.commands.bind import bind, line_words
from portico.commands.declare import Command
from portico.model.errors import NotOffered, PorticoError, ProtocolError
from portico.model.requests import Line, Words
from portico.room.text import not_utf8
from portico.wire.resp import ARGUMENTS
from portico.wire.text import TOO_LONG, parse_line

LINE_BYTES = 4 * 65_536
"""Longest line that is sent. The server refuses a message of more than 64 KiB in a sentence, and ends the
connection over a request of more than 1 MiB."""


@dataclass(frozen=True, slots=True)
class Say:
    """Say this to everybody."""

    text: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Say this to one."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Take this name; an empty one asks for the name one has."""

    name: str


@dataclass(frozen=True, slots=True)
class Show:
    """Show what others do, or do not."""

    pushes: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a command of the table; `command` is None for one that only the server may know."""

    command: Command | None
    words: Words


@dataclass(frozen=True, slots=True)
class Leave:
    """Say goodbye."""


Wish: TypeAlias = Say | Tell | Rename | Show | Ask
"""What is asked of the server, and answered."""

Intent: TypeAlias = Wish | Fetch | Deposit | Leave


def understand(text: str) -> Intent | None:
    """Return what a line asks for, None for an empty one; raise `PorticoError` for what is not to be sent."""
    line = parse_line(_checked(text))
    if line is None:
        return None
    command = find(line)
    words = line_words(command, line.rest) if command is not None else _any_words(line)
    if len(words) > ARGUMENTS:
        raise PorticoError(f"a command has at most {ARGUMENTS} words")
    return _intent(command, words) if command is not None else Ask(None, words)


def _any_words(line: Line) -> Words:
    """Split the line of a command that only the server may know."""
    return [line.name, *line.rest.encode().split()]


def _checked(text: str) -> str:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise not_utf8() from None
    if len(data) > LINE_BYTES:
        raise ProtocolError(TOO_LONG)
    return text


def _intent(command: Command, words: Words) -> Intent:
    if command is OWN.get(command.name):
        intent: Fetch | Deposit = command.handler(None, *bind(command, words))
        return intent
    match command.name, words[1:]:
        case "SAY", [text]:
            return Say(text.decode())
        case "TELL", [name, text]:
            return Tell(name.decode(), text.decode())
        case "NAME", _:
            return Rename(bind(command, words)[0] or "")
        case ("FOLLOW" | "QUIET") as name, []:
            return Show(pushes=name == "FOLLOW")
        case "FOLLOW", _:
            raise NotOffered("what happens is shown as it comes; /history SINCE shows what came before")
        case (("BYE" | "QUIT"), []):
            return Leave()
        case name, _ if name in FOR_PROGRAMS:
            raise NotOffered(f"{name} is for programs; the prompt looks after its connection itself")
    return Ask(command, words)


def is_secret(text: str) -> bool:
    """Tell whether a line may hold a token, so that it is not to be kept."""
    line = parse_line(text.lstrip())
    return isinstance(line, Line) and line.name.upper() in (b"AUTH", b"HELLO")
