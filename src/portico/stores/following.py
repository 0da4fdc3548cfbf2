"""Following a log: reading page after page, and sleeping until there is more.

This is the same for every store whose records are all written through the object that is followed: `follow`
needs only `read`, and a wake-up after each append. A wake-up may come too often, never too rarely: the
event is taken before the page is read, so that what is stored in between wakes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from portico.model.errors import Gone
from portico.ports import Log, Stored

PAGE = 256
"""Records read at once: a hop to the reader's thread costs as much as some thirty records."""


class Wakes:
    """Who sleeps until a room's log grows."""

    def __init__(self) -> None:
        """Begin with nobody asleep."""
        self._events: dict[str, asyncio.Event] = {}

    def next(self, room: str) -> asyncio.Event:
        """Return the event that the next wake-up of the room sets."""
        return self._events.setdefault(room, asyncio.Event())

    def wake(self, room: str) -> None:
        """Wake all who sleep on the room."""
        if event := self._events.pop(room, None):
            event.set()

    def wake_all(self) -> None:
        """Wake everybody: the log closes."""
        for room in list(self._events):
            self.wake(room)


async def follow(log: Log, wakes: Wakes, room: str, after: int) -> AsyncIterator[Stored]:
    """Yield every record after a position once, in order, for ever.

    Raises `Gone` when a record that is due was trimmed, and whatever `read` raises.
    """
    while True:
        grown = wakes.next(room)
        page = await log.read(room, after, PAGE)
        for stored in page:
            if stored.position != after + 1:
                bounds = await log.head(room)
                raise Gone(bounds.first, bounds.last)
            after = stored.position
            yield stored
        if not page:
            await grown.wait()
