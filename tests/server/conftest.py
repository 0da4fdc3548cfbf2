"""A server inside the test: real sockets, real room, a log in memory, a console that keeps its lines."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from portico.model.entries import Entry
from portico.model.errors import PorticoError
from portico.room.history import open_room
from portico.server.listener import Server, Settings, Stores
from portico.stores.audit import NoAudit
from portico.stores.memory import MemoryLog
from portico.stores.tokens import TokenFile
from tests.support.desks import PlainFiles


@dataclass
class KeptConsole:
    """Keeps what the server tells its operator."""

    addresses: list[Any] = field(default_factory=list)
    told: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reports: list[BaseException] = field(default_factory=list)

    def attempted(self, address: Any) -> None:
        self.addresses.append(address)

    def entries(self, entries: Sequence[Entry]) -> None:
        self.told.extend(entries)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def report(self, error: BaseException) -> None:
        self.reports.append(error)


class FaultyLog(MemoryLog):
    """A log whose appends and erasures can be made to fail, wait or be slow, from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[PorticoError] = []
        self.erase_errors: list[PorticoError] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.appends = 0

    async def append(self, room: str, batch: Sequence[bytes], key: str) -> int:
        self.appends += 1
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        return await super().append(room, batch, key)

    async def erase(self, room: str, position: int, remainder: bytes) -> None:
        if self.erase_errors:
            raise self.erase_errors.pop(0)
        await super().erase(room, position, remainder)


@dataclass
class Peer:
    """One socket to the server under test."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes | str) -> None:
        self.writer.write(data.encode() if isinstance(data, str) else data)

    async def line(self) -> str:
        async with asyncio.timeout(5):
            return (await self.reader.readline()).decode().rstrip("\r\n")

    async def lines(self, count: int) -> list[str]:
        return [await self.line() for _ in range(count)]

    async def rest(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.read()

    async def say(self, text: str) -> str:
        self.send(f"{text}\n")
        return await self.line()

    def reset(self) -> None:
        """Vanish with a reset, as a program that is killed with input unread."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def end(self) -> None:
        self.writer.write_eof()


@dataclass
class Served:
    """A running server with what it is made of."""

    server: Server
    log: FaultyLog
    console: KeptConsole
    connect: Callable[[], Awaitable[Peer]]
    files: PlainFiles

    async def joined(self) -> Peer:
        """Connect as plain text and take the greeting."""
        peer = await self.connect()
        peer.send("\n")
        assert (await peer.line()).startswith("You are Client")
        return peer


SETTINGS = Settings(host="127.0.0.1", port=0, max_clients=3, max_connections=100, drain=1.0)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    """Starts servers: `await start(log=None, **settings)`; all end with the test."""
    (tmp_path / "tester1.txt").write_text("one\n")
    async with AsyncExitStack() as stack:

        async def start(log: FaultyLog | None = None, **settings: Any) -> Served:
            return await start_server(stack, tmp_path, log or FaultyLog(), replace(SETTINGS, **settings))

        yield start


async def start_server(stack: AsyncExitStack, directory: Path, log: FaultyLog, settings: Settings) -> Served:
    repository = PlainFiles(directory)
    stack.push_async_callback(repository.close)
    room, history = await open_room(log, "main", await log.open())
    stack.push_async_callback(log.close)
    console = KeptConsole()
    stores = Stores(log, repository, TokenFile(directory / "tokens.json"), NoAudit())
    server = Server(settings, stores, room=room, history=history, console=console)
    await server.start()
    server.serve()
    stack.push_async_callback(server.stop)

    async def connect() -> Peer:
        reader, writer = await asyncio.open_connection(*server.address)
        stack.callback(writer.close)
        return Peer(reader, writer)

    return Served(server, log, console, connect, repository)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, at most five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what changes has no event to wait for
            await asyncio.sleep(0.005)
