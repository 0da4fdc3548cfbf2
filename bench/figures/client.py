"""The client library beside redis-py's asyncio client: one connection, windows of requests, pure Python both.

A window is sent at once and waited for before the next: on our side `asyncio.gather` over as many calls, or
`say_many` and `call_many`; on redis-py's side a pipeline without a transaction, which is its fastest way. A
`SAY` carries a key, so that it could be repeated, and is answered once it is on the disk; so is an `XADD`
with `appendfsync always`, on the same file system. The client is the generator here: its share is the figure.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from redis.asyncio import Redis

from bench import servers
from bench.context import Context, Meter
from bench.figures.base import Figure, Sides
from bench.ratios import RatioAtLeast, Sample
from bench.servers import HOST, Server
from portico import AsyncClient
from portico.model.errors import PorticoError

WINDOW = 500
TEXT = "one hundred bytes of talk ".ljust(100, ".")

Send = Callable[[], Awaitable[object]]
"""Sends one window and waits for its answers."""

Connect = Callable[[Server], AbstractAsyncContextManager[Send]]


@contextlib.asynccontextmanager
async def _ours(server: Server, window: Callable[[AsyncClient], Awaitable[object]]) -> AsyncIterator[Send]:
    async with AsyncClient(f"{HOST}:{server.port}", name="bench") as client:
        yield partial(window, client)


async def _say_each(client: AsyncClient) -> None:
    await asyncio.gather(*[client.say(TEXT) for _ in range(WINDOW)])


async def _say_many(client: AsyncClient) -> None:
    _none_refused(await client.say_many([TEXT] * WINDOW))


async def _ping_each(client: AsyncClient) -> None:
    await asyncio.gather(*[client.ping() for _ in range(WINDOW)])


async def _ping_many(client: AsyncClient) -> None:
    _none_refused(await client.call_many([["PING"]] * WINDOW, again=True))


def _none_refused(answers: list[object] | list[int | PorticoError]) -> None:
    for answer in answers:
        if isinstance(answer, PorticoError):
            raise answer


@contextlib.asynccontextmanager
async def _redis(server: Server, *words: str) -> AsyncIterator[Send]:
    async with Redis(host=HOST, port=server.port) as client:

        async def window() -> None:
            pipeline = client.pipeline(transaction=False)
            for _ in range(WINDOW):
                pipeline.execute_command(*words)
            answers = await pipeline.execute()
            assert len(answers) == WINDOW

        yield window


@dataclass(frozen=True, slots=True)
class Load:
    """A window of ours against one of redis-py's."""

    ours: Callable[[AsyncClient], Awaitable[object]]
    peer: tuple[str, ...]
    durable: bool

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both servers."""
        with (
            servers.portico(context.scratch) as ours,
            servers.redis(context.scratch, durable=self.durable) as peer,
        ):
            yield Sides(
                partial(_run, ours, partial(_ours, window=self.ours), context.seconds),
                partial(_run, peer, lambda server: _redis(server, *self.peer), context.seconds),
            )


def _run(server: Server, connect: Connect, seconds: float) -> Sample:
    """One run; requests per second."""
    return asyncio.run(_windows(server, connect, seconds))


async def _windows(server: Server, connect: Connect, seconds: float) -> Sample:
    async with connect(server) as send:
        await send()
        count = 0
        with Meter(server.process) as meter:
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                await send()
                count += WINDOW
        return meter.sample(count / meter.wall)


def figures() -> list[Figure]:
    """Undemanding and durable requests, one call for each and one for all."""
    return [
        _figure("library-ping", "PING, a call each", Load(_ping_each, ("PING",), durable=False)),
        _figure("library-ping-many", "PING, a call for 500", Load(_ping_many, ("PING",), durable=False)),
        _figure("library-say", "durable SAY / XADD, a call each", Load(_say_each, XADD, durable=True)),
        _figure(
            "library-say-many", "durable SAY / XADD, a call for 500", Load(_say_many, XADD, durable=True)
        ),
    ]


XADD = ("XADD", "s", "*", "f", TEXT)


def _figure(name: str, title: str, load: Load) -> Figure:
    return Figure(name, f"library / redis-py: {title}", "req/s", RatioAtLeast(1.5), load.prepare)
