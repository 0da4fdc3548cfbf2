"""What Tab offers: commands and their options from the command table, names of those here, paths of files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from portico.client.aio import AsyncClient
from portico.client.prompt.own import COMMANDS, LOCAL, find
from portico.commands.arguments import ENTRY_KIND, HOLDER, PATH, PATTERN, Kind
from portico.commands.declare import Command, Parameter
from portico.commands.manual import show_help
from portico.model.entries import KINDS, Entry, Presence
from portico.model.errors import PorticoError
from portico.model.requests import Line
from portico.wire.text import WORDS

PATHS = 100
"""Paths that are offered at once."""

ENTRIES = 10_000
"""Entries of a folder of this machine that are looked at: sorting more would be felt."""

PATIENCE = 2.0
"""Seconds that Tab waits for the server."""

WORD = re.compile(r'"[^"]*"?|\S+')

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may stand in the place of the last `back` characters, and a note about it."""

    text: str
    back: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a line of a command the cursor stands.

    `text` is the beginning of the word there, `back` how many characters it takes in the line; `rest`: it
    goes on to the end of the line and needs no quotes; `tokens`: options that may stand here.
    """

    text: str
    back: int
    kind: Kind | None = None
    rest: bool = False
    tokens: Sequence[str] = ()


def first_words(line: str) -> list[Candidate]:
    """Return the commands that begin as a line does which has one word so far."""
    if line.startswith("/"):
        begun = line[1:].lower()
        return [_command(each, len(line)) for each in COMMANDS if each.name.lower().startswith(begun)]
    return [Candidate(word, len(line)) for word in WORDS if line and word.startswith(line.lower())]


def _command(command: Command, back: int) -> Candidate:
    space = " " if command.parameters else ""
    return Candidate(f"/{command.name.lower()}{space}", back, command.summary)


def place(line: str) -> tuple[Command, Place] | None:
    """Return the command of a line and where in it the line ends; None when there is no such command."""
    name, space, rest = line[1:].partition(" ")
    command = find(Line(name.encode("utf-8", "replace")))
    if command is None or not space or not line.startswith("/"):
        return None
    words = WORD.findall(rest)
    begun = words.pop() if words and not rest.endswith(" ") else ""
    single = [each for each in command.parameters if not each.token and not each.many]
    if single and (len(words) < len(single) or single[-1].rest):
        return command, _single(single[min(len(words), len(single) - 1)], rest.lstrip(" "), begun)
    return command, _option(command, words, begun)


def _single(parameter: Parameter, rest: str, begun: str) -> Place:
    if parameter.rest:
        return Place(rest, len(rest), parameter.kind, rest=True)
    return Place(begun.strip('"'), len(begun), parameter.kind)


def _option(command: Command, words: list[str], begun: str) -> Place:
    """Return the place of an option's value, or of an option."""
    options = {each.token: each for each in command.parameters if each.token}
    last = options.get(words[-1].upper()) if words else None
    if last is not None and last.kinds:
        return Place(begun.strip('"'), len(begun), last.kind)
    given = {word.upper() for word in words}
    return Place(begun, len(begun), tokens=[token for token in options if token not in given])


class Completion:
    """Completes lines; asks the server for names and paths, and remembers the names."""

    def __init__(self, client: AsyncClient) -> None:
        """Begin knowing nobody."""
        self._client = client
        self._names: list[str] = []
        self._stale = True

    def heard(self, entry: Entry) -> None:
        """Know that the names are others, when somebody came or went."""
        self._stale = self._stale or isinstance(entry, Presence)

    async def candidates(self, line: str) -> list[Candidate]:
        """Return what may stand at the end of a line."""
        if " " not in line:
            return first_words(line)
        found = place(line)
        if found is None:
            return []
        command, where = found
        if command is show_help:
            texts: Iterable[str] = (each.name.lower() for each in COMMANDS)
        else:
            texts = [*await self._texts(where), *(token.lower() for token in where.tokens)]
        begun = where.text.casefold()
        return [_candidate(text, where) for text in texts if text.casefold().startswith(begun)]

    async def _texts(self, where: Place) -> Sequence[str]:
        if where.kind is HOLDER:
            return await self._here()
        if where.kind is PATH or where.kind is PATTERN:
            nothing: list[str] = []
            return await _in_time(lambda: self._paths(where.text), nothing)
        if where.kind is LOCAL:
            return await asyncio.to_thread(local_paths, where.text)
        return KINDS if where.kind is ENTRY_KIND else ()

    async def _here(self) -> list[str]:
        if self._stale:
            self._stale = False
            names = await _in_time(self._others, None)
            self._stale = self._stale or names is None
            self._names = self._names if names is None else names
        return self._names

    async def _others(self) -> list[str] | None:
        here = await self._client.status(online=True)
        return [each.name for each in here if each.name != self._client.name]

    async def _paths(self, begun: str) -> list[str]:
        """Return the first paths behind a beginning; those that begin with it are the first of them."""
        after = ["AFTER", begun] if begun else []
        found = await self._client.call("LIST", *after, "COUNT", PATHS, again=True)
        return [facts["path"] for facts in found]


def local_paths(begun: str) -> list[str]:
    """Return the files and folders here that a path may go on with; hidden ones only when asked for."""
    folder, slash, name = begun.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())[:ENTRIES]
        return [
            f"{folder}{slash}{each.name}{'/' if each.is_dir() else ''}"
            for each in entries
            if each.name.casefold().startswith(name.casefold())
            and (name.startswith(".") or not each.name.startswith("."))
        ][:PATHS]
    except (OSError, RuntimeError):
        return []  # no such folder, or nobody's home


async def _in_time(ask: Callable[[], Awaitable[T]], otherwise: T) -> T:
    """Ask, but not for long: nobody waits at a Tab for a server that is away."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await ask()
    except (PorticoError, TimeoutError):
        return otherwise


def _candidate(text: str, where: Place) -> Candidate:
    quoted = f'"{text}"' if " " in text and not where.rest else text
    return Candidate(quoted, where.back)
