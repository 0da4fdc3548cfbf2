"""The task that tells the room what others have done to its files.

One change at a time: the next is asked for when the last stands in the log, so that a disk that is full or
slow makes the repository wait and not the outbox grow. A fault is told to the operator, the same one in a row
once, and tried again.
"""

from __future__ import annotations

import asyncio
from typing import Any

from portico.model.errors import PorticoError
from portico.model.files import FileChange
from portico.model.later import Later
from portico.ports import Clock, Repository
from portico.room.room import Room
from portico.server.carrier import Troubles

PAUSE_SECONDS = 5.0
"""How long to wait after a fault before the repository is asked again."""


class Announcer:
    """Carries the changes of a repository to a room."""

    def __init__(self, room: Room, repository: Repository, clock: Clock, troubles: Troubles) -> None:
        """Tell `troubles` of what goes wrong."""
        self._room, self._repository = room, repository
        self._clock, self._troubles = clock, troubles
        self._told = ""

    async def run(self) -> None:
        """Carry until cancelled, or until the repository has no more because it was closed."""
        while True:
            try:
                await self._carry()
            except PorticoError as error:
                self._note(error)
            except Exception as error:  # noqa: BLE001 - to serve on without announcements beats not to serve
                self._troubles.report(error)
            else:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _carry(self) -> None:
        async for change in self._repository.changes():
            await self._announce(change)
            self._told = ""

    async def _announce(self, change: FileChange) -> None:
        """Return when the change stands in the log; it is never given up, as it has happened."""
        while True:
            try:
                outcome = await _answer(self._room.file(self._clock.now(), change))
            except PorticoError as error:
                # The outbox is full.
                self._note(error)
            else:
                if outcome.error is None:
                    return
                self._note(outcome.error)
            await asyncio.sleep(PAUSE_SECONDS)

    def _note(self, error: PorticoError) -> None:
        if error.sentence != self._told:
            self._told = error.sentence
            self._troubles.note(f"changes of the files are not announced at present: {error.sentence}")


async def _answer(later: Later) -> Any:  # noqa: ANN401 - an outcome of the room
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    later.then(lambda answered: None if done.done() else done.set_result(answered.value))
    return await done
