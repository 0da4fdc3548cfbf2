"""Plain text beside the report's thread-per-client server: lines answered with `... ACK`, 50 clients.

Same generator, same clients, no time to think, and both print every line on their console. Portico writes
each line to its log before it answers, the other keeps nothing. Only one line in flight per client can be
compared: what a client sends in one piece is one message to a server that takes a recv for a message, and
gets one answer.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bench import servers
from bench.context import Context
from bench.figures.base import Figure, Sides
from bench.load import lines
from bench.ratios import NoGoal, RatioAtLeast

CLIENTS = 50
WINDOW = 16
#: Clients of the last run, who may still be leaving.
ROOM = 2 * CLIENTS + 20


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients do, and how Portico was started."""

    arguments: tuple[str, ...] = ()
    manners: lines.Manners = lines.QUIET
    quiet: bool = False

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both."""
        launch = partial(servers.portico, clients=ROOM, connections=ROOM, quiet=self.quiet)
        with (
            launch(context.scratch, *self.arguments) as ours,
            servers.threaded(context.scratch, ROOM) as peer,
        ):
            yield Sides(
                partial(lines.run, ours, self.manners, CLIENTS, 1, context.seconds),
                partial(lines.run, peer, lines.THREADED, CLIENTS, 1, context.seconds),
            )


@contextlib.contextmanager
def windowed(context: Context) -> Iterator[Sides]:
    """Portico alone, with several lines in flight; and what the peer makes of them."""
    with (
        servers.portico(context.scratch, clients=ROOM, connections=ROOM, quiet=False) as ours,
        servers.threaded(context.scratch, ROOM) as peer,
    ):
        answers = lines.answers_to_many(peer, lines.THREADED, WINDOW, seconds=0.5)
        note = f"the thread-per-client server answers {answers} of {WINDOW} lines sent in one piece: no peer"
        yield Sides(partial(lines.run, ours, lines.QUIET, CLIENTS, WINDOW, context.seconds), None, (note,))


def figures() -> list[Figure]:
    """The one that counts, then what changes it."""
    counts = RatioAtLeast(5.0)
    return [
        Figure("text", "text lines, 50 clients", "line/s", counts, Load().prepare),
        Figure(
            "text-normal", "text lines, --sync normal", "line/s", NoGoal(), Load(("--sync", "normal")).prepare
        ),
        Figure("text-quiet", "text lines, --quiet", "line/s", NoGoal(), Load(quiet=True).prepare),
        Figure(
            "text-pushes",
            "text lines, all shown to all",
            "line/s",
            NoGoal(),
            Load(manners=lines.LIVELY).prepare,
        ),
        Figure("text-w16", "text lines, 16 in flight", "line/s", NoGoal(), windowed),
    ]
