"""The newest entries, in memory: what nearly caught-up readers get without reading the log."""

from __future__ import annotations

from collections.abc import Sequence

from portico.model.entries import Entry, Message
from portico.room.limits import TAIL_BYTES, TAIL_ENTRIES


def _weight(entry: Entry) -> int:
    return len(entry.text) if type(entry) is Message else 0


class Tail:
    """A bounded, gapless run of entries that ends with the newest one."""

    def __init__(self) -> None:
        """Begin empty: nothing is covered."""
        self._entries: list[Entry] = []
        self._weight = 0

    def extend(self, entries: Sequence[Entry]) -> None:
        """Add the newest entries, numbered on from the last."""
        self._entries.extend(entries)
        self._weight += sum(map(_weight, entries))
        if len(self._entries) >= 2 * TAIL_ENTRIES:
            self._cut(TAIL_ENTRIES)
        while self._weight > TAIL_BYTES:
            self._cut(len(self._entries) // 2)

    def _cut(self, keep: int) -> None:
        self._entries = self._entries[len(self._entries) - keep :]
        self._weight = sum(map(_weight, self._entries))

    def after(self, seq: int, limit: int) -> Sequence[Entry] | None:
        """Return up to `limit` entries after `seq`, or None when some of them are not kept here."""
        if not self._entries or seq + 1 < self._entries[0].seq:
            return None
        start = seq + 1 - self._entries[0].seq
        return self._entries[start : start + limit]

    def replace(self, entry: Entry) -> None:
        """Put an entry in the place of the one with its number, if that is still here."""
        if self._entries and entry.seq >= self._entries[0].seq:
            self._entries[entry.seq - self._entries[0].seq] = entry
