"""Which files are on their way, for TRANSFERS; and receipts for those that have arrived.

A deposit is known by its upload's id from PUT to FINISH or CANCEL, or until its connection is gone. Fetching
has no beginning and no end on the wire, only READs: a file is being fetched by a connection from its first
READ until some seconds after its last, or until its last byte was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice

from portico.commands.call import Call
from portico.model.files import VISITOR, Chunk, Order, Progress, Receipt
from portico.model.replies import TransferLine
from portico.ports import Source

QUIET_MICROSECONDS = 5_000_000
"""How long after its last READ a file still counts as being fetched."""

LINES_MOST = 1_000
"""Transfers remembered: those of a tree of small files come and go faster than anybody asks."""

RATE_MICROSECONDS = 2_000_000
"""What a rate is measured over, at least."""


STALLED_MICROSECONDS = 10_000_000
"""Without a step for as long, nothing moves: a step of 16 MiB on a slow line takes some seconds."""


@dataclass(slots=True)
class _Transfer:
    """One file on its way; the rate is that since a mark, which moves on now and then."""

    call: Call
    direction: str
    path: str
    size: int | None
    offset: int
    touched: int
    marked: int
    mark: int
    rate: int = 0
    upload: str = ""
    etag: str = field(default="")

    def reach(self, offset: int, now: int) -> None:
        """Note down how far it is."""
        self.offset, self.touched = offset, now
        past = now - self.marked
        if past >= RATE_MICROSECONDS:
            self.rate = max(0, offset - self.mark) * 1_000_000 // past
            self.mark, self.marked = offset, now

    def line(self, now: int) -> TransferLine:
        """Return it as TRANSFERS shows it."""
        rate = self.rate or max(0, self.offset - self.mark) * 1_000_000 // max(now - self.marked, 1)
        if now - self.touched > STALLED_MICROSECONDS:
            rate = 0
        name, address = who(self.call)
        return TransferLine(
            self.direction, self.path, self.size, self.offset, rate, name, address, self.upload
        )


def who(call: Call) -> tuple[str, str]:
    """Return the name and the address of a caller."""
    session = call.room.state.open_session(call.session)
    host, port = call.address
    return (VISITOR if session is None else session.name), (
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    )


class Transfers:
    """All transfers of one server; `fetched` is told of each file that was sent to its end."""

    def __init__(self, now: Callable[[], int], fetched: Callable[[Receipt], None]) -> None:
        """Begin with none."""
        self._now, self._fetched = now, fetched
        self._puts: dict[Hashable, _Transfer] = {}
        """By the id of the upload."""
        self._gets: dict[Hashable, _Transfer] = {}
        """By connection and path."""

    # Deposits

    def put(self, call: Call, order: Order, progress: Progress) -> None:
        """Take note of an upload that was begun or continued."""
        now = call.now
        self._puts[progress.upload] = _Transfer(
            call,
            "put",
            order.path,
            order.size,
            progress.offset,
            now,
            now,
            progress.offset,
            0,
            progress.upload,
        )
        _bound(self._puts)

    def wrote(self, upload: str, offset: int) -> None:
        """Take note of how far an upload has come."""
        transfer = self._puts.get(upload)
        if transfer is not None:
            transfer.reach(offset, self._now())

    def ended(self, upload: str) -> None:
        """Forget an upload."""
        self._puts.pop(upload, None)

    # Fetching

    def read(self, call: Call, piece: Chunk | Source) -> None:
        """Take note of a range that is being handed out; a small one is as good as sent."""
        count = len(piece.data) if isinstance(piece, Chunk) else piece.count
        if isinstance(piece, Chunk) and not piece.offset and count == piece.size:
            self._receipt(call, piece)
            return
        now, key = self._now(), (call.id, piece.path)
        transfer = self._gets.get(key)
        if transfer is None:
            transfer = _Transfer(call, "get", piece.path, piece.size, piece.offset, now, now, piece.offset)
            self._gets[key] = transfer
            _bound(self._gets)
        if isinstance(piece, Chunk):
            self.sent(call, piece)

    def sent(self, call: Call, piece: Chunk | Source) -> None:
        """Take note of a range that was sent to its end."""
        reached = piece.offset + (len(piece.data) if isinstance(piece, Chunk) else piece.count)
        key = (call.id, piece.path)
        transfer = self._gets.get(key)
        if transfer is not None:
            transfer.reach(reached, self._now())
        if reached >= piece.size:
            self._gets.pop(key, None)
            if reached > piece.offset:
                self._receipt(call, piece)

    def _receipt(self, call: Call, piece: Chunk | Source) -> None:
        name, address = who(call)
        self._fetched(Receipt(piece.path, piece.etag, name, address, self._now()))

    # All

    def gone(self, call: Call) -> None:
        """Forget what a connection had under way."""
        for table in (self._puts, self._gets):
            for key in [key for key, transfer in table.items() if transfer.call is call]:
                del table[key]

    def lines(self) -> list[TransferLine]:
        """Return what is under way, oldest first."""
        now = self._now()
        for key, transfer in list(self._gets.items()):
            if now - transfer.touched > QUIET_MICROSECONDS:
                del self._gets[key]
        under_way = sorted([*self._puts.values(), *self._gets.values()], key=lambda each: each.marked)
        return [transfer.line(now) for transfer in under_way]


def _bound(table: dict[Hashable, _Transfer]) -> None:
    """Forget the oldest of too many."""
    for key in list(islice(table, max(0, len(table) - LINES_MOST))):
        del table[key]
