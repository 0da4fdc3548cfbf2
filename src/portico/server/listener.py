"""The server: listens, and starts, stops and brings together everything else."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from portico.commands.declare import Command
from portico.commands.table import TABLE
from portico.model.entries import Entry
from portico.model.errors import PorticoError
from portico.model.policy import USUAL, Policy
from portico.ports import Audit, Log, Repository, Tokens
from portico.room.history import History
from portico.room.room import Address, Room
from portico.server.acceptor import Acceptor
from portico.server.announcer import Announcer
from portico.server.carrier import Carrier, Troubles
from portico.server.clock import MachineClock
from portico.server.connection import Connection
from portico.server.door import Door, Places
from portico.server.fanout import Fanout
from portico.server.gate import Gate
from portico.server.http.site import Site
from portico.server.limits import TOKENS_SECONDS
from portico.server.measures import Measures
from portico.server.sockets import listen
from portico.server.streams import Streams
from portico.server.tls import Tls
from portico.server.transfers import Transfers

SECRET_BYTES = 24
"""Randomness of a RESUME secret: 192 bits, 32 characters in base64."""

GOING = "the server is shutting down"
SENT_AWAY = "an admin has ended this session"
OUTDATED = "the token that was shown here is not valid any more"
LOCKED = "this room wants a token now; come again with one"


class Certificates(Protocol):
    """What TLS begins with."""

    fingerprint: str
    """By which people know the server."""

    @property
    def path(self) -> Path:
        """Where the certificate is."""

    @property
    def context(self) -> ssl.SSLContext:
        """For a new connection."""

    def reload(self) -> None:
        """Look at what the operator has changed."""


class Console(Troubles, Protocol):
    """What the server tells its operator."""

    def attempted(self, address: Address) -> None:
        """Tell of a connection."""

    def entries(self, entries: Sequence[Entry]) -> None:
        """Tell of what happened in the room."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is to be; `keep_microseconds` and `keep_entries` None keep everything; `allow_hosts`
    are further names that browsers may call it by; `max_per_address` None leaves half of the connections to
    each address, and all of them to this machine. `open`: nobody has to show a token, whatever there is.
    """

    host: str
    port: int
    max_clients: int
    max_connections: int
    max_per_address: int | None = None
    read_only: bool = False
    open: bool = False
    policy: Policy = USUAL
    drain: float = 10.0
    keep_entries: int | None = None
    keep_microseconds: int | None = None
    allow_hosts: Sequence[str] = ()

    @property
    def places(self) -> Places:
        """How many connections there may be."""
        return Places(self.max_connections, self.max_per_address)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a server keeps what lasts."""

    log: Log
    repository: Repository
    tokens: Tokens
    audit: Audit


