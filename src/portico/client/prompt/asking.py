"""Carrying out what a line asks for, and making of the answer the reply that plain text has words for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from portico.client.aio import AsyncClient
from portico.client.prompt.own import FOR_PROGRAMS, OWN
from portico.client.prompt.typed import Ask, Rename, Say, Show, Tell, Wish
from portico.commands.bind import bind
from portico.commands.declare import Command
from portico.commands.files import LIST_MOST
from portico.commands.people import STATUS_COUNT, STATUS_MOST
from portico.model.errors import PorticoError
from portico.model.replies import (
    OK,
    CommandLine,
    FileCard,
    Listing,
    Manual,
    Named,
    Page,
    Roll,
    Said,
    file_of,
)
from portico.model.requests import Words


async def carry_out(client: AsyncClient, wish: Wish) -> Any:  # noqa: ANN401 - a reply
    """Ask the server; return its reply, a refusal included."""
    try:
        return await _ask(client, wish)
    except PorticoError as error:
        return error


async def _ask(client: AsyncClient, wish: Wish) -> Any:  # noqa: ANN401 - a reply
    match wish:
        case Say(text):
            return Said(await client.say(text), text)
        case Tell(name, text):
            return Said(await client.tell(name, text), text)
        case Rename(name):
            return await _name(client, name)
        case Show():
            return OK
        case Ask(command, words) if command is not None:
            return await _ASKERS.get(command.name, _any)(client, command, words)
        case Ask(_, words):
            return await client.call(*words)


async def _any(client: AsyncClient, command: Command, words: Words) -> Any:  # noqa: ANN401 - a reply
    """Ask what needs no shape; only what reads may be asked again when the connection breaks.

    Arguments that do not fit are refused here, also for what the prompt does not ask the server.
    """
    bind(command, words)
    return await client.call(*words, again=not command.speaks)


async def _name(client: AsyncClient, wanted: str) -> Named:
    name = await client.join(wanted)
    facts = await client.hello()
    return Named(name, facts["clients"], facts["max_clients"])


async def _history(client: AsyncClient, command: Command, words: Words) -> Page:
    since, count, kind, wait = bind(command, words)
    return Page(await client.history(since=since, count=count, kind=kind, wait=(wait or 0) / 1_000))


async def _erase(client: AsyncClient, command: Command, words: Words) -> Any:  # noqa: ANN401 - a reply
    await client.erase(*bind(command, words))
    return OK


async def _status(client: AsyncClient, command: Command, words: Words) -> Roll:
    """Ask for as many as are shown, and for all of them when there may be more, to say how many."""
    online, count = bind(command, words)
    count = count or STATUS_COUNT
    sessions = await client.status(online=online, count=count)
    if len(sessions) == count:
        sessions = await client.status(online=online, count=STATUS_MOST)
    return Roll(sessions[-count:], max(0, len(sessions) - count))


async def _list(client: AsyncClient, command: Command, words: Words) -> Listing:
    pattern, *options = bind(command, words)
    if any(options):
        return Listing([file_of(facts) for facts in await client.call(*words, again=True)], 0)
    files = await client.list(pattern)
    return Listing(files[:LIST_MOST], max(0, len(files) - LIST_MOST))


async def _stat(client: AsyncClient, command: Command, words: Words) -> FileCard:
    path, _ = bind(command, words)
    return FileCard(await client.stat(path))


async def _help(client: AsyncClient, command: Command, words: Words) -> Manual:
    (about,) = bind(command, words)
    own = OWN.get((about or "").removeprefix("/").upper())
    if own is not None:
        return Manual([own.line()], f"answers: {own.reply}")
    lines = await client.help(about)
    if about:
        return Manual([_command(lines[0])], "\n".join(lines[1:]))
    hidden = FOR_PROGRAMS | OWN.keys()
    theirs = [_command(line) for line in lines if line.split(" ", 1)[0] not in hidden]
    return Manual([*theirs, *(each.line() for each in OWN.values())])


def _command(line: str) -> CommandLine:
    return CommandLine(*line.partition(" - ")[::2])


_ASKERS: dict[str, Callable[[AsyncClient, Command, Words], Awaitable[Any]]] = {
    "HISTORY": _history,
    "ERASE": _erase,
    "STATUS": _status,
    "LIST": _list,
    "STAT": _stat,
    "HELP": _help,
}
