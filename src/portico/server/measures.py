"""What a server counts about itself, for `/metrics`.

Only what nobody could find out afterwards is kept: a few sums, each one addition where something happens
anyway. Bytes are not counted at all as they pass: the kernel does, and is asked when a connection ends and
when somebody looks.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from time import perf_counter

from portico.model.entries import Entry
from portico.server.limits import LAG_SAMPLES, LAG_SECONDS
from portico.server.sockets import Traffic

APPEND_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Bounds of the groups in which appends are counted: an SSD syncs in a millisecond or two, a disk in ten."""


class Durations:
    """How often something took how long, in groups up to each bound, in seconds; and the sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Begin with nothing."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds


class Measures:
    """The sums of one server; on its event loop."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.refusals: Counter[str] = Counter()
        self.entries: Counter[str] = Counter()
        self.appends = Durations(APPEND_SECONDS)
        self.ended = Traffic(0, 0)
        """Bytes of the connections that are over."""
        self._lags: deque[float] = deque([0.0], LAG_SAMPLES)

    def committed(self, entries: Sequence[Entry]) -> None:
        """Count what was said and done."""
        self.entries.update([entry.kind for entry in entries])

    @property
    def lag(self) -> float:
        """The longest that the event loop was late lately, in seconds."""
        return max(self._lags)

    async def watch(self) -> None:
        """Find out, for ever, how late the event loop is."""
        while True:
            due = perf_counter() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lags.append(max(0.0, perf_counter() - due))
