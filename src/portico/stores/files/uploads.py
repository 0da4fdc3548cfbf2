"""Uploads: deposits on their way, each a temporary file that nobody else writes.

An upload stands at an offset: every byte before it is in the file, in order, so the file's size tells after a
crash how far it came. After a power cut only what was synced is believed, every `SYNC_BYTES`.

`wanted` is the offset up to which somebody has wanted to write. Short of it an upload of unknown size is not
whole, as one is not that a power cut may have shortened: who goes on with it has to hear the offset first.

It belongs to the desk that began it or went on with it last. Another one may go on when that one has left or
was silent for a while; what the earlier one still tries is then refused. `lock` is held while bytes are
written and while the file is opened or closed, so that no thread ever writes to a descriptor that is
another's by now.

One is `spoilt` when the disk did not take what was written: the system tells that once, and has thrown it
away, so nothing asked later counts.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from typing import Protocol

from portico.model.errors import Busy, NoSpace, NotFound, PorticoError, TooBig, Unavailable, WrongOffset
from portico.model.files import Order, Progress
from portico.stores.files import modes
from portico.stores.files.beneath import FILE
from portico.stores.files.catalog import Kept
from portico.stores.files.digests import Running
from portico.stores.files.intents import Identity

SILENT_SECONDS = 30.0
"""How long an owner may be silent before another may go on: the contract's word."""

SYNC_BYTES = 64 * 1_048_576
"""Bytes after which an upload is put on the disk, so that a power cut costs at most as many."""

FOLLOW_BYTES = 4 * 1_048_576
"""Bytes that may be written before the digest follows: waking a thread for less costs more than it gives."""

