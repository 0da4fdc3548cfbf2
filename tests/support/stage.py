"""A server that the test plays, request by request, and cores of the client that talk to it."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from portico.client.address import Address
from portico.client.core import Core
from portico.wire import CODECS, Wire
from portico.wire.resp_values import encode
from tests.support.talk import facts, session

T = TypeVar("T")


async def soon(work: Awaitable[T]) -> T:
    """What it gives, which may not take long."""
    async with asyncio.timeout(10):
        return await work


class Line:
    """One connection, seen from the server's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._codec = CODECS[Wire.RESP]()
        self._heard: deque[str] = deque()

    async def hear(self) -> str:
        """The next request, as one line."""
        while not self._heard:
            data = await soon(self._reader.read(1 << 16))
            assert data, "the client ended the connection"
            requests: list[Any] = list(self._codec.receive(data))
            self._heard.extend(b" ".join(words).decode() for words in requests)
        return self._heard.popleft()

    async def hears(self, *requests: str) -> None:
        """The next requests are these."""
        heard = [await self.hear() for _ in requests]
        assert heard == list(requests), f"heard {heard[:5]}"

    async def is_left(self) -> None:
        """The client ends the connection, and has said nothing more."""
        assert not self._heard
        try:
            assert await soon(self._reader.read()) == b""
        except ConnectionResetError:
            return

    def says(self, *values: Any) -> None:
        """Answer with these."""
        self.sends(b"".join(encode(value, 3) for value in values))

    def sends(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    def reads_nothing(self) -> None:
        """Leave what comes in the buffers of the network."""
        assert isinstance(self._writer.transport, asyncio.ReadTransport)
        self._writer.transport.pause_reading()

    def ends(self) -> None:
        """End the connection in an orderly way."""
        self._writer.close()

    def breaks(self) -> None:
        """Reset the connection, as a network that fails."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class Stage:
    """Connections as they come, and clients; `told` is what they say of losses and returns."""

    def __init__(self) -> None:
        self.address = Address("127.0.0.1", 1)
        self.cores: list[Core] = []
        self.told: list[str] = []
        self._lines: asyncio.Queue[Line] = asyncio.Queue()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.put_nowait(Line(reader, writer))
        await asyncio.Event().wait()

    def core(self, name: str | None = None, seconds: float | None = 30.0, token: str = "") -> Core:
        told = (lambda why: self.told.append(why.sentence)), (lambda: self.told.append("back"))
        self.cores.append(Core(self.address, name, token, seconds, told))
        return self.cores[-1]

    async def line(self) -> Line:
        """The next connection."""
        return await soon(self._lines.get())

    async def begun(self, name: str | None = None, seconds: float | None = 30.0) -> tuple[Core, Line]:
        """A client that is there, and its connection."""
        core = self.core(name, seconds)
        starting = asyncio.ensure_future(core.start())
        line = await self.greeted(name)
        await soon(starting)
        return core, line

    async def greeted(self, name: str | None = None) -> Line:
        """A connection that is introduced for the first time."""
        line = await self.line()
        await line.hears(f"HELLO 3 SETNAME {name}" if name else "HELLO 3")
        line.says(session(name) if name else facts())
        return line

    async def resumed(self, name: str) -> Line:
        """A connection over which a session comes back."""
        line = await self.line()
        await line.hears(f"HELLO 3 RESUME secret of {name}")
        line.says(session(name))
        return line

    async def refused(self, hello: Sequence[str], *answers: Any) -> None:
        """A connection whose introduction ends with these answers; the client lets go of it."""
        line = await self.line()
        await line.hears(*hello)
        line.says(*answers)
        await line.is_left()
