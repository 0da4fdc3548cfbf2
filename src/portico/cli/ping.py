"""`portico ping`: how long the server takes to answer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from portico.cli.target import add_target
from portico.cli.values import flag, number

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient

MOST = 1_000_000

PAUSE = 0.5
"""Seconds between two: often enough to see a pattern, no burden for anybody."""


def add_ping(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Ask the server for a sign of life and say how long it took."
    parser.add_argument(
        "--count", metavar="N", type=flag(number(1, MOST)), default=1, help="how many times (default: 1)"
    )
    add_target(parser)
    parser.set_defaults(run=ping)


def ping(arguments: argparse.Namespace) -> int:
    """`portico ping`."""
    from portico.cli.visit import visit

    visit(arguments, lambda client: _ping(client, arguments))
    return 0


async def _ping(client: AsyncClient, arguments: argparse.Namespace) -> None:
    from asyncio import sleep

    from portico.cli import output

    server, times = str(client.address), []
    for count in range(arguments.count):
        if count:
            await sleep(PAUSE)
        times.append(await client.ping())
        facts = {"server": server, "seconds": round(times[-1], 6)}
        output.lines([output.as_json(facts) if arguments.json else answer(server, times[-1])], now=True)
    if len(times) > 1 and not arguments.json:
        output.lines([summary(times)])


def answer(server: str, seconds: float) -> str:
    """Return the line of one answer."""
    return f"PONG from {server} in {_milliseconds(seconds)} ms"


def summary(times: Sequence[float]) -> str:
    """Return the line about several."""
    from statistics import median

    low, middle, high = (_milliseconds(seconds) for seconds in (min(times), median(times), max(times)))
    return f"{len(times):,} answers: fastest {low}, median {middle}, slowest {high} ms"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1_000:,.1f}"
