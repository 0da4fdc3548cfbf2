"""The room's task: takes batches from the outbox to the log, and their outcomes back to who waits.

One coroutine, one batch at a time. What was committed is applied, erased text is scrubbed from the store,
entries go to followers and console, answers to their slots; then the next batch, which is everything that
came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from portico.model.entries import Entry
from portico.model.errors import PorticoError, Unavailable
from portico.ports import Log
from portico.room.history import History, freeze
from portico.room.limits import SNAPSHOT_RECORDS
from portico.room.outbox import Batch
from portico.room.room import Applied, Room
from portico.server.limits import RETRY_SECONDS


class Carrier:
    """Carries one room's proposals to its log."""

    def __init__(
        self,
        room: Room,
        history: History,
        log: Log,
        publish: Callable[[list[Entry]], None],
        note: Callable[[str], None],
    ) -> None:
        """Publish entries and note troubles by the given calls."""
        self._room, self._history, self._log = room, history, log
        self._publish, self._note = publish, note
        self._wake = asyncio.Event()
        self._snapshot_at = room.state.position
        self._snapshot: asyncio.Task[None] | None = None
        self.keep_count: int | None = None
        self.keep_since: Callable[[], int | None] = lambda: None
        room.outbox.wake = self._wake.set

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            batch = self._room.outbox.next_batch()
            if batch is None:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._carry(batch)

    async def _carry(self, batch: Batch) -> None:
        try:
            position = await self._append(batch)
        except PorticoError as error:
            applied = self._room.failed(error)
            self._note(f"nothing is being stored: {error.sentence}")
            self._answer(applied)
            if len(self._room.outbox):
                await asyncio.sleep(RETRY_SECONDS[-1])
            return
        applied = self._room.committed(position)
        for erased in applied.erase:
            await self._history.scrub(erased)
        if applied.entries:
            self._publish(applied.entries)
        self._answer(applied)
        if position - self._snapshot_at >= SNAPSHOT_RECORDS and self._snapshot is None:
            self._begin_snapshot()

    async def _append(self, batch: Batch) -> int:
        """Append, again and again while the outcome is unknown; raise when nothing was stored."""
        tries = 0
        while True:
            try:
                return await self._log.append(self._room.name, batch.bodies(), batch.key)
            except Unavailable as error:
                if not tries:
                    self._note(f"the log does not answer, trying on: {error.sentence}")
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1

    @staticmethod
    def _answer(applied: Applied) -> None:
        for later, outcome in applied.answers:
            later.resolve(outcome)

    def _begin_snapshot(self) -> None:
        self._snapshot_at = self._room.state.position
        write = freeze(self._room.state)
        self._snapshot = asyncio.get_running_loop().create_task(self._save(write))

    async def _save(self, write: Callable[[], object]) -> None:
        try:
            snapshot = await asyncio.to_thread(write)
            await self._log.save_snapshot(self._room.name, snapshot)  # type: ignore[arg-type]
            await self._history.retain(self.keep_count, self.keep_since())
        except PorticoError as error:
            self._note(f"no snapshot was written: {error.sentence}")
        finally:
            self._snapshot = None

    async def settle(self) -> None:
        """Write a last snapshot, when the carrier has stopped."""
        if self._snapshot is not None:
            await self._snapshot
        if self._room.state.position > self._snapshot_at:
            self._begin_snapshot()
            assert self._snapshot is not None  # noqa: S101 - just begun
            await self._snapshot
