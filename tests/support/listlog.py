"""A log in a list: what history needs of one, and crashes that are as simple as forgetting the room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from portico.ports import Bounds, Snapshot, Stored


class ListLog:
    """Implements the `Log` port for one room, in memory; `records` may be looked at and changed."""

    identity = "list"

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[bytes] = []
        self.first = 1
        self.snapshot: Snapshot | None = None
        self._keys: dict[str, int] = {}
        self._epoch = 0

    async def open(self) -> str:
        """Begin another run."""
        self._epoch += 1
        return f"run{self._epoch}"

    async def append(self, room: str, batch: Sequence[bytes], key: str) -> int:
        """Store a batch once."""
        return self.store(room, batch, key)

    def store(self, _room: str, batch: Sequence[bytes], key: str) -> int:
        """Store a batch once, without waiting."""
        if key not in self._keys:
            self.records += batch
            self._keys[key] = len(self.records)
        return self._keys[key]

    async def follow(self, room: str, after: int) -> AsyncIterator[Stored]:
        """Yield what there is."""
        for stored in await self.read(room, after, len(self.records)):
            yield stored

    async def read(self, _room: str, after: int, limit: int) -> Sequence[Stored]:
        """Return records after a position."""
        start = max(after, self.first - 1)
        return [Stored(start + i, body) for i, body in enumerate(self.records[start : start + limit], 1)]

    async def head(self, _room: str) -> Bounds:
        """Return what is kept."""
        return Bounds(self.first, len(self.records))

    async def trim(self, _room: str, before: int) -> None:
        """Forget what is older."""
        self.first = max(self.first, min(before, len(self.records)))

    async def erase(self, _room: str, position: int, remainder: bytes) -> None:
        """Put something else in the place of a record."""
        self.records[position - 1] = remainder

    async def load_snapshot(self, _room: str) -> Snapshot | None:
        """Return the snapshot."""
        return self.snapshot

    async def save_snapshot(self, _room: str, snapshot: Snapshot) -> None:
        """Keep a snapshot."""
        self.snapshot = snapshot

    async def close(self) -> None:
        """Let go of nothing."""
