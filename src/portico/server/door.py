"""The door: who is connected, who of them holds which session, and who has been there for too long.

A connection that ends leaves the room if it holds a session; a session that goes on over a newer connection
leaves the older one. Times that run out are looked at once a second, vanished peers every few.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from portico.ports import Clock
from portico.room.room import Address, Room
from portico.server.deadlines import Deadlines
from portico.server.limits import (
    LAST_WORDS_SECONDS,
    LINGER_SECONDS,
    PARTIAL_SECONDS,
    SILENT_SECONDS,
    STALLED_SECONDS,
    VIGIL_SECONDS,
    VIGIL_SLICE,
)
from portico.server.sockets import hang_up, vanished

if TYPE_CHECKING:
    from portico.server.connection import Connection


class Door:
    """All connections of one server; `attempted` is told of each that comes."""

    def __init__(
        self, room: Room, clock: Clock, max_connections: int, attempted: Callable[[Address], None]
    ) -> None:
        """Begin open, with nobody there."""
        self._room, self._clock, self._attempted = room, clock, attempted
        self._max_connections = max_connections
        self._ids = itertools.count(1)
        self._sessions: dict[int, Connection] = {}
        self.connections: set[Connection] = set()
        self.closed = False
        self.silent: Deadlines[Connection] = Deadlines(SILENT_SECONDS)
        self.partial: Deadlines[Connection] = Deadlines(PARTIAL_SECONDS)
        self.stalled: Deadlines[Connection] = Deadlines(STALLED_SECONDS)
        self._lingering: Deadlines[Connection] = Deadlines(LINGER_SECONDS)
        self._leaving: Deadlines[Connection] = Deadlines(LAST_WORDS_SECONDS)

    @staticmethod
    def time() -> float:
        """Return the loop's time, in seconds; for time-outs only."""
        return asyncio.get_running_loop().time()

    def welcome(self, connection: Connection) -> int:
        """Take a connection in, or close it when there are too many; return its number."""
        if self.closed or (self._full and not self.make_room()):
            connection.transport.close()
        else:
            self._attempted(connection.address)
            self.connections.add(connection)
            self.silent.add(connection, self.time())
        return next(self._ids)

    @property
    def _full(self) -> bool:
        return len(self.connections) >= self._max_connections

    def make_room(self) -> bool:
        """Cut the connection that has been silent for longest; tell whether there was one."""
        oldest = self.silent.oldest()
        if oldest is None:
            return False
        self.silent.discard(oldest)
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True

    def farewell(self, connection: Connection) -> None:
        """Let a lost connection go, and its session leave the room."""
        self.connections.discard(connection)
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
            await asyncio.sleep(1)
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
                connection.time_out()

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
