"""The server: accepts connections, knows who holds which session, starts and stops everything else."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from portico.commands.declare import Command
from portico.commands.table import TABLE
from portico.model.entries import Entry
from portico.ports import Log, Repository
from portico.room.history import History
from portico.room.room import Address, Room
from portico.server.carrier import Carrier, Troubles
from portico.server.clock import MachineClock
from portico.server.connection import Connection
from portico.server.deadlines import Deadlines
from portico.server.fanout import Fanout
from portico.server.limits import (
    BACKLOG,
    LAST_WORDS_SECONDS,
    LINGER_SECONDS,
    PARTIAL_SECONDS,
    SILENT_SECONDS,
    VIGIL_SECONDS,
    VIGIL_SLICE,
)
from portico.server.sockets import hang_up, listen, vanished

SECRET_BYTES = 24
"""Randomness of a RESUME secret: 192 bits, 32 characters in base64."""

GOING = "the server is shutting down"


class Console(Troubles, Protocol):
    """What the server tells its operator."""

    def attempted(self, address: Address) -> None:
        """Tell of a connection."""

    def entries(self, entries: Sequence[Entry]) -> None:
        """Tell of what happened in the room."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is to be; `keep_microseconds` and `keep_entries` None keep everything."""

    host: str
    port: int
    max_clients: int
    max_connections: int
    read_only: bool = False
    drain: float = 10.0
    keep_entries: int | None = None
    keep_microseconds: int | None = None


