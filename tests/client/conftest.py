"""A server inside the test, and servers that do as a test wants."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from portico import AsyncClient
from portico.client import core as core_module
from portico.client import link as link_module
from tests.server.conftest import start as start  # noqa: PLC0414 - a fixture

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def pretending() -> AsyncIterator[Callable[[Handle], Awaitable[str]]]:
    """Starts servers of a test's own: `address = await pretending(handle)`; all end with the test."""
    async with AsyncExitStack() as stack:

        async def pretend(handle: Handle) -> str:
            async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task is not None
                tasks.add(task)
                try:
                    await handle(reader, writer)
                except (OSError, EOFError, asyncio.CancelledError):
                    pass
                finally:
                    writer.close()

            tasks: set[asyncio.Task[None]] = set()
            server = await asyncio.start_server(guarded, "127.0.0.1", 0)

            async def end() -> None:
                server.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

            stack.push_async_callback(end)
            return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield pretend


@pytest.fixture
def hasty(monkeypatch):
    """All waiting of the client is a hundred times shorter."""
    for module in (core_module, link_module):
        for name in dir(module):
            if name.endswith(("_SECONDS", "_PAUSE")) or name == "LOOK_SECONDS":
                monkeypatch.setattr(module, name, getattr(module, name) / 100)


def address(served) -> str:
    """Where a server of the fixture `start` listens."""
    host, port = served.server.address[:2]
    return f"{host}:{port}"


def break_off(client: AsyncClient) -> None:
    """Break a client's connection as a network would: reset, without a word."""
    transport = client._core._link._transport
    if transport is None:
        return  # it is broken already
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
