"""What all connections together keep in memory: frames that are not whole, answers that are not read.

Each connection has limits of its own, and thousands at their limits would be too much for any machine. So
their sum has one, too, and when it is passed those that keep most have to go.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from portico.server.limits import HELD_BYTES, HELD_EACH_BYTES

Holder = TypeVar("Holder", bound=Hashable)


class Holdings(Generic[Holder]):
    """Bytes by holder; only of those that keep more than a little."""

    __slots__ = ("_held", "total")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held: dict[Holder, int] = {}
        self.total = 0

    def put(self, holder: Holder, size: int) -> list[Holder]:
        """Take note of what one keeps now; return those that have to go, largest first: they keep nothing."""
        self.discard(holder)
        if size <= HELD_EACH_BYTES:
            return []
        self._held[holder] = size
        self.total += size
        gone: list[Holder] = []
        while self.total > HELD_BYTES:
            largest = max(self._held, key=self._held.__getitem__)
            self.discard(largest)
            gone.append(largest)
        return gone

    def discard(self, holder: Holder) -> None:
        """Forget one."""
        self.total -= self._held.pop(holder, 0)
