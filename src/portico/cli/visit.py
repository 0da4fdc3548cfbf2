"""One visit to a server: connect, do one thing, leave. What all commands of the client have in common."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from portico.cli import output
from portico.cli.main import INTERRUPTED
from portico.cli.target import client
from portico.client.limits import ANSWER_SECONDS
from portico.model.errors import PorticoError

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient

T = TypeVar("T")
Work = Callable[["AsyncClient"], Awaitable[T]]

LOOK_SECONDS = 0.2
"""How often a command that waits looks whether anybody still reads what it prints."""


def visit(
    arguments: argparse.Namespace,
    work: Work[T],
    *,
    name: str | None = None,
    say: Callable[[str], None] = output.note,
    interrupted: Callable[[], None] = lambda: None,
) -> T:
    """Do something with a client that is connected (with a name: has joined); return the result.

    `say` takes what is to be said meanwhile, for one line. `interrupted` is called before Ctrl-C ends the
    process, in the middle of whatever it does.
    """
    output.prepare()
    with _interruptible(interrupted):
        one = client(arguments, name, ANSWER_SECONDS, on_lost=partial(_lost, say))
        return asyncio.run(_visit(one, work))


def stay(arguments: argparse.Namespace, work: Work[T], seconds: float | None = None) -> T:
    """Do something that may take for ever, also across restarts of the server, as long as it is read.

    Raise `TimeoutError` when it is not done within these seconds, `BrokenPipeError` when standard output is
    not read any more, even while nothing is printed.
    """
    output.prepare()
    with _interruptible(lambda: None):
        visiting = _visit(client(arguments, None, None, on_lost=partial(_lost, output.note)), work)
        return asyncio.run(_while_read(_within(seconds, visiting)))


async def _within(seconds: float | None, work: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await work


async def _visit(one: AsyncClient, work: Work[T]) -> T:
    async with one:
        return await work(one)


def _lost(say: Callable[[str], None], why: PorticoError) -> None:
    say(f"{why.sentence}; waiting until the server is back")


async def _while_read(work: Awaitable[T]) -> T:
    doing = asyncio.ensure_future(work)
    while not (await asyncio.wait([doing], timeout=LOOK_SECONDS))[0]:
        if _unread():
            doing.cancel()
            await asyncio.wait([doing])
            raise BrokenPipeError
    return doing.result()


def _unread() -> bool:
    """Tell whether standard output is a pipe or terminal without a reader; False where nobody can tell."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        ended = select.POLLERR | select.POLLHUP | select.POLLNVAL
        return any(events & ended for _, events in poll.poll(0))
    return False


@contextlib.contextmanager
def _interruptible(interrupted: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C end the command at once.

    asyncio would only cancel: not a write to a pipe that is full, not a look-up of an address. Nothing needs
    an orderly end here, as the server sees the connection close, and what came of a file stays. A shell that
    has us ignore it is obeyed.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, partial(_end, interrupted))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(interrupted: Callable[[], None], *_: object) -> NoReturn:
    interrupted()
    os._exit(INTERRUPTED)
