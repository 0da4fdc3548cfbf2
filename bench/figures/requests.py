"""Single requests, driven by redis-benchmark: the wire's own cost, and the durable write beside an equally
durable one.

The same number of requests, of connections and of requests in flight on both sides. `ECHO` is the least a
server can do; `CLIENT SETINFO LIB-NAME bench` and `SET key value KEEPTTL` both are four words that leave next
to nothing behind. A `SAY` is answered once it is on the disk; so is an `XADD` with `appendfsync always`, on
the same file system.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import sqrt

from bench import redis_benchmark, servers
from bench.context import Context
from bench.figures.base import Figure, Sides
from bench.ratios import NOISE, Goal, RatioAtLeast

TEXT = "one hundred bytes of talk ".ljust(100, ".")
ECHO = ("ECHO", "hello"), ("ECHO", "hello")
FOUR_WORDS = ("CLIENT", "SETINFO", "LIB-NAME", "bench"), ("SET", "key", "value", "KEEPTTL")
DURABLE = ("SAY", TEXT), ("XADD", "s", "*", "f", TEXT)


@dataclass(frozen=True, slots=True)
class Load:
    """One request against another, and how many of them at a time."""

    requests: tuple[tuple[str, ...], tuple[str, ...]]
    clients: int = 50
    pipeline: int = 1
    durable: bool = False

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both servers, see that both understand, find out how many requests fill the time."""
        room = 2 * self.clients + 50  # Those of the last run may still be leaving.
        with (
            servers.portico(context.scratch, clients=room, connections=room) as ours,
            servers.redis(context.scratch, durable=self.durable) as peer,
        ):
            contenders = list(zip((ours, peer), self.requests, strict=True))
            for server, request in contenders:
                redis_benchmark.try_once(server, request)
            rates = [
                redis_benchmark.calibrate(*contender, self.clients, self.pipeline) for contender in contenders
            ]
            count = max(self.clients * self.pipeline, int(sqrt(rates[0] * rates[1]) * context.seconds))
            bounds = (self.clients, self.pipeline, count)
            run = redis_benchmark.run
            yield Sides(
                partial(run, ours, self.requests[0], *bounds), partial(run, peer, self.requests[1], *bounds)
            )


def figures() -> list[Figure]:
    """Undemanding requests without and with a pipeline, then durable ones."""
    parity, pipelined = RatioAtLeast(1.0, noise=NOISE), RatioAtLeast(0.4, 0.6)
    return [
        _figure("echo", "ECHO, 50 clients", parity, Load(ECHO)),
        _figure("words", "four words, 50 clients", parity, Load(FOUR_WORDS)),
        _figure("echo-p16", "ECHO, 50 clients, pipeline 16", pipelined, Load(ECHO, pipeline=16)),
        _figure("words-p16", "four words, 50 clients, pipeline 16", pipelined, Load(FOUR_WORDS, pipeline=16)),
        _durable(1, RatioAtLeast(0.5, 0.8)),
        _durable(50, RatioAtLeast(0.6, 1.0)),
        _durable(1000, RatioAtLeast(0.6, 1.0)),
    ]


def _durable(clients: int, goal: Goal) -> Figure:
    title = f"durable SAY / XADD, {clients} client{'s' if clients > 1 else ''}"
    return _figure(f"say-{clients}", title, goal, Load(DURABLE, clients=clients, durable=True))


def _figure(name: str, title: str, goal: Goal, load: Load) -> Figure:
    return Figure(name, title, "req/s", goal, load.prepare)
