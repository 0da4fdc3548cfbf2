"""The machine's clock, and waiting for what comes next in the room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet


class MachineClock:
    """Implements the `Clock` port."""

    def __init__(self, head: Callable[[], int]) -> None:
        """Ask `head` for the number of the newest entry."""
        self._head = head
        self._waiting: dict[asyncio.Task[Any] | None, asyncio.Future[None]] = {}
        self._hurried: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._closed = False

    def now(self) -> int:
        """Return the present instant: microseconds since 1970, UTC."""
        return time.time_ns() // 1_000

    async def next_entry(self, after: int, seconds: float) -> bool:
        """Wait until the room has an entry after a number (True) or the time is up (False)."""
        if self._head() > after:
            return True
        task = asyncio.current_task()
        if self._closed or task in self._hurried:
            return False
        future = self._waiting[task] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            del self._waiting[task]
        return self._head() > after

    def ring(self) -> None:
        """Wake everybody who waits: there is an entry."""
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)

    def hurry(self, task: asyncio.Task[Any]) -> None:
        """Let a task wait for entries no longer, now or later."""
        self._hurried.add(task)
        future = self._waiting.get(task)
        if future is not None and not future.done():
            future.set_result(None)

    def close(self) -> None:
        """Wake everybody, and let nobody wait any more."""
        self._closed = True
        self.ring()
