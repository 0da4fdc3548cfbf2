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
from portico.client.address import Address
from tests.server.conftest import start as start  # noqa: PLC0414 - a fixture
from tests.server.conftest import until
from tests.support.stage import Stage, soon

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
async def stage(pretending, monkeypatch):
    """All pauses are short; who waits longer says so."""
    for module, name, seconds in (
        (link_module, "FIRST_PAUSE", 0.001),
        (link_module, "LONGEST_PAUSE", 0.01),
        (link_module, "CLOSE_SECONDS", 0.05),
        (core_module, "CLOSE_SECONDS", 0.05),
        (core_module, "LOOK_SECONDS", 0.005),
    ):
        monkeypatch.setattr(module, name, seconds)
    made = Stage()
    host, _, port = (await pretending(made.accept)).rpartition(":")
    made.address = Address(host, int(port))
    yield made
    for core in made.cores:
        await soon(core.stop())


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


async def looks(core, times=3):
    """The clock is looked at so many times."""
    for _ in range(times):
        before = core._looking
        await until(lambda before=before: core._looking is not before)
