"""Which record made which entry: the numbers people see against the positions in the log.

Positions count all records, numbers only what came true. Mostly both go up by one together, so the map is
kept as runs: from entry `seq` on, entry `seq + i` stands at `position + i`, until the next run begins. A
record that made no entry, or two, begins a new run.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right


class Ordinals:
    """The runs, oldest first; grows by 16 bytes for each record that did not make exactly one entry."""

    __slots__ = ("_positions", "_seqs")

    def __init__(self, seqs: list[int] | None = None, positions: list[int] | None = None) -> None:
        """Begin empty, or with the runs that `runs` returned."""
        self._seqs = array("q", seqs or ())
        self._positions = array("q", positions or ())

    def note(self, position: int, seq: int, count: int) -> None:
        """Take note that the record at `position` made `count` entries, from `seq` on."""
        seqs, positions = self._seqs, self._positions
        if count == 1 and seqs and position - positions[-1] == seq - seqs[-1]:
            return
        for number in range(seq, seq + count):
            if not self._seqs or position - self._positions[-1] != number - self._seqs[-1]:
                self._seqs.append(number)
                self._positions.append(position)

    def position_of(self, seq: int) -> int:
        """Return the position of the record that made entry `seq`, which must have been noted."""
        run = bisect_right(self._seqs, seq) - 1
        return self._positions[run] + seq - self._seqs[run]

    def first_after(self, position: int) -> int:
        """Return the number of the first entry made after `position`.

        When none is noted there, the number is at least that of the next to come.
        """
        run = bisect_right(self._positions, position)
        if run == 0:
            return self._seqs[0] if self._seqs else 1
        number = self._seqs[run - 1] + position - self._positions[run - 1] + 1
        return min(number, self._seqs[run]) if run < len(self._seqs) else number

    def forget_before(self, seq: int) -> None:
        """Let go of runs that only concern entries before `seq`."""
        keep = max(bisect_right(self._seqs, seq) - 1, 0)
        if keep:
            self._seqs, self._positions = self._seqs[keep:], self._positions[keep:]

    def runs(self) -> tuple[list[int], list[int]]:
        """Return the runs as two lists, for a snapshot."""
        return self._seqs.tolist(), self._positions.tolist()