class Server:
    """One room on one port; also the `Service` that every call of it shares."""

    def __init__(
        self,
        settings: Settings,
        *,
        room: Room,
        history: History,
        log: Log,
        repository: Repository,
        console: Console,
    ) -> None:
        """Bring together what the composition root made."""
        self.settings, self.room, self.history, self.repository = settings, room, history, repository
        self.clock = MachineClock(lambda: room.state.seq)
        self.fanout = Fanout(history)
        self.commands: Sequence[Command] = TABLE
        self.log_identity = log.identity
        self.read_only = settings.read_only
        self.started = self.clock.now()
        self._console = console
        self._carrier = Carrier(room, history, log, self, console)
        self._carrier.keep_count = settings.keep_entries
        self._carrier.keep_since = self._keep_since
        self._connections: set[Connection] = set()
        self._sessions: dict[int, Connection] = {}
        self._ids = itertools.count(1)
        self.silent: Deadlines[Connection] = Deadlines(SILENT_SECONDS)
        self.partial: Deadlines[Connection] = Deadlines(PARTIAL_SECONDS)
        self._lingering: Deadlines[Connection] = Deadlines(LINGER_SECONDS)
        self._closed: Deadlines[Connection] = Deadlines(LAST_WORDS_SECONDS)
        self._due: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: list[socket.socket] = []
        self._listeners: list[asyncio.Server] = []
        self.broken: asyncio.Future[None]
        """Raises what ended a task that must never end."""
        self._closing = False

    # Starting and stopping

    async def start(self) -> None:
        """Close what a crash left open, set the number of places, and listen; raise `PorticoError`."""
        self._sockets = listen(self.settings.host, self.settings.port)
        loop = asyncio.get_running_loop()
        self.broken = loop.create_future()
        self._begin(self._carrier.run())
        await self._recover()
        self._begin(self._sweep())
        self._begin(self._watch())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.broken.done():
            self.broken.set_exception(error)

    async def serve(self) -> None:
        """Accept from now on."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            self._listeners.append(
                await loop.create_server(lambda: Connection(self), sock=sock, backlog=BACKLOG)
            )

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port = self._sockets[0].getsockname()[:2]
        return host, port

    async def _recover(self) -> None:
        now, state = self.clock.now(), self.room.state
        waiting = [self.room.leave(now, session.id, "crash") for session in state.open_sessions()]
        if state.max_clients != self.settings.max_clients:
            waiting.append(self.room.limit(now, self.settings.max_clients))
        for later in waiting:
            done = asyncio.get_running_loop().create_future()
            later.then(lambda _, done=done: done.set_result(None))  # type: ignore[misc]
            await done

    async def stop(self) -> None:
        """Take no new work, let answers finish, tell and close every session, write the last snapshot."""
        self._closing = True
        for listener in self._listeners:
            listener.close()
        self.clock.close()
        for connection in self._connections:
            connection.transport.pause_reading()
        await self._until(lambda: not any(connection.busy for connection in self._connections))
        for connection in list(self._connections):
            connection.tell_closing(GOING)
            self.leave(connection)
            connection.transport.close()
        await self._until(lambda: not self._connections and not len(self.room.outbox))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._carrier.settle()

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait until something is so, but not longer than the time to drain."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.settings.drain
        while not done() and loop.time() < end:  # noqa: ASYNC110 - many small things, once in a life
            await asyncio.sleep(0.01)

    # What connections tell

    def welcome(self, connection: Connection) -> int:
        """Take a connection in, or close it when there are too many; return its number."""
        if self._closing:
            connection.transport.close()
        elif len(self._connections) >= self.settings.max_connections:
            self._make_room(connection)
        if not connection.transport.is_closing():
            self._console.attempted(connection.address)
            self._connections.add(connection)
            self.silent.add(connection, self.time())
        return next(self._ids)

    def _make_room(self, connection: Connection) -> None:
        oldest = self.silent.oldest()
        if oldest is None:
            connection.transport.close()
        else:
            self.silent.discard(oldest)
            self._connections.discard(oldest)
            oldest.transport.abort()

    def farewell(self, connection: Connection) -> None:
        """Let a lost connection go, and its session leave the room."""
        self._connections.discard(connection)
        for group in (self.silent, self.partial, self._lingering, self._closed):
            group.discard(connection)
        if connection.call is not None:
            self.fanout.unfollow(connection)
            self.leave(connection)

    def leave(self, connection: Connection) -> None:
        """Let the session that a connection holds leave the room."""
        session = connection.call.session if connection.call is not None else 0
        if session and self._sessions.get(session) is connection:
            connection.release()
            self.room.leave(self.clock.now(), session)

    def attach(self, connection: Connection, session: int) -> None:
        """Let a connection hold a session; the older one that held it is closed."""
        older = self._sessions.get(session)
        self._sessions[session] = connection
        if older is not None and older is not connection:
            older.call.session = 0
            older.tell_closing("this session goes on over another connection")
            older.finish()
        if connection not in self._connections:
            self.leave(connection)

    def release(self, connection: Connection) -> None:
        """Let a session be held by no connection."""
        self._sessions.pop(connection.call.session, None)

    def linger(self, connection: Connection) -> None:
        """Let a connection that has heard its last word go a little later."""
        self._lingering.add(connection, self.time())

    def schedule(self, call: Callable[[], None]) -> None:
        """Call at the next turn of the loop, together with all others."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self.run_due)
        self._due.append(call)

    def run_due(self) -> None:
        """Make the scheduled calls now: there is nothing to wait for any more."""
        due, self._due = self._due, []
        for call in due:
            call()

    def report(self, error: BaseException) -> None:
        """Tell the operator of a mistake of our own."""
        self._console.report(error)

    # What calls share

    def secret(self) -> str:
        """Return a new unguessable secret."""
        return secrets.token_urlsafe(SECRET_BYTES)

    def connections(self) -> int:
        """Return how many connections there are."""
        return len(self._connections)

    # What runs beside

    @staticmethod
    def time() -> float:
        """Return the loop's time, in seconds; for time-outs only."""
        return asyncio.get_running_loop().time()

    def _keep_since(self) -> int | None:
        kept = self.settings.keep_microseconds
        return None if kept is None else self.clock.now() - kept

    def publish(self, entries: list[Entry]) -> None:
        """Tell everybody of what was committed."""
        self.fanout.publish(entries)
        self.clock.ring()
        self._console.entries(entries)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = self.time()
            for connection in self.silent.expired(now):
                self._close(connection)
            for connection in self._lingering.expired(now):
                if not connection.transport.get_write_buffer_size():
                    hang_up(connection.transport.get_extra_info("socket"))
                self._close(connection)
            for connection in self._closed.expired(now):
                connection.transport.abort()
            for connection in self.partial.expired(now):
                connection.time_out()

    def _close(self, connection: Connection) -> None:
        connection.transport.close()
        self._closed.add(connection, self.time())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(VIGIL_SECONDS)
            watched = [connection for connection in self._connections if connection.watched]
            for count, connection in enumerate(watched, 1):
                if vanished(connection.transport.get_extra_info("socket")):
                    connection.transport.abort()
                if count % VIGIL_SLICE == 0:
                    await asyncio.sleep(0)