MOST_BYTES = 2**63 - 1
"""What an upload may have where nobody says less: the length of a file."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def write_error(error: OSError) -> PorticoError:
    """Return what people are told of a failed write."""
    if error.errno in FULL:
        return NoSpace("the disk is full; what came is kept, go on once there is room")
    if error.errno == errno.EFBIG:
        return TooBig("the disk's file system takes no file of that size")
    return Unavailable(f"the files cannot be written at present: {error.strerror}")


class Owner(Protocol):
    """Whose an upload is, until that one has `left`."""

    left: bool


class Upload:
    """One upload. `owner` is None when nobody is at it; `sink` what takes a body for it."""

    __slots__ = (
        "_file",
        "began",
        "durable",
        "finishing",
        "folder",
        "following",
        "hashing",
        "id",
        "kept",
        "leaving",
        "lock",
        "most",
        "offset",
        "order",
        "owner",
        "running",
        "sink",
        "spoilt",
        "synced",
        "touched",
        "wanted",
    )

    def __init__(self, folder: int, upload: str, order: Order, offset: int, began: float) -> None:
        """Name one whose file, in an open folder, has `offset` bytes; it is opened when needed."""
        self.folder, self.id, self.order, self.offset = folder, upload, order, offset
        self.wanted = offset
        self.owner: Owner | None = None
        self.sink: object | None = None
        self.began = began
        self.most = MOST_BYTES
        self.touched = time.monotonic()
        self.synced = self.durable = 0
        self.lock, self.hashing = threading.Lock(), threading.Lock()
        self.following = self.finishing = self.leaving = self.kept = self.spoilt = False
        self.running = Running()
        self._file = -1

    @property
    def progress(self) -> Progress:
        """Return how far it has come."""
        return Progress(self.id, self.offset)

    def create(self) -> None:
        """Make its file. Raises `OSError`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self.id, flags, modes.FILE, dir_fd=self.folder)
        modes.share_file(self._file)

    def file(self) -> int:
        """Return the descriptor of its file, opened if need be; `lock` is held, or it is being finished.

        Raises `OSError`, `NotFound`.
        """
        if self._file < 0:
            try:
                self._file = os.open(self.id, os.O_RDWR | FILE, dir_fd=self.folder)
            except FileNotFoundError:
                raise unknown(self.id) from None
        return self._file

    def free_for(self, desk: Owner) -> bool:
        """Tell whether a desk may go on with it."""
        return self.owner is desk or self.forsaken

    @property
    def forsaken(self) -> bool:
        """Whether nobody is at it."""
        return self.owner is None or self.owner.left or self._silent

    @property
    def _silent(self) -> bool:
        return time.monotonic() - self.touched > SILENT_SECONDS

    def claim(self, desk: Owner) -> None:
        """Have it belong to a desk; raise `Busy` when another one is at it."""
        with self.lock:
            if not self.free_for(desk):
                raise Busy(
                    "another connection is at this upload; wait until it has ended or was silent for 30 s"
                )
            if self.owner is not desk:
                self.owner, self.sink = desk, None
            self.touched = time.monotonic()

    def leave(self, desk: Owner) -> None:
        """Have it belong to nobody, and close the file, unless it is another desk's by now."""
        self.leaving = True
        with self.hashing, self.lock:
            self.leaving = False
            if self.owner is desk:
                self.owner = None
                if not self.finishing:
                    self._close()

    def want(self, offset: int, size: int) -> None:
        """Take note that so many bytes shall be written at an offset; raise unless they may be."""
        if offset != self.offset:
            self.wanted = max(self.wanted, offset + size)
            raise WrongOffset(self.offset)
        self.wanted = offset + size
        if offset + size > self.most:
            raise TooBig(f"a deposit has at most {self.most:,} bytes here; this one would have more")
        if self.order.size is not None and offset + size > self.order.size:
            raise TooBig(
                f"this upload was announced with {self.order.size:,} bytes and there would be"
                f" {offset + size:,}; begin another one of the right size"
            )

    def append(self, data: bytes | memoryview, sink: object | None) -> int:
        """Write the next bytes for a sink, or for none; return the new offset. Raises `PorticoError`."""
        with self.lock:
            if self.sink is not sink or self.finishing:
                raise Busy("another connection has gone on with this upload")
            view = memoryview(data)
            try:
                file = self.file()
                while view:
                    done = os.pwrite(file, view, self.offset)
                    self.offset += done
                    view = view[done:]
            except OSError as error:
                raise write_error(error) from error
            self.touched = time.monotonic()
            return self.offset

    def follow(self, *, to_the_end: bool = False) -> bool:
        """Bring the digest up to what was written; return False when that cannot be read, or is given up.

        `to_the_end`: not given up when who wrote it leaves meanwhile; somebody else is finishing it.
        """
        with self.hashing:
            while self.running.hashed < self.offset:
                end = min(self.offset, self.running.hashed + FOLLOW_BYTES)
                if self.leaving and not to_the_end:
                    return False
                with self.lock:
                    file = self.file()
                if not self.running.read(file, end):
                    return False
        return True

    def rest(self) -> None:
        """Close the file unless it is being written or finished just now."""
        if self.sink is None and not self.finishing:
            self.let_go(unless_finishing=True)

    def begin_to_finish(self) -> Identity:
        """Have nobody else write to it, close it or finish it; return which file it is. Raises `OSError`."""
        with self.lock:
            if self.finishing:
                raise being_finished()
            file = self.file()
            if self.order.mtime is not None:
                os.utime(file, ns=(self.order.mtime * 1000, self.order.mtime * 1000))
            self.finishing, self.sink = True, None
            return Identity.of(os.fstat(file))

    def let_go(self, *, unless_finishing: bool = False) -> None:
        """Close the file; it is opened again when somebody goes on."""
        self.leaving = True
        with self.hashing, self.lock:
            self.leaving = False
            if not (self.finishing and unless_finishing):
                self._close()

    def _close(self) -> None:
        self.sink = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def discard(self) -> None:
        """Remove the file."""
        self.let_go()
        try:
            os.unlink(self.id, dir_fd=self.folder)
        except FileNotFoundError:
            return

    def as_kept(self, boot: str) -> Kept:
        """Return what the catalog keeps of it."""
        order = self.order
        body = [order.path, order.size, order.sha256, order.replace, order.mtime, self.began]
        return Kept(self.id, json.dumps(body), self.durable, boot)


def sync_error(error: OSError) -> PorticoError:
    """Return what people are told when the bytes of an upload cannot be put on the disk."""
    kind = NoSpace if error.errno in FULL else Unavailable
    return kind(
        f"the disk did not take what came of this upload ({error.strerror}), and it was thrown away;"
        " deposit it again"
    )


def being_finished() -> Busy:
    """Return the error for an upload that is about to become a file."""
    return Busy("this upload is being finished; ask again")


def unknown(upload: str) -> NotFound:
    """Return the error for an upload that is not there."""
    return NotFound(f"there is no upload {upload}; it was ended or never begun, begin it with PUT")
