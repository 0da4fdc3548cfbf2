"""What the room needs of the world: a log, a repository, a clock. Each is a Protocol with few methods.

An implementation lives in `portico.stores`; the suite in `tests/conformance` says what each method
promises and runs against all of them. Nothing here imports an implementation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from portico.model.access import Grant
from portico.model.files import Author, FileChange, FileFacts, Order, Receipt
from portico.model.later import Later


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
    """The shared files of a room.

    Paths are what `portico.model.paths` takes for one. Errors: `Unavailable` when the store cannot be read or
    written at present, or was closed.
    """

    async def open(self) -> Sequence[FileChange]:
        """Begin; return the changes an earlier run began and of which the log may not know.

        Each has come true by now, completed where a crash had cut it short.
        """

    async def list(self, pattern: str | None, after: str | None, count: int) -> Sequence[FileFacts]:
        """Return up to `count` files in code point order of their paths.

        Only those that match the pattern (`portico.model.patterns`) and whose path comes after `after`, which
        may be any text. Digests are those that are known already. Raise `TooBig` for a pattern too long.
        """

    async def count(self, pattern: str | None) -> int:
        """Return how many files match the pattern; raise `TooBig` as `list` does."""

    async def stat(self, path: str) -> FileFacts:
        """Return the facts of one file; raise `NotFound`, or `BadPath` for what is no path.

        A file whose digest is being computed is waited for, a while.
        """

    def desk(self) -> Desk:
        """Return a new way for one client to read and change files."""

    def settled(self, key: str) -> None:
        """Take note that a change stands in the log."""

    def changes(self) -> AsyncIterator[FileChange]:
        """Yield what others do to the files from now on, once it has been still for a while."""

    def fetched(self, receipt: Receipt) -> None:
        """Take note that somebody has fetched a file; it is durable a second later."""

    async def receipts(self, path: str) -> Sequence[Receipt]:
        """Return who fetched the files of this path, newest last, at most the last thousand."""

    async def close(self) -> None:
        """Stop what is being read and let go of the store; closing twice is fine."""


class Desk(Protocol):
    """One client's way to the files. What it asks is done in the order of asking, one after another.

    Nothing waits: each method returns a `Later` that is resolved, on the event loop, with the answer or with
    a `PorticoError`. Asking for many things at once is what makes small files fast: they are done together.
    """

    def read(self, path: str, offset: int, count: int, etag: str) -> Later:
        """Answer with at most `count` bytes from an offset: a `Chunk` when they are few, else a `Source`.

        At the end of the file there are none. Errors: `NotFound`, `BadPath`; `Changed` when an etag is given
        and the file has another.
        """

    def stat(self, path: str) -> Later:
        """Answer as `Repository.stat`, without waiting for a digest; see what was asked before done."""

    def put(self, order: Order, most: int) -> Later:
        """Begin an upload of at most `most` bytes, or continue one; answer with its `Progress`.

        One that is unfinished is continued when its id is given, or when path, size and SHA-256 are the
        same. An unknown id begins one of that id if it is 32 hexadecimal digits, else of another. The upload
        belongs to this desk unless another one is at it. Errors: `BadPath`, `Exists`, `TooBig`, `NoSpace`,
        `Busy` when there are too many.
        """

    def progress(self, upload: str) -> Later:
        """Answer with the `UploadFacts` of an upload, also of one that has become a file within a day.

        Whose it is stays as it is. Errors: `NotFound`.
        """

    def write(self, upload: str, offset: int, data: bytes) -> Later:
        """Answer with the new offset. Errors: `NotFound`, `WrongOffset`, `Busy`, `TooBig`, `NoSpace`."""

    def receive(self, upload: str, offset: int, size: int) -> Later:
        """Answer with a `Sink` for so many bytes; errors as `write`. What is asked next waits for its end."""

    def finish(self, upload: str, author: Author) -> Later:
        """Verify, make durable, and let the file appear whole; answer with the `FileChange`.

        Asked again within a day it answers alike. Errors: `NotFound`, `WrongOffset` (bytes are missing: of
        the size announced, else of those that were to be written since the last `put`, or may be missing
        since a power cut), `WrongDigest` (the upload is gone), `Exists`, `Busy`, `NoSpace`, `Unavailable`.
        """

    def cancel(self, upload: str) -> Later:
        """Forget an unfinished upload; answer with None. Errors: `NotFound`."""

    def remove(self, path: str, author: Author) -> Later:
        """Remove a file; answer with the `FileChange`. Errors: `NotFound`, `BadPath`."""

    def move(self, origin: str, path: str, author: Author, *, replace: bool) -> Later:
        """Give a file another path; answer with the `FileChange`. Errors: `NotFound`, `Exists`, `BadPath`."""

    def close(self) -> None:
        """Leave: uploads may be continued by others, and nothing more can be asked.

        What was asked before is still done and answered, unless it only reads or receives: a change that has
        come true has to be told, whoever asked for it. Closing twice is fine.
        """


class Source(Protocol):
    """A range of an open file, to be sent from any one thread, then closed."""

    path: str
    etag: str
    size: int
    """Of the whole file."""
    fd: int
    offset: int
    count: int
    """Bytes of the range, fixed when it was opened; all of them are there, unless somebody shortens the file
    meanwhile. A file that is replaced or removed is still the one that was opened; one that is written to in
    place is not, and its etag then tells the next reading."""

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""


class Sink(Protocol):
    """Where the bytes of an upload go, from any one thread; blocking. What was taken is kept."""

    def take(self, data: memoryview) -> None:
        """Take the next bytes. Raise `NoSpace`, or `Unavailable` when they cannot be written."""

    def close(self) -> int:
        """End; return the offset that was reached. Closing twice is fine."""


class Tokens(Protocol):
    """The tokens of a room. Nothing here blocks for longer than a small file takes to read."""

    @property
    def wanted(self) -> bool:
        """Whether there is, or was since the start, any token: then everybody has to show one."""

    def find(self, token: str) -> Grant | None:
        """Return what a token grants now, None for one that is not valid; equally long for all of them."""

    def valid(self, token: str) -> bool:
        """Tell whether the token of this id (`Grant.token`) is neither revoked nor expired."""

    def refresh(self) -> bool:
        """Look at what the operator has changed; tell whether anything has."""


class Audit(Protocol):
    """Who came, and what was refused, changed and granted; for the operator, and never what was said."""

    def note(self, event: str, **facts: object) -> None:
        """Write down an event, now or soon; never waits, never raises, and leaves out what is too much."""


class Clock(Protocol):
    """Time and what passes with it, for those who may not ask the machine themselves."""

    def now(self) -> int:
        """Return the present instant: microseconds since 1970, UTC; it goes back when somebody sets it."""

    def ticks(self) -> float:
        """Return seconds since some moment, which never go back: for how long something may take."""

    async def next_entry(self, after: int, seconds: float) -> bool:
        """Wait until the room has an entry after number `after` (True) or the time is up (False)."""
