"""How long a command of the shell takes from start to exit, beside the least that Python can do.

`python3 -c pass` is the peer: the same interpreter, the same environment. Single starts alternate, and the
ratio is taken pair by pair, because a start is short and the machine's mood is not. Bytecode is cached, as
it is where Portico was installed; the first start of each makes it.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench import servers, table
from bench.context import Context
from bench.errors import BenchError
from bench.figures.base import Sides, alternate
from bench.processes import own_cpu
from bench.ratios import RatioAtMost, Sample, summarise

#: Pairs of starts for each round that was asked for: one start alone says little.
PAIRS = 5
NOTHING = ("-c", "pass")


@dataclass(frozen=True, slots=True)
class Start:
    """One command beside an interpreter that does nothing; `talks`: a server runs meanwhile."""

    name: str
    title: str
    arguments: tuple[str, ...]
    goal: RatioAtMost
    talks: bool = False

    def measure(self, context: Context) -> table.Row:
        """Start both in turn, many times."""
        with self._environment(context) as environment:
            sides = Sides(
                partial(start, ("-m", "portico", *self.arguments), environment),
                partial(start, NOTHING, environment),
            )
            sides.ours()
            ours, peer = alternate(sides, context.rounds * PAIRS)
        label = table.Label(self.name, self.title, "ms")
        return table.row(label, self.goal, summarise(ours, peer), (_processor(ours, peer),))

    @contextlib.contextmanager
    def _environment(self, context: Context) -> Iterator[dict[str, str]]:
        """The environment of both, without what would keep bytecode from being cached."""
        home = context.scratch / self.name
        home.mkdir()
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = kept | {"PYTHONPYCACHEPREFIX": str(home / "bytecode")}
        if not self.talks:
            yield environment
            return
        with servers.portico(context.scratch) as server:
            yield environment | {"PORTICO_SERVER": f"{servers.HOST}:{server.port}"}


def start(arguments: Sequence[str], environment: dict[str, str]) -> Sample:
    """One start, from the call to the exit, in milliseconds."""
    processor, clock = own_cpu(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    wall = time.perf_counter() - clock
    if done.returncode:
        raise BenchError(
            f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode().strip()}"
        )
    return Sample(1_000 * wall, wall, 0.0, own_cpu() - processor)


def _processor(ours: Sequence[Sample], peer: Sequence[Sample]) -> str:
    """The note about processor time, which a busy machine disturbs less."""
    ratio = median(mine.generator_cpu / theirs.generator_cpu for mine, theirs in zip(ours, peer, strict=True))
    return f"by processor time {ratio:.2f} x"


def figures() -> list[Start]:
    """The command that does nothing, and one that talks to a server."""
    return [
        Start("start-help", "portico --help / python3 -c pass", ("--help",), RatioAtMost(6.0)),
        Start("start-say", "portico say x / python3 -c pass", ("say", "x"), RatioAtMost(12.0), talks=True),
    ]
