"""The way to the server: a channel, and another one when it breaks, until the work is done."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from portico.client.address import Address
from portico.client.limits import FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH
from portico.client.transfer.channel import Channel
from portico.client.transfer.job import Job
from portico.client.trust import Trust
from portico.model.errors import Busy, PorticoError, Unavailable, Untrusted

T = TypeVar("T")

BUSY_SECONDS = 45.0
"""How long an upload may belong to somebody else: the server gives it free 30 s after the last byte of an
owner that vanished without a word."""

BUSY_PAUSE = 1.0
"""Between two attempts meanwhile."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the server is, what it wants to see, and how many seconds may pass without any progress.

    None is for ever. `secret` is that of the session in whose name files are moved; with `trust` TLS is
    spoken.
    """

    address: Address
    token: str
    seconds: float | None
    secret: str = ""
    trust: Trust | None = None

    def persist(
        self, job: Job, work: Callable[[Channel], T], passing: tuple[type[PorticoError], ...] = (Unavailable,)
    ) -> T:
        """Do work over a channel; when that breaks, over another, as long as it goes forward now and then.

        The work is begun anew each time: it finds out itself where it stands. Raise what it raises; of what
        is `passing`, the last when nothing moved for too long.
        """
        patience = Patience(job, self.seconds)
        while True:
            try:
                with Channel(job, self) as channel:
                    return work(channel)
            except Untrusted:
                raise
            except passing as error:
                job.check()
                patience.wait(error)


class Patience:
    """How long to try on: pauses that grow while nothing moves, and an end."""

    def __init__(self, job: Job, seconds: float | None) -> None:
        """Begin now."""
        self._job = job
        self._seconds = math.inf if seconds is None else seconds
        self._moved, self._since = job.moved, time.monotonic()
        self._pause = FIRST_PAUSE

    def wait(self, error: PorticoError) -> None:
        """Pause after an attempt that failed; raise its error when there is no use in another."""
        if self._job.moved > self._moved:
            self._moved, self._since = self._job.moved, time.monotonic()
            self._pause = FIRST_PAUSE
        seconds, pause = self._seconds, self._pause
        if isinstance(error, Busy):
            seconds, pause = max(seconds, BUSY_SECONDS), BUSY_PAUSE
        if time.monotonic() + pause - self._since > seconds:
            raise error
        self._job.pause(pause * random.uniform(0.5, 1.0))  # noqa: S311 - apart from each other, no secret
        self._pause = min(self._pause * PAUSE_GROWTH, LONGEST_PAUSE)
