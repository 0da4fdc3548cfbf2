"""`portico history` and `portico follow`: the room's entries, those there are and those to come."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from portico.cli import output
from portico.cli.target import add_target
from portico.cli.values import flag, number
from portico.model.entries import KINDS, Entry, as_map
from portico.room.limits import PAGE_ENTRIES
from portico.wire.views import past_line

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient

NEWEST = 100
"""Entries shown unless told otherwise, as HISTORY does."""

WIDER = 4
"""How much further back is looked when what was asked for is rarer than thought."""

MOST = 10**15


def add_history(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = f"Show entries of the room, oldest first: the newest {NEWEST} unless told otherwise."
    parser.add_argument(
        "--since", metavar="N", type=flag(number(0, MOST)), help="those after number N, all unless --count"
    )
    parser.add_argument(
        "--count", metavar="N", type=flag(number(1, MOST)), help="at most N; with --since the first"
    )
    parser.add_argument("--kind", choices=KINDS, metavar="KIND", help=f"only one kind: {', '.join(KINDS)}")
    add_target(parser)
    parser.set_defaults(run=history)


def add_follow(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Show every entry of the room as it comes, until Ctrl-C. Nothing is lost when the server restarts."
    )
    parser.add_argument(
        "--since", metavar="N", type=flag(number(0, MOST)), help="begin after number N (default: from now on)"
    )
    parser.add_argument("--count", metavar="N", type=flag(number(1, MOST)), help="end after N entries")
    add_target(parser)
    parser.set_defaults(run=follow)


def layout(arguments: argparse.Namespace) -> Callable[[Entry], str]:
    """Return how an entry is shown: in the words of plain text's /history, or as its map."""
    return (lambda entry: output.as_json(as_map(entry))) if arguments.json else past_line


def history(arguments: argparse.Namespace) -> int:
    """`portico history`."""
    from portico.cli.visit import visit

    visit(arguments, lambda client: _history(client, arguments))
    return 0


async def _history(client: AsyncClient, arguments: argparse.Namespace) -> None:
    show, since, count = layout(arguments), arguments.since, arguments.count
    if since is None:
        output.lines(map(show, await newest(client, count or NEWEST, arguments.kind)))
        return
    async for page in pages(client, since, count, arguments.kind):
        output.lines(map(show, page))


async def pages(
    client: AsyncClient, since: int, count: int | None, kind: str | None
) -> AsyncIterator[list[Entry]]:
    """Yield the entries after a number, as many as are wanted, a page at a time."""
    left = count
    while left is None or left > 0:
        wanted = PAGE_ENTRIES if left is None else min(left, PAGE_ENTRIES)
        page = await client.history(since=since, count=wanted, kind=kind)
        yield page
        if len(page) < wanted:
            return
        since = page[-1].seq
        left = None if left is None else left - len(page)


async def newest(client: AsyncClient, count: int, kind: str | None) -> list[Entry]:
    """Return the newest entries, also more than fit into one answer."""
    if count <= PAGE_ENTRIES:
        return await client.history(count=count, kind=kind)
    facts = await client.hello()
    before, reach = facts["first"] - 1, count
    while True:
        since = max(before, facts["head"] - reach)
        found = [entry async for page in pages(client, since, None, kind) for entry in page]
        if len(found) >= count or since == before:
            return found[-count:]
        reach *= WIDER


def follow(arguments: argparse.Namespace) -> int:
    """`portico follow`."""
    from portico.cli.visit import stay

    stay(arguments, lambda client: _follow(client, arguments))
    return 0


async def _follow(client: AsyncClient, arguments: argparse.Namespace) -> None:
    show, left = layout(arguments), arguments.count
    async with contextlib.aclosing(client.events(since=arguments.since)) as events:
        async for entry in events:
            output.lines([show(entry)], now=True)
            left = None if left is None else left - 1
            if left == 0:
                return
