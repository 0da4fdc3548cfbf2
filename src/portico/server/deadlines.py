"""Who has been silent, half-sent or lingering for too long.

All members of a group have the same time, so a group is a dict in order of arrival: the expired stand at its
front, and neither joining, leaving nor looking costs more with ten thousand members than with ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Member = TypeVar("Member")


class Deadlines(Generic[Member]):
    """Members that have `seconds` from when they were added."""

    __slots__ = ("_due", "_seconds")

    def __init__(self, seconds: float) -> None:
        """Begin empty."""
        self._seconds = seconds
        self._due: dict[Member, float] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._due)

    def __contains__(self, member: Member) -> bool:
        """Tell whether a member's time runs."""
        return member in self._due

    def add(self, member: Member, now: float) -> None:
        """Let a member's time run; one whose time runs already keeps its deadline."""
        if member not in self._due:
            self._due[member] = now + self._seconds

    def discard(self, member: Member) -> None:
        """Let a member go."""
        self._due.pop(member, None)

    def expired(self, now: float) -> list[Member]:
        """Return and let go of those whose time is up."""
        late = []
        for member, due in self._due.items():
            if due > now:
                break
            late.append(member)
        for member in late:
            del self._due[member]
        return late

    def __iter__(self) -> Iterator[Member]:
        """Yield the members, the one added first at first."""
        return iter(self._due)
