"""What a figure is: two sides to run in turn, and a goal."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bench import table
from bench.context import Context
from bench.ratios import Goal, Sample, summarise

Run = Callable[[], Sample]


class Measurable(Protocol):
    """All the command line needs to know of a figure."""

    @property
    def name(self) -> str:
        """The word for --only."""

    @property
    def title(self) -> str:
        """What it measures, for the table."""

    def measure(self, context: Context) -> table.Row:
        """Measure it; bounded in time and in numbers."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both contenders, ready to run; `peer` is None where none can take part. `notes` go below the table."""

    ours: Run
    peer: Run | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A comparison. `prepare` starts both contenders, warms them up, and ends them."""

    name: str
    title: str
    unit: str
    goal: Goal
    prepare: Callable[[Context], AbstractContextManager[Sides]]

    def measure(self, context: Context) -> table.Row:
        """Run both sides in turn and condense the pairs."""
        with self.prepare(context) as sides:
            ours, peer = alternate(sides, context.rounds)
        label = table.Label(self.name, self.title, self.unit)
        return table.row(label, self.goal, summarise(ours, peer), sides.notes)


def alternate(sides: Sides, rounds: int) -> tuple[list[Sample], list[Sample]]:
    """A B A B ...: the runs of a pair stand next to each other in time."""
    ours: list[Sample] = []
    peer: list[Sample] = []
    for _ in range(rounds):
        ours.append(sides.ours())
        if sides.peer is not None:
            peer.append(sides.peer())
    return ours, peer
