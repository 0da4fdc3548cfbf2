"""A log in memory: for tests, and for trying things out. It keeps everything until the object is gone.

It promises what `portico.ports.Log` promises except durability; closing and opening the same object again
is what reopening a file is for other logs. Faults are made by wrapping it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from portico.model.errors import Unavailable
from portico.ports import Bounds, Snapshot, Stored
from portico.stores.following import Wakes, follow

KEYS = 2_048
"""Batches of a room whose keys are remembered."""


@dataclass(slots=True)
class _Room:
    """The records of a room from position `first` on, the positions by key, the newest snapshots."""

    first: int = 1
    bodies: list[bytes] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    snapshots: dict[int, Snapshot] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return self.first + len(self.bodies) - 1


class MemoryLog:
    """`portico.ports.Log` without a disk."""

    def __init__(self) -> None:
        """Begin empty and closed."""
        self.identity = secrets.token_hex(8)
        self._rooms: dict[str, _Room] = {}
        self._wakes = Wakes()
        self._open = False

    async def open(self) -> str:
        """Open for the first time, or again."""
        self._open = True
        return secrets.token_hex(8)

    async def append(self, room: str, batch: Sequence[bytes], key: str) -> int:
        """Store a batch; as with a disk the answer comes in a later turn, and who is cancelled has stored."""
        if not batch:
            raise ValueError("a batch has at least one record")
        position = self._store(self._room(room), batch, key)
        self._wakes.wake(room)
        await asyncio.sleep(0)
        return position

    def follow(self, room: str, after: int) -> AsyncIterator[Stored]:
        """Yield every record after a position, also those to come; `Gone` when one due was trimmed."""
        return follow(self, self._wakes, room, after)

    async def read(self, room: str, after: int, limit: int) -> Sequence[Stored]:
        """Return up to `limit` records after a position."""
        kept = self._room(room)
        start = max(0, after + 1 - kept.first)
        bodies = kept.bodies[start : start + limit]
        return [Stored(position, body) for position, body in enumerate(bodies, kept.first + start)]

    async def head(self, room: str) -> Bounds:
        """Return the oldest and newest position kept."""
        kept = self._room(room)
        return Bounds(kept.first, kept.last)

    async def trim(self, room: str, before: int) -> None:
        """Forget the records below a position, never the newest."""
        kept = self._room(room)
        cut = min(before, kept.last) - kept.first
        if cut > 0:
            del kept.bodies[:cut]
            kept.first += cut

    async def erase(self, room: str, position: int, remainder: bytes) -> None:
        """Put something else in the place of a record; a position that is not kept has nothing to erase."""
        kept = self._room(room)
        if kept.first <= position <= kept.last:
            kept.bodies[position - kept.first] = bytes(remainder)

    async def load_snapshot(self, room: str) -> Snapshot | None:
        """Return the newest snapshot."""
        snapshots = self._room(room).snapshots
        return snapshots[max(snapshots)] if snapshots else None

    async def save_snapshot(self, room: str, snapshot: Snapshot) -> None:
        """Keep a snapshot and the newest of the others."""
        snapshots = self._room(room).snapshots
        snapshots[snapshot.position] = snapshot
        for position in sorted(snapshots)[:-2]:
            del snapshots[position]

    async def close(self) -> None:
        """Refuse everything until the next `open`."""
        self._open = False
        self._wakes.wake_all()

    def _room(self, room: str) -> _Room:
        if not self._open:
            raise Unavailable("the log is closed")
        return self._rooms.setdefault(room, _Room())

    def _store(self, kept: _Room, batch: Sequence[bytes], key: str) -> int:
        if key not in kept.keys:
            kept.bodies += map(bytes, batch)
            kept.keys[key] = kept.last
            if len(kept.keys) > KEYS:
                del kept.keys[next(iter(kept.keys))]
        return kept.keys[key]
