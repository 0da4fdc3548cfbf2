"""Transfers on standard error while they go on: drawn in place for a person, not at all for a program.

A terminal that cannot draw in place (TERM=dumb) gets a line where something begins, and one where it ends.
What is said meanwhile stands above the lines, which are drawn again below it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator

from portico.cli import output
from portico.client.meter import Meter

PAUSE = 0.1
"""Seconds between two pictures: as often as an eye wants it."""

COLUMNS = 80
"""Of a terminal that does not tell."""


class Live:
    """The meter's lines, below what is said; `person`: somebody looks, `draws`: the lines can be drawn."""

    def __init__(self, meter: Meter, *, shown: bool = True) -> None:
        """Show nothing yet; nor later where the terminal is wanted for other things."""
        self.person = shown and sys.stderr is not None and sys.stderr.isatty()
        self.draws = self.person and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")
        self._meter = meter
        self._drawn: list[str] = []

    @contextlib.asynccontextmanager
    async def drawing(self) -> AsyncIterator[None]:
        """Draw now and then, until the block ends; then nothing is left of it."""
        ticking = asyncio.ensure_future(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            self._draw([])

    async def _tick(self) -> None:
        while self.draws:
            self._draw(self._meter.lines(columns() - 1, time.monotonic()))
            await asyncio.sleep(PAUSE)

    def say(self, sentence: str) -> None:
        """Say something above the lines; they come back with the next picture."""
        self._draw([])
        output.note(sentence)

    def begin(self, sentence: str) -> None:
        """Say that something begins, where no line can show it."""
        if self.person and not self.draws:
            output.note(sentence)

    def end(self, sentence: str) -> None:
        """Say that something has come to its end, to a person."""
        if self.person:
            self.say(sentence)

    def gone(self) -> str:
        """Return what takes the lines away."""
        if not self._drawn:
            return ""
        up = len(self._drawn) - 1
        return "\r" + (f"\x1b[{up}A" if up else "") + "\x1b[J"

    def _draw(self, lines: list[str]) -> None:
        if lines == self._drawn:
            return
        text = self.gone() + "\n".join(lines)
        self._drawn = lines
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def columns() -> int:
    """Return how wide the terminal at standard error is."""
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or COLUMNS
    return COLUMNS
