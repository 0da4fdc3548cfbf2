"""The room's task: takes batches from the outbox to the log, and their outcomes back to who waits.

One coroutine, one batch at a time. What was committed is applied, entries go to followers and console, and
answers to their slots; erased text is scrubbed from the store before that is answered. Then the next batch,
which is everything that came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from portico.model.entries import Entry
from portico.model.errors import PorticoError, Unavailable
from portico.model.later import Later
from portico.ports import Log
from portico.room.history import History
from portico.room.limits import SNAPSHOT_RECORDS, SNAPSHOT_SHARE
from portico.room.outbox import Batch
from portico.room.reducer import Outcome
from portico.room.room import Applied, Room
from portico.room.snapshots import freeze
from portico.server.limits import RETRY_SECONDS, SLOW_APPEND_SECONDS, TROUBLE_SECONDS
from portico.server.measures import Durations


class Audience(Protocol):
    """Who hears of what was committed."""

    def publish(self, entries: list[Entry]) -> None:
        """Push entries to all who follow."""

    def run_due(self) -> None:
        """Write the answers that have become ready."""


class Troubles(Protocol):
    """Who is told when something goes wrong."""

    def note(self, sentence: str) -> None:
        """Tell of a trouble."""

    def report(self, error: BaseException) -> None:
        """Tell of a mistake of our own, with its traceback."""


class Carrier:
    """Carries one room's proposals to its log."""

    def __init__(
        self,
        room: Room,
        history: History,
        log: Log,
        audience: Audience,
        troubles: Troubles,
        appends: Durations,
    ) -> None:
        """Tell the audience of entries, and `troubles` of what goes wrong; `appends` gets their durations."""
        self._room, self._history, self._log = room, history, log
        self._audience, self._troubles = audience, troubles
        self._appends = appends
        self._begun: float | None = None
        self._failed: tuple[float, PorticoError] | None = None
        self._erasing: list[int] = []
        self._wake = asyncio.Event()
        self._snapshot_at = room.state.position
        self._snapshot: asyncio.Task[None] | None = None
        self.keep_count: int | None = None
        self.keep_since: Callable[[], int | None] = lambda: None
        room.outbox.wake = self._wake.set

    @property
    def trouble(self) -> PorticoError | None:
        """Why nothing can be stored at present, as far as it was tried lately."""
        now = perf_counter()
        if self._failed is not None and now - self._failed[0] < TROUBLE_SECONDS:
            return self._failed[1]
        if self._begun is not None and now - self._begun > SLOW_APPEND_SECONDS:
            return Unavailable(f"the log has not answered for {now - self._begun:.0f} seconds")
        return None

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
            self._troubles.note(f"nothing is being stored: {error.sentence}")
            self._answer(applied.answers)
            if len(self._room.outbox):
                await asyncio.sleep(RETRY_SECONDS[-1])
            return
        applied = self._room.committed(position)
        if applied.entries:
            self._audience.publish(applied.entries)
        if applied.erase or self._erasing:
            self._answer([answer for answer in applied.answers if not answer[1].erase])
            await self._scrub(applied)
            self._answer([answer for answer in applied.answers if answer[1].erase])
        else:
            self._answer(applied.answers)
        due = position - self._snapshot_at >= max(SNAPSHOT_RECORDS, self._room.state.size // SNAPSHOT_SHARE)
        if due and self._snapshot is None and not self._erasing:
            self._begin_snapshot()

    async def _scrub(self, applied: Applied) -> None:
        """Let erased text be gone from the store before that is said; what fails is tried again.

        No snapshot is written meanwhile, so that after a restart the log says once more what has to go.
        """
        self._erasing += applied.erase
        try:
            while self._erasing:
                await self._history.scrub(self._erasing[0])
                del self._erasing[0]
        except PorticoError as error:
            for _, outcome in applied.answers:
                if outcome.erase in self._erasing:
                    outcome.error = error

    async def _append(self, batch: Batch) -> int:
        """Append, again and again while the outcome is unknown; raise when nothing was stored."""
        tries = 0
        self._begun = perf_counter()
        while True:
            try:
                position = await self._log.append(self._room.name, batch.bodies(), batch.key)
            except Unavailable as error:
                self._failed = (perf_counter(), error)
                if not tries:
                    self._troubles.note(f"the log does not answer, trying on: {error.sentence}")
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            except PorticoError as error:
                self._failed, self._begun = (perf_counter(), error), None
                raise
            else:
                self._appends.add(perf_counter() - self._begun)
                self._failed = self._begun = None
                return position

    def _answer(self, answers: list[tuple[Later, Outcome]]) -> None:
        for later, outcome in answers:
            try:
                later.resolve(outcome)
            except Exception as error:  # noqa: BLE001 - one client's answer is not everybody's trouble
                self._troubles.report(error)
        self._audience.run_due()

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
            self._troubles.note(f"no snapshot was written: {error.sentence}")
        finally:
            self._snapshot = None

    async def settle(self) -> None:
        """Write a last snapshot, when the carrier has stopped."""
        if self._snapshot is not None:
            await self._snapshot
        if self._room.state.position > self._snapshot_at and not self._erasing:
            self._begin_snapshot()
            assert self._snapshot is not None  # noqa: S101 - just begun
            await self._snapshot
