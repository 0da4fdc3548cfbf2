"""More than a person can read is folded: some of it, how much was left out, and the newest of it. Pure.

Lines of others cost a budget that fills up again at reading speed. When it is used up, lines are held: only
the newest are kept, the rest is counted, and after a moment, or when something else is to be shown, the count
and the newest are. What is not by others is never folded, and nothing changes its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from portico.client.prompt.wording import ARRIVED, Kind, Shown

BURST = 100
"""Lines that may come at once: a few screens."""

PER_SECOND = 25.0
"""Lines a second that a person can follow, more or less."""

NEWEST = 20
"""Lines that are kept of those that are too many."""

HOLD_SECONDS = 1.0
"""How long lines are held."""


class Folder:
    """Folds what others said; `due` is when what is held is to be shown, None when nothing is."""

    def __init__(self, now: float) -> None:
        """Begin with a full budget."""
        self.due: float | None = None
        self._budget, self._at = float(BURST), now
        self._held: deque[Shown] = deque()
        self._held_lines = 0
        self._folded = 0

    def sift(self, lines: Sequence[Shown], now: float) -> list[Shown]:
        """Take what is to be shown; return what is shown now."""
        self._budget = min(BURST, self._budget + (now - self._at) * PER_SECOND)
        self._at = now
        out: list[Shown] = []
        for line in lines:
            if line.kind not in ARRIVED:
                out += [*self._release(int(self._budget)), line]
            elif self.due is None and self._budget >= 1:
                out.append(self._pay(line))
            else:
                self._hold(line, now)
        if self.due is not None and now >= self.due:
            out += self._release(NEWEST)
        return out

    def _pay(self, line: Shown) -> Shown:
        self._budget = max(0.0, self._budget - _height(line))
        return line

    def _hold(self, line: Shown, now: float) -> None:
        if self.due is None:
            self.due = now + HOLD_SECONDS
        self._held.append(line)
        self._held_lines += _height(line)
        self._shorten(NEWEST)

    def _shorten(self, lines: int) -> None:
        """Fold the oldest until no more than so many lines are held; the newest always stays."""
        while len(self._held) > 1 and self._held_lines > lines:
            self._held_lines -= _height(self._held.popleft())
            self._folded += 1

    def _release(self, lines: int) -> list[Shown]:
        """Return what is held, at most so many lines of it, behind the count of what is not."""
        self._shorten(lines)
        fold = [Shown(Kind.NOTICE, _folded(self._folded))] if self._folded else []
        shown = [*fold, *map(self._pay, self._held)]
        self._held.clear()
        self._held_lines = self._folded = 0
        self.due = None
        return shown


def _height(line: Shown) -> int:
    return 1 + line.text.count("\n")


def _folded(count: int) -> str:
    return f"... {count:,} message{'s' if count > 1 else ''} folded; /history shows them"
