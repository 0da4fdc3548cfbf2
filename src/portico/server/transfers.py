"""What is under way: which files are being fetched and deposited, how far, how fast, by whom.

A deposit is known by its upload's id, a fetch by who reads which content; a fetch has no end of its own, it
is forgotten when nothing was asked of it for a while. So is a deposit that comes in pieces, each over another
connection, while it waits for its next one. While a thread moves bytes it counts them itself, in a
`Body` or an `Outgoing`, and only who looks adds them up. Once a second the sums are noted down for the rates.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from portico.commands.call import Call
from portico.model.files import Chunk, Order, Progress, Receipt
from portico.model.replies import TransferLine
from portico.model.requests import Body
from portico.ports import Clock, Repository, Source
from portico.server.limits import RATE_SECONDS, TRANSFER_IDLE_SECONDS, TRANSFERS_SHOWN
from portico.server.sending import Outgoing


@dataclass(slots=True)
class Transfer:
    """One file on its way; `sums` are the bytes moved by the last seconds, `quiet` those without any."""

    direction: str
    path: str
    size: int | None
    call: Call
    offset: int = 0
    upload: str = ""
    moved: int = 0
    body: Body | None = None
    ranges: list[Outgoing] = field(default_factory=list)
    sums: deque[int] = field(default_factory=lambda: deque([0], RATE_SECONDS + 1))
    quiet: int = 0
    resting: bool = False

    def reach(self, offset: int) -> None:
        """Take note of the offset an upload has come to."""
        self.moved += max(0, offset - self.offset)
        self.offset, self.body, self.quiet = offset, None, 0

    @property
    def total(self) -> int:
        """Bytes moved until now."""
        under_way = sum(each.sent for each in self.ranges)
        return self.moved + under_way + (self.body.taken if self.body else 0)

    @property
    def position(self) -> int:
        """How far in the file it is."""
        if self.body is not None:
            return self.offset + self.body.taken
        return max([self.offset, *(each.source.offset + each.sent for each in self.ranges if each.sent)])

    @property
    def active(self) -> bool:
        """Whether it goes on; a deposit does until it was finished, or waits for its next piece."""
        return not (self.quiet or self.resting) and (self.direction == "put" or self.position != self.size)

    @property
    def idle(self) -> bool:
        """Whether it is over, for all one can know."""
        ends_so = self.direction == "get" or self.resting
        return ends_so and self.quiet > TRANSFER_IDLE_SECONDS

    def tick(self) -> None:
        """Note down the sum of this second."""
        total = self.total
        self.quiet = 0 if total != self.sums[-1] or self.ranges or self.body else self.quiet + 1
        self.sums.append(total)

    def line(self, viewer: Call) -> TransferLine:
        """Return it as a caller sees it: whoever knows the id of an upload may finish it, or give it up."""
        seconds = max(1, len(self.sums) - 1)
        rate = max(0, self.total - self.sums[0]) // seconds
        author, address = self.call.author(), address_of(self.call)
        upload = self.upload if self._is_of(viewer) else ""
        return TransferLine(
            self.direction, self.path, self.size, self.position, rate, author.name, address, upload
        )

    def _is_of(self, viewer: Call) -> bool:
        session = self.call.author().session
        return viewer is self.call or (session != 0 and session == viewer.author().session)


class Transfers:
    """All transfers of one server; on the event loop."""

    def __init__(self, clock: Clock, repository: Repository) -> None:
        """Begin with none."""
        self._clock, self._repository = clock, repository
        self._puts: dict[str, Transfer] = {}
        self._gets: dict[tuple[int, str, str], Transfer] = {}
        self.moved = {"get": 0, "put": 0}
        """Bytes of files that were sent and received since the start, by direction."""

    # Deposits

    def put(self, call: Call, order: Order, progress: Progress) -> None:
        """Take note that a caller has begun an upload, or goes on with it."""
        transfer = self._puts.pop(progress.upload, None)
        if transfer is None:
            transfer = Transfer("put", order.path, order.size, call, progress.offset, progress.upload)
        transfer.path, transfer.size = order.path, order.size
        transfer.call, transfer.resting = call, False
        transfer.reach(progress.offset)
        _remember(self._puts, progress.upload, transfer)

    def writing(self, upload: str, offset: int, body: Body) -> None:
        """Take note that the bytes of a body go to an upload, from an offset on."""
        transfer = self._puts.get(upload)
        if transfer is not None and transfer.offset == offset:
            transfer.body = body

    def wrote(self, upload: str, offset: int) -> None:
        """Take note of how far an upload has come."""
        transfer = self._puts.get(upload)
        if transfer is not None:
            self.moved["put"] += max(0, offset - transfer.offset)
            transfer.reach(offset)

    def rests(self, upload: str) -> None:
        """Take note that an upload waits for its next piece, which may come over another connection."""
        transfer = self._puts.get(upload)
        if transfer is not None:
            transfer.resting = True

    def ended(self, upload: str) -> None:
        """Forget an upload: it was finished or given up."""
        self._puts.pop(upload, None)

    # Fetches

    def read(self, call: Call, piece: Chunk | Source) -> None:
        """Take note of a range that a caller is being given; a whole file at once is not under way."""
        if isinstance(piece, Chunk) and len(piece.data) in (0, piece.size):
            return
        key = (call.id, piece.path, piece.etag)
        transfer = self._gets.get(key)
        if transfer is None:
            transfer = Transfer("get", piece.path, piece.size, call, piece.offset)
            _remember(self._gets, key, transfer)
        transfer.quiet = 0

    def sending(self, call: Call, range_: Outgoing) -> None:
        """Take note that a range of a file is on its way."""
        source = range_.source
        transfer = self._gets.get((call.id, source.path, source.etag))
        if transfer is not None:
            transfer.ranges.append(range_)

    def sent(self, call: Call, piece: Chunk | Source) -> None:
        """Take note that a range is sent; with the last byte of a file it has been fetched."""
        count = len(piece.data) if isinstance(piece, Chunk) else piece.count
        end = piece.offset + count
        self.moved["get"] += count
        key = (call.id, piece.path, piece.etag)
        transfer = self._gets.get(key)
        if transfer is not None:
            transfer.ranges = [each for each in transfer.ranges if each.source is not piece]
            transfer.moved, transfer.offset = transfer.moved + count, max(transfer.offset, end)
        if end == piece.size and (count or not piece.size):
            self._gets.pop(key, None)
            at = self._clock.now()
            self._repository.fetched(
                Receipt(piece.path, piece.etag, call.author().name, address_of(call), at)
            )

    # All

    def gone(self, call: Call) -> None:
        """Forget what a caller who is gone had under way."""
        groups: tuple[dict[Any, Transfer], ...] = (self._puts, self._gets)
        for group in groups:
            for key, transfer in list(group.items()):
                if transfer.call is call and not transfer.resting:
                    del group[key]

    def active(self) -> set[int]:
        """Return the numbers of the callers whose transfers move and are not at their end."""
        groups = (*self._puts.values(), *self._gets.values())
        return {transfer.call.id for transfer in groups if transfer.active}

    def under_way(self) -> dict[str, int]:
        """Return how many are under way in each direction."""
        return {"get": len(self._gets), "put": len(self._puts)}

    def lines(self, viewer: Call) -> list[TransferLine]:
        """Return what is under way, with the ids of the viewer's own uploads alone."""
        return [transfer.line(viewer) for group in (self._puts, self._gets) for transfer in group.values()]

    async def sweep(self) -> None:
        """Keep the rates, and forget, for ever, what nobody goes on with."""
        while True:
            await asyncio.sleep(1)
            self.tick()

    def tick(self) -> None:
        """Do so once; a second has passed."""
        for transfer in (*self._puts.values(), *self._gets.values()):
            transfer.tick()
        groups: tuple[dict[Any, Transfer], ...] = (self._puts, self._gets)
        for group in groups:
            for key, transfer in list(group.items()):
                if transfer.idle:
                    del group[key]


def _remember(group: dict[Any, Transfer], key: object, transfer: Transfer) -> None:
    group[key] = transfer
    if len(group) > TRANSFERS_SHOWN:
        del group[next(iter(group))]


def address_of(call: Call) -> str:
    """Return where a caller is, as host and port."""
    host, port = call.address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
