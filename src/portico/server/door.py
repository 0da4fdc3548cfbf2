"""The door: who is connected, who of them holds which session, and who has been there for too long.

A connection that ends leaves the room if it holds a session; a session that goes on over a newer connection
leaves the older one. Times that run out are looked at four times a second, vanished peers every few.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portico.ports import Audit, Clock
from portico.room.room import Address, Room
from portico.server.deadlines import Deadlines
from portico.server.holdings import Holdings
from portico.server.limits import (
    ADDRESS_CONNECTIONS,
    LAST_WORDS_SECONDS,
    LINGER_SECONDS,
    PARTIAL_SECONDS,
    SILENT_SECONDS,
    STALLED_SECONDS,
    SWEEP_SECONDS,
    VIGIL_SECONDS,
    VIGIL_SLICE,
)
from portico.server.sockets import hang_up, vanished

if TYPE_CHECKING:
    from portico.server.connection import Connection


@dataclass(frozen=True, slots=True)
class Places:
    """How many connections there may be: in all, and of one address."""

    connections: int
    each: int | None = None

    def of(self, host: str) -> int:
        """Return how many connections an address may have."""
        if self.each is not None:
            return self.each
        if is_this_machine(host):
            return self.connections
        return max(ADDRESS_CONNECTIONS, self.connections // 2)


def is_this_machine(host: str) -> bool:
    """Tell whether an address is one by which a machine reaches itself."""
    return host.startswith("127.") or host == "::1"


class Door:
    """All connections of one server; `attempted` is told of each that comes."""

    def __init__(
        self,
        room: Room,
        clock: Clock,
        attempted: Callable[[Address], None],
        audit: Audit,
        places: Places,
    ) -> None:
        """Begin open, with nobody there."""
        self._room, self._clock, self._attempted = room, clock, attempted
        self._audit, self._places = audit, places
        self._hosts: Counter[str] = Counter()
        self.held: Holdings[Connection] = Holdings()
        self._ids = itertools.count(1)
        self._sessions: dict[int, Connection] = {}
        self.connections: set[Connection] = set()
        self.closed = False
        self.silent: Deadlines[Connection] = Deadlines(SILENT_SECONDS)
        # By when it is noticed as well, for that is what others measure.
        self.partial: Deadlines[Connection] = Deadlines(PARTIAL_SECONDS - SWEEP_SECONDS)
        self.stalled: Deadlines[Connection] = Deadlines(STALLED_SECONDS)
        self._lingering: Deadlines[Connection] = Deadlines(LINGER_SECONDS)
        self._leaving: Deadlines[Connection] = Deadlines(LAST_WORDS_SECONDS)

    @staticmethod
    def time() -> float:
        """Return the loop's time, in seconds; for time-outs only."""
        return asyncio.get_running_loop().time()

    def welcome(self, connection: Connection) -> int:
        """Take a connection in, or close it when there are too many; return its number."""
        rule = self._refusing(connection.address[0])
        if rule:
            self._audit.note("refused", rule=rule, address=connection.address)
            connection.transport.close()
        else:
            self._attempted(connection.address)
            self._audit.note("connect", address=connection.address)
            self.connections.add(connection)
            self._hosts[connection.address[0]] += 1
            self.silent.add(connection, self.time())
        return next(self._ids)

    def _refusing(self, host: str) -> str:
        """Return by which rule a newcomer is turned away, empty when there is a place."""
        if self.closed:
            return "closing"
        if self._hosts[host] >= self._places.of(host) and not self.make_room(host):
            return "address"
        if len(self.connections) >= self._places.connections and not self.make_room():
            return "connections"
        return ""

    def make_room(self, host: str = "") -> bool:
        """Cut the connection that has been silent for longest, of one address or any; tell if there was."""
        oldest = next((each for each in self.silent if host in ("", each.address[0])), None)
        if oldest is None:
            return False
        self.silent.discard(oldest)
        self._gone(oldest)
        oldest.transport.abort()
        return True

    def _gone(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.discard(connection)
            host = connection.address[0]
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]

    def farewell(self, connection: Connection) -> None:
        """Let a lost connection go, and its session leave the room."""
        self._gone(connection)
        self.held.discard(connection)
        for group in (self.silent, self.partial, self.stalled, self._lingering, self._leaving):
            group.discard(connection)
        if connection.call is not None:
            connection.unfollow()
            self.leave(connection)

    def leave(self, connection: Connection) -> None:
        """Let the session that a connection holds leave the room."""
        session = connection.call.session if connection.call is not None else 0
        if session and self._sessions.get(session) is connection:
            connection.release()
            self._room.leave(self._clock.now(), session)

    def attach(self, connection: Connection, session: int) -> None:
        """Let a connection hold a session; the older one that held it is closed."""
        older = self._sessions.get(session)
        self._sessions[session] = connection
        if older is not None and older is not connection:
            older.call.session = 0
            older.tell_closing("this session goes on over another connection")
            older.finish()
        if connection not in self.connections:
            self.leave(connection)

    def drop(self, session: int, sentence: str) -> None:
        """Close the connection that holds a session which has been ended, with a word why."""
        connection = self._sessions.get(session)
        if connection is not None:
            connection.release()
            connection.dismiss(sentence)

    def release(self, connection: Connection) -> None:
        """Let a session be held by no connection."""
        self._sessions.pop(connection.call.session, None)

    def linger(self, connection: Connection) -> None:
        """Let a connection that has heard its last word go a little later."""
        self._lingering.add(connection, self.time())

    async def sweep(self) -> None:
        """Close, for ever, those whose time is up."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self.time()
            for connection in self.silent.expired(now):
                self._close(connection)
            for connection in self._lingering.expired(now):
                if not connection.transport.get_write_buffer_size():
                    hang_up(connection.transport.get_extra_info("socket"))
                self._close(connection)
            for connection in self._leaving.expired(now):
                connection.transport.abort()
            for connection in (*self.partial.expired(now), *self.stalled.expired(now)):
                if connection.codec is None:
                    self._audit.note("limit", rule="time", address=connection.address)
                connection.time_out()

    def hold(self, connection: Connection, size: int) -> None:
        """Take note of how many bytes a connection keeps in memory; cut the largest when all are too many."""
        for largest in self.held.put(connection, size):
            self._audit.note("limit", rule="memory", address=largest.address)
            largest.transport.abort()

    def _close(self, connection: Connection) -> None:
        connection.transport.close()
        self._leaving.add(connection, self.time())

    async def watch(self) -> None:
        """Cut, for ever, those whose peers have vanished."""
        while True:
            await asyncio.sleep(VIGIL_SECONDS)
            watched = [connection for connection in self.connections if connection.watched]
            for count, connection in enumerate(watched, 1):
                if vanished(connection.transport.get_extra_info("socket")):
                    connection.transport.abort()
                if count % VIGIL_SLICE == 0:
                    await asyncio.sleep(0)
