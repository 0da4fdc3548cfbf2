"""The outbox: proposals on their way to the log, in order, in batches, without doing any I/O.

    propose ──> queue ──next_batch()──> in flight ──committed(position)──> back, in order, to be applied
                  ^                         │
                  └──── the lasting ones ───┴──failed()──> the others, queued ones too, to be refused

At most one batch is in flight, so that the order in the log is the order of proposing, and everything that
came meanwhile makes the next one (group commit). A batch whose outcome is unknown is appended again under
the same key; `next_batch` hands out the same one until `committed` or `failed` is said. What was proposed
behind a batch that failed was built on it (a message on a rename before it), so that it fails with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portico.model.errors import Unavailable
from portico.model.later import Later
from portico.model.records import Record, encode
from portico.room.limits import BATCH_BYTES, BATCH_RECORDS, OUTBOX_BYTES, OUTBOX_RECORDS


@dataclass(slots=True)
class Proposal:
    """A record that asks to be logged, and who waits for the outcome.

    A `lasting` one must come true in the end (a session that has left): it outlives a full disk.
    """

    record: Record
    done: Later
    lasting: bool
    body: bytes


@dataclass(slots=True)
class Batch:
    """What one append carries."""

    key: str
    proposals: list[Proposal]

    def bodies(self) -> list[bytes]:
        """Return the records as they shall stand in the log."""
        return [proposal.body for proposal in self.proposals]


def _nobody() -> None:
    """Wake nobody."""


class Outbox:
    """The queue of one room on one server; `epoch` names the run and makes its keys unique."""

    def __init__(self, room: str, epoch: str) -> None:
        """Begin empty; `wake` is called whenever there is something to carry where there was nothing."""
        self.wake: Callable[[], None] = _nobody
        self._prefix = f"{room}.{epoch}."
        self._batches = 0
        self._queue: list[Proposal] = []
        self._bytes = 0
        self._flight: Batch | None = None

    def __len__(self) -> int:
        """Return how many proposals wait, those in flight included."""
        return len(self._queue) + (len(self._flight.proposals) if self._flight else 0)

    def propose(self, record: Record, done: Later, *, lasting: bool = False) -> None:
        """Queue a record; raise `Unavailable` when far too much waits already."""
        if not lasting and (len(self._queue) >= OUTBOX_RECORDS or self._bytes >= OUTBOX_BYTES):
            raise Unavailable("the log has not kept up for a while; nothing was stored, try again shortly")
        body = encode(record)
        self._bytes += len(body)
        self._queue.append(Proposal(record, done, lasting, body))
        if len(self._queue) == 1:
            self.wake()

    def next_batch(self) -> Batch | None:
        """Return the batch in flight, or begin a new one; None when nothing waits."""
        if self._flight is None and self._queue:
            size = self._batch_size()
            taken, self._queue = self._queue[:size], self._queue[size:]
            self._bytes -= sum([len(proposal.body) for proposal in taken]) if self._queue else self._bytes
            self._batches += 1
            self._flight = Batch(f"{self._prefix}{self._batches}", taken)
        return self._flight

    def _batch_size(self) -> int:
        if self._bytes <= BATCH_BYTES:
            return BATCH_RECORDS
        total = 0
        for count, proposal in enumerate(self._queue[:BATCH_RECORDS]):
            total += len(proposal.body)
            if count and total > BATCH_BYTES:
                return count
        return BATCH_RECORDS

    def committed(self, position: int) -> list[tuple[int, Proposal]]:
        """Return the proposals of the batch in flight with their positions; `position` is the last one's."""
        proposals = self._land()
        first = position - len(proposals) + 1
        return list(enumerate(proposals, first))

    def failed(self, mend: Callable[[Record], Record]) -> tuple[list[Proposal], list[Proposal]]:
        """Give up the batch in flight and all behind it; return the refused ones, and those that stay queued.

        Those are the lasting ones; `mend` makes their records true again without the others.
        """
        proposals = self._land() + self._queue
        self._queue = [proposal for proposal in proposals if proposal.lasting]
        for proposal in self._queue:
            proposal.record = mend(proposal.record)
            proposal.body = encode(proposal.record)
        self._bytes = sum(len(proposal.body) for proposal in self._queue)
        return [proposal for proposal in proposals if not proposal.lasting], self._queue

    def _land(self) -> list[Proposal]:
        batch, self._flight = self._flight, None
        if batch is None:
            raise RuntimeError("no batch is in flight")
        return batch.proposals
