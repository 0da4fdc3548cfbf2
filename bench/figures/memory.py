"""Memory per idle connection: the growth of the server's resident memory, divided by the connections that
caused it.

The kernel's socket buffers are not in it, on either side. Every run has a new server: memory that was once
used is seldom given back.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from bench import servers
from bench.context import Context
from bench.figures.base import Figure, Sides
from bench.load import idle
from bench.ratios import Sample, ValueAtMost
from bench.servers import Server

CONNECTIONS = 10_000
SPARE = 200

Launch = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Load:
    """Connections that say nothing, or only `hello`."""

    hello: bytes

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Nothing to start: every run starts its own server."""
        count = context.count(CONNECTIONS, 1000)
        ours = partial(servers.portico, context.scratch, connections=count + SPARE)
        peer = partial(servers.redis, context.scratch, connections=count + SPARE)
        notes = () if count == CONNECTIONS else (f"only {count:,} connections",)
        yield Sides(partial(self.run, ours, count), partial(self.run, peer, count), notes)

    def run(self, launch: Launch, count: int) -> Sample:
        """KiB per connection."""
        with launch() as server:
            return Sample(idle.bytes_per_connection(server, count, self.hello) / 1024)


def figures() -> list[Figure]:
    """Silent connections, then visitors."""
    goal = ValueAtMost(4, 2, "KiB")
    return [
        Figure("memory", "memory per silent connection (10,000)", "KiB", goal, Load(b"").prepare),
        Figure(
            "memory-hello", "memory per visitor after HELLO 3 (10,000)", "KiB", goal, Load(idle.HELLO).prepare
        ),
    ]
