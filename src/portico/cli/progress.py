"""How far a long command has come: one line on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
import time
from typing import Self

PAUSE = 0.1
"""Seconds between two pictures: as often as an eye wants it."""


class Progress:
    """Shows `TEXT ... 45 %` on standard error while it is entered; called with what is done, of how much."""

    def __init__(self, text: str, *, shown: bool = True) -> None:
        """Show nothing yet; nor later where the terminal is wanted for other things."""
        self._text = text
        self._live = shown and sys.stderr is not None and sys.stderr.isatty()
        self._next = 0.0

    def __enter__(self) -> Self:
        """Show that something begins."""
        self._show("")
        return self

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        if self._live and time.monotonic() >= self._next:
            self._next = time.monotonic() + PAUSE
            self._show(f" {100 * done // max(total, 1)} %")

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _show(self, share: str) -> None:
        if self._live:
            sys.stderr.write(f"\r{self._text} ...{share}\x1b[K")
            sys.stderr.flush()
