"""The past of a room, read back: pages for HISTORY, and what a follower missed.

Numbers are turned into positions by the state's ordinals, records into entries by `entries_of`. What is
recent comes from the tail without waiting; the rest from the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portico.model.entries import Entry, entries_of, visible
from portico.model.errors import Gone, Unavailable
from portico.model.records import Erased, Say, decode, encode
from portico.ports import Log, Stored
from portico.room.limits import PAGE_ENTRIES
from portico.room.reducer import content_digest, no_entry
from portico.room.room import Room
from portico.room.snapshots import thaw


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries a reader gets: those a session may see (0: a visitor), of one kind or of all."""

    session: int = 0
    kind: str = ""

    def passes(self, entry: Entry) -> bool:
        """Tell whether the reader gets this entry."""
        return (not self.kind or entry.kind == self.kind) and visible(entry, self.session)


class History:
    """What a room's log keeps, by entry number."""

    def __init__(self, room: Room, log: Log) -> None:
        """Read the past of `room` from `log`."""
        self._room = room
        self._log = log
        self.first = 1
        """Number of the oldest entry that is kept."""

    @property
    def head(self) -> int:
        """Number of the newest entry, 0 when there is none."""
        return self._room.state.seq

    def check_since(self, since: int) -> None:
        """Raise `Gone` unless everything after `since` is kept, and `since` was already written."""
        if not self.first - 1 <= since <= self.head:
            raise Gone(self.first, self.head)

    async def after(self, seq: int, limit: int) -> Sequence[Entry]:
        """Return entries after `seq`, in order, at most about `limit`; none only when there are none.

        Raise `Gone` when the next one is not kept any more.
        """
        if seq >= self.head:
            return ()
        recent = self._room.tail.after(seq, limit)
        if recent is not None:
            return recent
        if seq + 1 < self.first:
            raise Gone(self.first, self.head)
        position = self._room.state.ordinals.position_of(seq + 1)
        stored = await self._log.read(self._room.name, position - 1, limit)
        if not stored or stored[0].position != position:
            raise Gone(self.first, self.head)
        entries = [entry for record in stored for entry in self._entries(record) if entry.seq > seq]
        if not entries:
            raise Unavailable("the log holds entries of a newer version of Portico; use that one")
        return entries

    def _entries(self, stored: Stored) -> list[Entry]:
        state = self._room.state
        if stored.position > state.position:
            return []
        first = state.ordinals.first_after(stored.position - 1)
        if first > state.seq or state.ordinals.position_of(first) != stored.position:
            return []
        return entries_of(decode(stored.body), first)

    async def page(self, since: int, count: int, wanted: Filter) -> list[Entry]:
        """Return the first `count` entries after `since` that the reader gets; raise `Gone`."""
        self.check_since(since)
        found: list[Entry] = []
        while len(found) < count:
            entries = await self.after(since, PAGE_ENTRIES)
            if not entries:
                break
            found += filter(wanted.passes, entries)
            since = entries[-1].seq
        return found[:count]

    async def newest(self, count: int, wanted: Filter) -> list[Entry]:
        """Return the newest `count` entries that the reader gets, oldest first."""
        found: list[Entry] = []
        end = self.head
        while len(found) < count and end >= self.first:
            start = max(end - max(count, PAGE_ENTRIES // 4), self.first - 1)
            found[:0] = [entry for entry in await self._between(start, end) if wanted.passes(entry)]
            end = start
        return found[-count:]

    async def _between(self, start: int, end: int) -> list[Entry]:
        found: list[Entry] = []
        while start < end:
            entries = await self.after(start, end - start)
            found += [entry for entry in entries if entry.seq <= end]
            start = entries[-1].seq
        return found

    async def entry(self, seq: int, wanted: Filter) -> Entry:
        """Return one entry that the reader gets; raise `NotFound`."""
        entry = await self._entry(seq) if self.first <= seq <= self.head else None
        if entry is None or not wanted.passes(entry):
            raise no_entry(seq)
        return entry

    async def _entry(self, seq: int) -> Entry:
        return (await self.after(seq - 1, 1))[0]

    async def scrub(self, position: int) -> None:
        """Put what remains of an erased message in its place, in the log and in the tail."""
        stored = await self._log.read(self._room.name, position - 1, 1)
        if not stored or stored[0].position != position:
            return
        record = decode(stored[0].body)
        if not isinstance(record, Say):
            return
        content = content_digest(record.text, record.to_name) if record.key else ""
        rest = Erased(record.at, record.session, record.sender, record.to, record.key, content, record.join)
        await self._log.erase(self._room.name, position, encode(rest))
        for entry in self._entries(Stored(position, encode(rest))):
            self._room.tail.replace(entry)

    async def retain(self, count: int | None, since: int | None) -> None:
        """Forget entries but the newest `count`, and those before the instant `since`, below the snapshot."""
        snapshot = await self._log.load_snapshot(self._room.name)
        if snapshot is None:
            return
        ordinals = self._room.state.ordinals
        limit = min(ordinals.first_after(snapshot.position), self.head + 1)
        keep = self.first
        if count is not None:
            keep = max(keep, self.head - count + 1)
        if since is not None:
            keep = max(keep, await self._first_since(since))
        keep = min(keep, limit, self.head)
        if keep <= self.first:
            return
        position = ordinals.position_of(keep)
        self.first = ordinals.first_after(position - 1)  # a record's two entries stay together
        ordinals.forget_before(self.first)
        await self._log.trim(self._room.name, position)

    async def _first_since(self, instant: int) -> int:
        low, high = self.first, self.head + 1
        while low < high:
            middle = (low + high) // 2
            if (await self._entry(middle)).at < instant:
                low = middle + 1
            else:
                high = middle
        return low


async def open_room(log: Log, name: str, node: str) -> tuple[Room, History]:
    """Restore a room from its newest snapshot and what was logged since; finish erasures cut short."""
    snapshot = await log.load_snapshot(name)
    state = thaw(snapshot)
    room = Room(name, node, state)
    history = History(room, log)
    bounds = await log.head(name)
    if not bounds.first - 1 <= state.position <= bounds.last:
        raise Unavailable("the log and its snapshot do not belong together; run: portico log check")
    erase: list[int] = []
    while stored := await log.read(name, state.position, PAGE_ENTRIES):
        erase += room.replay(stored)
    history.first = min(state.ordinals.first_after(bounds.first - 1), state.seq + 1)
    for position in erase:
        await history.scrub(position)
    return room, history
