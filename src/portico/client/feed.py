"""The readers of a room's entries, each with a place of its own.

A reader gets pushes into a buffer with a bound. When it is slower than the room, or begins in the past, it
is *behind*: then it asks the history, a page at a time, while pushes already collect; once a page reaches
what was pushed, it goes on with that. So every entry comes once and in order, and memory stays bounded
however long a reader sleeps.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from portico.client.limits import EVENT_BYTES_HELD, EVENTS_HELD
from portico.model.entries import Entry
from portico.model.errors import PorticoError

Page = Callable[[int], Awaitable[tuple[Sequence[Entry], int]]]
"""Asks for the first entries after a number; gives those known here, and the number that they reach to."""


class Source(Protocol):
    """What pushes entries."""

    def follow(self) -> None:
        """Begin to push."""

    def unfollow(self) -> None:
        """Push nothing any more."""


class Feed:
    """The readers of one client; it follows while one of them collects pushes."""

    def __init__(self, source: Source, page: Page) -> None:
        """Begin with nobody."""
        self.page = page
        self._source = source
        self._readers: set[Reader] = set()
        self._collecting: set[Reader] = set()

    def reader(self, after: int) -> Reader:
        """Return a new reader of everything after an entry."""
        reader = Reader(self, after)
        self._readers.add(reader)
        return reader

    def close(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)
        self.release(reader)

    def collect(self, reader: Reader) -> None:
        """Give a reader what is pushed from now on."""
        if not self._collecting:
            self._source.follow()
        self._collecting.add(reader)

    def release(self, reader: Reader) -> None:
        """Give a reader nothing for now."""
        if reader in self._collecting:
            self._collecting.remove(reader)
            if not self._collecting:
                self._source.unfollow()

    def deliver(self, entry: Entry) -> None:
        """Give an entry to all who collect."""
        for reader in tuple(self._collecting):
            reader.put(entry)

    def skipped(self) -> None:
        """Send all to the history: something was not pushed."""
        for reader in tuple(self._collecting):
            reader.fall_behind()

    def fail(self, error: PorticoError) -> None:
        """End all readers with an error."""
        for reader in tuple(self._readers):
            reader.fail(error)


class Reader:
    """One reader's place: `last` is the number of the entry it got last."""

    def __init__(self, feed: Feed, after: int) -> None:
        """Begin behind."""
        self.last = after
        self._feed = feed
        self._buffer: deque[Entry] = deque()
        self._bytes = 0
        self._behind = True
        self._collecting = False
        self._news = asyncio.Event()
        self._error: PorticoError | None = None

    async def next(self) -> Sequence[Entry]:
        """Return the next entries, at least one; raise what ended the feed, `Gone` for what is not kept."""
        while True:
            if self._error is not None and not self._buffer:
                raise self._error.with_traceback(None)
            entries = await self._read_page() if self._behind else await self._take()
            if entries:
                return entries

    async def _read_page(self) -> Sequence[Entry]:
        if not self._collecting:
            self._collecting = True
            self._feed.collect(self)
        page, reached = await self._feed.page(self.last)
        if self._error is not None:
            return ()  # the page may be one of another log
        overlaps = bool(self._buffer) and self._buffer[0].seq <= reached
        self._behind = not (self._collecting and (overlaps or reached == self.last))
        self.last = reached
        return page

    async def _take(self) -> Sequence[Entry]:
        self._news.clear()
        if not self._buffer:
            await self._news.wait()
        entries = [entry for entry in self._buffer if entry.seq > self.last]
        self.last = entries[-1].seq if entries else self.last
        self._empty()
        return entries

    def _empty(self) -> None:
        self._buffer.clear()
        self._bytes = 0

    def put(self, entry: Entry) -> None:
        """Take an entry that was pushed."""
        self._bytes += len(getattr(entry, "text", ""))
        if len(self._buffer) >= EVENTS_HELD or self._bytes > EVENT_BYTES_HELD:
            self.fall_behind()
        else:
            self._buffer.append(entry)
            self._news.set()

    def fall_behind(self) -> None:
        """Stop collecting; the history has what comes next."""
        self._feed.release(self)
        self._empty()
        self._collecting, self._behind = False, True
        self._news.set()

    def fail(self, error: PorticoError) -> None:
        """Let the reader raise this, once it has got what is already here and follows what it got last."""
        self._error = error
        if self._behind:
            self._empty()
        self._news.set()

    def close(self) -> None:
        """Read no more."""
        self._feed.close(self)
