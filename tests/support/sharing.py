"""A server in the test whose files are a real directory, and a client of HTTP for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import ClientSession

from portico.commands.call import Call
from portico.model.files import Author
from portico.model.replies import TransferLine
from portico.room.history import open_room
from portico.server.listener import Server, Settings, Stores
from portico.stores.audit import NoAudit
from portico.stores.files.directory import DirectoryRepository
from portico.stores.memory import MemoryLog
from portico.stores.tokens import TokenFile
from tests.server.conftest import KeptConsole, Peer
from tests.support.web import visiting

SETTINGS = Settings(host="127.0.0.1", port=0, max_clients=3, max_connections=100, drain=1.0)

STRANGER = cast("Call", SimpleNamespace(author=lambda: Author(0, "visitor")))


@dataclass
class Shared:
    """What runs: `root` is the directory that is served."""

    server: Server
    console: KeptConsole
    repository: DirectoryRepository
    client: ClientSession
    root: Path
    stack: AsyncExitStack

    def put(self, path: str, data: bytes | str = b"") -> Path:
        """Let a file be there."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    def transfers(self) -> list[TransferLine]:
        """What is under way, as somebody sees it who has no part in it."""
        return self.server.transfers.lines(STRANGER)

    async def connect(self, *requests: str) -> Peer:
        """A connection on which requests without bodies are sent: `GET /files HTTP/1.1`, or more lines."""
        reader, writer = await asyncio.open_connection(*self.server.address[:2])
        self.stack.callback(writer.close)
        peer = Peer(reader, writer)
        for request in requests:
            peer.send(f"{request}\r\nHost: localhost\r\n\r\n")
        return peer


@asynccontextmanager
async def sharing(directory: Path, **settings: Any) -> AsyncIterator[Shared]:
    """Serve a new directory; whatever the operator was told of must not be a mistake of ours."""
    root, log, console = directory / "files", MemoryLog(), KeptConsole()
    root.mkdir()
    async with AsyncExitStack() as stack:
        repository = DirectoryRepository(root, root / ".portico")
        stack.push_async_callback(repository.close)
        await repository.open()
        room, history = await open_room(log, "main", await log.open())
        stack.push_async_callback(log.close)
        stores = Stores(log, repository, TokenFile(root / ".portico" / "tokens.json"), NoAudit())
        server = Server(replace(SETTINGS, **settings), stores, room=room, history=history, console=console)
        await server.start()
        server.serve()
        stack.push_async_callback(server.stop)
        client = await stack.enter_async_context(visiting(server.address))
        yield Shared(server, console, repository, client, root, stack)
    assert not console.reports
