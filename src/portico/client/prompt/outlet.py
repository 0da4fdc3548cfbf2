"""Between what is to be shown and what draws it: collects, folds, and draws not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from portico.client.prompt.folding import Folder
from portico.client.prompt.paint import Paint
from portico.client.prompt.wording import Shown

PAUSE = 0.08
"""Seconds from one drawing to the next: an eye sees no more, and a flood costs a dozen drawings a second."""


class Outlet:
    """Shows lines through `write`, which gets text that ends with a line's end.

    A person gets them folded; a program, which reads everything, gets them at once.
    """

    def __init__(self, write: Callable[[str], None], paint: Paint, *, fold: bool) -> None:
        """Begin with nothing to show."""
        self._write, self._paint = write, paint
        self._loop = asyncio.get_running_loop()
        self._folder = Folder(self._loop.time()) if fold else None
        self._waiting: list[Shown] = []
        self._timer: asyncio.TimerHandle | None = None
        self._pause = PAUSE if fold else 0.0
        self._next = 0.0

    def show(self, lines: Sequence[Shown]) -> None:
        """Show these as soon as may be."""
        if lines:
            self._waiting += lines
            self._call_at(self._next)

    def flush(self) -> None:
        """Show everything now."""
        self._draw()

    def _call_at(self, when: float) -> None:
        if self._timer is None or when < self._timer.when():
            self._cancel()
            self._timer = self._loop.call_at(max(when, self._loop.time()), self._draw)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _draw(self) -> None:
        self._cancel()
        now = self._loop.time()
        self._next = now + self._pause
        lines, self._waiting = self._waiting, []
        if self._folder is not None:
            lines = self._folder.sift(lines, now)
        if lines:
            self._write("".join(f"{self._paint(line)}\n" for line in lines))
        if self._folder is not None and self._folder.due is not None:
            self._call_at(self._folder.due)
