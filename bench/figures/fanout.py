"""Fan-out: one speaker, many followers, from `SAY` to the last follower's socket; beside PUBLISH and
SUBSCRIBE.

Portico's log is on and durable: a message is on the disk before anyone sees it. Redis keeps nothing here.
RESP3 on both sides, so that both send pushes.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bench import servers
from bench.context import Context
from bench.figures.base import Figure, Sides
from bench.load import fanout
from bench.ratios import RatioAtLeast

#: Speakers of the last run, which may still be leaving.
SPARE = 50


@dataclass(frozen=True, slots=True)
class Load:
    """How many follow, and how many messages may be on their way."""

    followers: int
    window: int

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both; every run connects its own followers."""
        connections = 2 * self.followers + SPARE
        with (
            servers.portico(context.scratch, clients=SPARE, connections=connections) as ours,
            servers.redis(context.scratch) as peer,
        ):
            bounds = (self.followers, self.window, context.seconds)
            yield Sides(
                partial(fanout.run, ours, fanout.PORTICO, *bounds),
                partial(fanout.run, peer, fanout.REDIS, *bounds),
            )


def figures() -> list[Figure]:
    """Both crowds, with a full window (what can pass) and one at a time (how long it takes)."""
    return [_figure(followers, window) for followers in (100, 1000) for window in (64, 1)]


def _figure(followers: int, window: int) -> Figure:
    goal = RatioAtLeast(0.8, 1.0) if window == 1 else RatioAtLeast(1.5, 2.5)
    title = f"fan-out to {followers}, window {window}"
    return Figure(f"fanout-{followers}-w{window}", title, "msg/s", goal, Load(followers, window).prepare)
