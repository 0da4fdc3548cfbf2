"""Files that are not as they were last told, until they have been still for a while.

A file that is being written changes with every look; one that was moved is seen gone before it is seen
again; a listing read while names change may miss some. So nothing is told from one look: a difference has
to be found the same for as long as `still` says, and begins anew whenever it is another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_WAITING = 20_000
"""Differences waiting at one time, at some 300 bytes; what does not fit is found again by the next look."""


@dataclass(slots=True)
class Difference:
    """A file whose mark was `old` when it was told and is `new` `since` an instant; None means no file."""

    folder: str
    name: str
    old: int | None
    new: int | None
    since: float

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.folder + self.name


class Differences:
    """The differences of a tree, by folder (a path with a `/` behind, nothing for the root)."""

    def __init__(self, still: float) -> None:
        """Let each wait until it was the same for `still` seconds."""
        self._still = still
        self._waiting: dict[str, dict[str, Difference]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def compare(self, folder: str, told: dict[str, int], seen: Mapping[str, int], now: float) -> bool:
        """Take what was seen in a folder; return whether all differences from what was told found a place.

        `told` is used up.
        """
        before = self._waiting.pop(folder, {})
        self._count -= len(before)
        for name, new in seen.items():
            old = told.pop(name, None)
            if old != new and not self._put(folder, name, (old, new), before, now):
                return False
        return all(self._put(folder, name, (old, None), before, now) for name, old in told.items())

    def _put(
        self,
        folder: str,
        name: str,
        marks: tuple[int | None, int | None],
        before: Mapping[str, Difference],
        now: float,
    ) -> bool:
        if self._count >= MAX_WAITING:
            return False
        known = before.get(name)
        self._count += 1
        if known is None or (known.old, known.new) != marks:
            known = Difference(folder, name, *marks, now)
        self._waiting.setdefault(folder, {})[name] = known
        return True

    def renew(self, difference: Difference, old: int | None, new: int | None, now: float) -> None:
        """Take what was found when a file was looked at by itself."""
        self.drop(difference.folder, difference.name)
        if old != new:
            before = {difference.name: difference}
            self._put(difference.folder, difference.name, (old, new), before, now)

    def drop(self, folder: str, name: str) -> None:
        """Forget a difference: it was told, or is none."""
        names = self._waiting.get(folder, {})
        if names.pop(name, None) is not None:
            self._count -= 1
            if not names:
                del self._waiting[folder]

    def due(self, now: float) -> Iterator[Difference]:
        """Yield those that have waited long enough, as they are now."""
        waiting = [difference for names in self._waiting.values() for difference in names.values()]
        return (difference for difference in waiting if now - difference.since >= self._still)
