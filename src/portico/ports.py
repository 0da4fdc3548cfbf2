"""What the room needs of the world: a log, a repository, a clock. Each is a Protocol with few methods.

An implementation lives in `portico.stores`; the suite in `tests/conformance` says what each method
promises and runs against all of them. Nothing here imports an implementation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from portico.model.files import FileFacts


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as the log gives it back: its position (1, 2, 3... in its room) and its bytes."""

    position: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """The oldest and the newest position a room's log keeps; `last` is `first - 1` when it keeps none."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a room after `position`, as bytes only the room understands."""

    position: int
    body: bytes


class Log(Protocol):
    """A durable, totally ordered sequence of records per room.

    Errors: `TooBig` for a batch the engine cannot take (nothing is stored); `NoSpace` when the disk is full
    (nothing is stored); `Unavailable` when the outcome is unknown: say the same batch with the same key
    again until it is known.
    """

    identity: str
    """Random id of this log, fixed for its life; known after `open`."""

    async def open(self) -> str:
        """Open or create the log; return a new epoch, the name of this run.

        Raises `Refused` with a sentence when the log cannot be used as it is.
        """

    async def append(self, room: str, batch: Sequence[bytes], key: str) -> int:
        """Store the batch of at least one record, all or nothing, durably; return its last position.

        The same key again returns the same position and stores nothing; keys are remembered for at least the
        last 1,000 batches, also across a reopening and after their records were trimmed. Whoever is cancelled
        while waiting finds out by the same key whether the batch is stored.
        """

    def follow(self, room: str, after: int) -> AsyncIterator[Stored]:
        """Yield every record after a position once, in order, without a gap, and go on as they come.

        Raises `Gone` (with positions) when the next record was trimmed, `Unavailable` when the log is closed.
        """

    async def read(self, room: str, after: int, limit: int) -> Sequence[Stored]:
        """Return up to `limit` records after a position, in order; fewer only at the end of the log."""

    async def head(self, room: str) -> Bounds:
        """Return the oldest and newest position kept; (1, 0) for a room nothing was ever written to."""

    async def trim(self, room: str, before: int) -> None:
        """Forget all records at positions below `before`; the newest record always stays."""

    async def erase(self, room: str, position: int, remainder: bytes) -> None:
        """Put `remainder` in the place of a record, so that its bytes cannot be read back from the store.

        A position that is not kept has nothing to erase. After an error, or a crash, say it again.
        """

    async def load_snapshot(self, room: str) -> Snapshot | None:
        """Return the newest snapshot of the room that is whole, or None."""

    async def save_snapshot(self, room: str, snapshot: Snapshot) -> None:
        """Keep a snapshot durably; older ones may be forgotten, but never the only whole one."""

    async def close(self) -> None:
        """Finish what is under way and let go of the store; closing twice is fine."""


class Repository(Protocol):
    """The shared files of a room, read side.

    Paths are what `portico.model.paths` takes for one. Errors: `Unavailable` when the store cannot be read at
    present, or was closed.
    """

    async def list(self, pattern: str | None, after: str | None, count: int) -> Sequence[FileFacts]:
        """Return up to `count` files in code point order of their paths.

        Only those that match the pattern (`portico.model.patterns`) and whose path comes after `after`, which
        may be any text. Raise `TooBig` for a pattern that is too long.
        """

    async def count(self, pattern: str | None) -> int:
        """Return how many files match the pattern; raise `TooBig` as `list` does."""

    async def stat(self, path: str) -> FileFacts:
        """Return the facts of one file; raise `NotFound`, or `BadPath` for what is no path."""

    async def close(self) -> None:
        """Stop what is being read and let go of the store; closing twice is fine."""


class Clock(Protocol):
    """Time and what passes with it, for those who may not ask the machine themselves."""

    def now(self) -> int:
        """Return the present instant: microseconds since 1970, UTC."""

    async def next_entry(self, after: int, seconds: float) -> bool:
        """Wait until the room has an entry after number `after` (True) or the time is up (False)."""
