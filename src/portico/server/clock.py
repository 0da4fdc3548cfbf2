"""The machine's clock, and waiting for what comes next in the room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class MachineClock:
    """Implements the `Clock` port."""

    def __init__(self, head: Callable[[], int]) -> None:
        """Ask `head` for the number of the newest entry."""
        self._head = head
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def now(self) -> int:
        """Return the present instant: microseconds since 1970, UTC."""
        return time.time_ns() // 1_000

    def ticks(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def next_entry(self, after: int, seconds: float) -> bool:
        """Wait until the room has an entry after a number (True) or the time is up (False)."""
        if self._head() > after:
            return True
        if self._closed:
            return False
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return self._head() > after

    def ring(self) -> None:
        """Wake everybody who waits: there is an entry."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """Wake everybody, and let nobody wait any more."""
        self._closed = True
        self.ring()