class Server:
    """One room on one port; also the `Service` that every call of it shares."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        *,
        room: Room,
        history: History,
        console: Console,
    ) -> None:
        """Bring together what the composition root made."""
        log, repository, self.audit = stores.log, stores.repository, stores.audit
        self.settings, self.room, self.history, self.repository = settings, room, history, repository
        self.gate = Gate(stores.tokens, stores.audit, asks=not settings.open)
        self.clock = MachineClock(lambda: room.state.seq)
        self.fanout = Fanout(history)
        self.commands: Sequence[Command] = TABLE
        self.log_identity = log.identity
        self.read_only, self.policy = settings.read_only, settings.policy
        self.started = self.clock.now()
        self._console = console
        self.measures = Measures()
        self._carrier = Carrier(room, history, log, self, console, self.measures.appends)
        self._carrier.keep_count = settings.keep_entries
        self._carrier.keep_since = self._keep_since
        self.streams = Streams(self.report)
        self.transfers = Transfers(self.clock, repository)
        self.door = Door(room, self.clock, console.attempted, stores.audit, settings.places)
        self.site = Site(self)
        self._due: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: list[socket.socket] = []
        self._acceptor: Acceptor | None = None
        self.broken: asyncio.Future[None]
        """Raises what ended a task that must never end."""
        self.certificates: Certificates | None = None
        """With which everything on the port is TLS; set before `serve`."""
        self.told_to_end = asyncio.Event()
        """Set when the server is to be stopped, by a signal or an admin."""

    # Starting and stopping

    async def start(self) -> None:
        """Close what a crash left open, set the number of places, and listen; raise `PorticoError`."""
        self._sockets = listen(self.settings.host, self.settings.port)
        await self.site.open()
        loop = asyncio.get_running_loop()
        self.broken = loop.create_future()
        self._begin(self._carrier.run())
        await self._recover()
        self._begin(self.door.sweep())
        self._begin(self.door.watch())
        self._begin(self._watch_tokens())
        self._begin(self.transfers.sweep())
        self._begin(self.measures.watch())
        self._begin(Announcer(self.room, self.repository, self.clock, self._console).run())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.broken.done():
            self.broken.set_exception(error)

    def serve(self) -> None:
        """Accept from now on."""
        self._acceptor = Acceptor(self._sockets, self._protocol, self.door.make_room, self._console.note)

    def _protocol(self) -> asyncio.Protocol:
        """Return what a new connection is read by."""
        if self.certificates is None:
            return Connection(self)
        return Tls(self.certificates.context, Connection(self))

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port = self._sockets[0].getsockname()[:2]
        return host, port

    async def _recover(self) -> None:
        changes = await self.repository.open()
        now, state = self.clock.now(), self.room.state
        waiting = [self.room.file(now, change) for change in changes]
        waiting += [self.room.leave(now, session.id, "crash") for session in state.open_sessions()]
        if state.max_clients != self.settings.max_clients:
            waiting.append(self.room.limit(now, self.settings.max_clients))
        for later in waiting:
            done = asyncio.get_running_loop().create_future()
            later.then(lambda _, done=done: done.set_result(None))  # type: ignore[misc]
            await done
        for change in changes:
            self.repository.settled(change.key)

    async def stop(self) -> None:
        """Take no new work, let answers and transfers end, tell and close all sessions, write a snapshot."""
        self.door.closed = True
        if self._acceptor is not None:
            self._acceptor.close()
        self.clock.close()
        active = self.transfers.active()
        for connection in list(self.door.connections):
            if connection.id not in active:
                connection.retire()
        await self._until(lambda: not (self.transfers.active() or self._busy()))
        for connection in list(self.door.connections):
            connection.tell_closing(GOING)
            connection.unfollow()
            self.door.leave(connection)
            connection.transport.close()
        await self._until(lambda: not self.door.connections and not len(self.room.outbox))
        await asyncio.to_thread(self.streams.close)
        await self.site.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._carrier.settle()

    async def _watch_tokens(self) -> None:
        """Send away, for ever, those whose tokens are not valid any more."""
        while True:
            await asyncio.sleep(TOKENS_SECONDS)
            if not self.gate.refresh():
                continue
            for connection in list(self.door.connections):
                grant = connection.call.grant if connection.call is not None else None
                if grant is not None and not self.gate.valid(grant):
                    connection.dismiss(OUTDATED if grant.token else LOCKED)

    def _busy(self) -> bool:
        return any(connection.busy for connection in self.door.connections)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait until something is so, but not longer than the time to drain."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.settings.drain
        while not done() and loop.time() < end:  # noqa: ASYNC110 - many small things, once in a life
            await asyncio.sleep(0.01)

    def schedule(self, call: Callable[[], None]) -> None:
        """Call at the next turn of the loop, together with all others."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self.run_due)
        self._due.append(call)

    def run_due(self) -> None:
        """Make the scheduled calls now: there is nothing to wait for any more."""
        due, self._due = self._due, []
        for call in due:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - one connection's trouble is not everybody's
                self.report(error)

    def refused(self, error: PorticoError, connection: Connection) -> None:
        """Count a refusal; note down one that is not just somebody's mistake."""
        self.measures.refusals[error.code] += 1
        if error.rule:
            self.audit.note("refused", rule=error.rule, address=connection.address, why=error.sentence)

    def report(self, error: BaseException) -> None:
        """Tell the operator of a mistake of our own."""
        self._console.report(error)

    # What calls share

    def secret(self) -> str:
        """Return a new unguessable secret."""
        return secrets.token_urlsafe(SECRET_BYTES)

    def drop(self, session: int) -> None:
        """Close the connection that holds a session."""
        self.door.drop(session, SENT_AWAY)

    def drain(self) -> None:
        """Begin to end."""
        self.told_to_end.set()

    def connections(self) -> int:
        """Return how many connections there are."""
        return len(self.door.connections)

    @property
    def trouble(self) -> PorticoError | None:
        """Why nothing can be stored at present; None while nothing is known against it."""
        return self._carrier.trouble

    def _keep_since(self) -> int | None:
        kept = self.settings.keep_microseconds
        return None if kept is None else self.clock.now() - kept

    def publish(self, entries: list[Entry]) -> None:
        """Tell everybody of what was committed."""
        self.measures.committed(entries)
        self.fanout.publish(entries)
        self.clock.ring()
        self._console.entries(entries)
