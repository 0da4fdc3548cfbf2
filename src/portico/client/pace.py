"""How fast something goes, by what it did in the last seconds. Pure: the time is told."""

from __future__ import annotations

from collections import deque

WINDOW = 3.0
"""Seconds that count: long enough to be readable, short enough to show that nothing moves any more."""

SOONEST = 0.3
"""Seconds before anything is said: the first bytes come in one go and tell nothing."""


class Pace:
    """The rate of a number that grows; begins with where it stands."""

    __slots__ = ("_marks",)

    def __init__(self, now: float, reached: int) -> None:
        """Begin to measure."""
        self._marks = deque([(now, reached)])

    def mark(self, now: float, reached: int) -> None:
        """Note down how far it is; what goes back has begun anew."""
        if reached < self._marks[-1][1]:
            self._marks.clear()
        self._marks.append((now, reached))
        self._forget(now)

    def rate(self, now: float) -> float | None:
        """Return what is done in a second; None when it is too early to say."""
        self._forget(now)
        began, before = self._marks[0]
        if now - began < SOONEST:
            return None
        return (self._marks[-1][1] - before) / min(now - began, WINDOW)

    def _forget(self, now: float) -> None:
        """Forget what is long ago, but for one mark: the window begins there."""
        while len(self._marks) > 1 and now - self._marks[1][0] >= WINDOW:
            self._marks.popleft()
