"""A network that breaks: a TCP proxy that cuts, delays, fragments and repeats what passes through it.

    async with Proxy("127.0.0.1", server.port, seed=1) as proxy:
        proxy.trouble = Trouble(upwards=500, downwards=800)
        async with AsyncClient(f"127.0.0.1:{proxy.port}") as client: ...

Each connection is given a fate by the dice: after how many bytes it is cut, in which direction, whether with
RST or FIN, whether the server hears of it at once or later, and whether all that was sent to the server comes
there once more, over a connection of its own, as a router gone mad or a retry by somebody else would do.
"""

import asyncio
import contextlib
import math
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

CHUNK = 1 << 16
LINE = 1 << 17
"""Bytes on their way in the kernel, each way: what is lost with a connection has to be sent anew, and between
two programs of one machine it would be many megabytes."""

EARLY = 1 << 11
"""Bytes within which an early cut comes: a few requests."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to connections.

    `upwards` and `downwards` are the most bytes that pass towards the server and the client before a cut;
    infinity never cuts. Of those that are cut, `early` (0 to 1) are within their first kilobytes.
    `fragment` is the most bytes in a piece, `delay` the most seconds before one. `stall` is the most seconds
    before a cut in which nothing passes, `lingering` those until the server hears of it too, `repeated` how
    many of the cut connections (0 to 1) are played to the server once more.
    """

    upwards: float = math.inf
    downwards: float = math.inf
    fragment: int = CHUNK
    delay: float = 0.0
    early: float = 0.0
    stall: float = 0.0
    lingering: float = 0.0
    repeated: float = 0.0


NONE = Trouble()


class Proxy:
    """Listens on a port of its own; `cuts` and `repeats` count what was done; `trouble` may change.

    `up` and `down` count the bytes that were passed on towards the server and the client.
    """

    def __init__(self, host: str, port: int, seed: int = 0, trouble: Trouble = NONE) -> None:
        self.trouble = trouble
        self.port = 0
        self.connections = self.cuts = self.repeats = 0
        self.up = self.down = 0
        self._server_address = host, port
        self._dice = random.Random(seed)
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._listener: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, sock=_short_line())
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        left = dict(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for writer in left.values():  # a task that never began has not closed its own
            reset(writer)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks[task] = writer
        task.add_done_callback(self._tasks.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._relay(reader, writer)
        except OSError:
            reset(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes in both directions until the cut, or until one side has ended."""
        trouble, dice = self.trouble, self._dice
        up_reader, up_writer = await self._to_server()
        early = dice.random() < trouble.early
        limits = [_limit(dice, most, early=early) for most in (trouble.upwards, trouble.downwards)]
        said = bytearray() if trouble.repeated else None
        pumps = [
            asyncio.ensure_future(self._pump(reader, up_writer, trouble, limits[0], self._went_up(said))),
            asyncio.ensure_future(self._pump(up_reader, writer, trouble, limits[1], self._went_down)),
        ]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            cut = any(pump.exception() is None and pump.result() for pump in done)
            if cut:
                self.cuts += 1
                await asyncio.sleep(dice.uniform(0, trouble.stall))
                self._end(writer)
                await asyncio.sleep(dice.uniform(0, trouble.lingering))
        finally:
            for pump in pumps:
                pump.cancel()
            self._end(writer)
            self._end(up_writer)
            await asyncio.gather(*pumps, return_exceptions=True)
        if cut and said is not None and dice.random() < trouble.repeated:
            self.repeats += 1
            await self._repeat(bytes(said))

    async def _to_server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        sock = _short_line()
        try:
            await asyncio.get_running_loop().sock_connect(sock, self._server_address)
        except OSError:
            sock.close()
            raise
        return await asyncio.open_connection(sock=sock)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        trouble: Trouble,
        most: float,
        passed: Callable[[bytes], None] = lambda _: None,
    ) -> bool:
        """Pass bytes on; return whether it was cut, not ended."""
        while most > 0:
            data = await reader.read(int(min(self._dice.randint(1, trouble.fragment), most)))
            if not data:
                return False
            if trouble.delay:
                await asyncio.sleep(self._dice.uniform(0, trouble.delay))
            writer.write(data)
            passed(data)
            most -= len(data)
            await writer.drain()
        return True

    def _went_up(self, said: bytearray | None) -> Callable[[bytes], None]:
        def passed(data: bytes) -> None:
            self.up += len(data)
            if said is not None:
                said.extend(data)

        return passed

    def _went_down(self, data: bytes) -> None:
        self.down += len(data)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        if writer.is_closing():
            return
        if self._dice.random() < 0.5:
            reset(writer)
        else:
            writer.close()

    async def _repeat(self, said: bytes) -> None:
        """Say to the server what a client said, and listen to nothing."""
        reader, writer = await asyncio.open_connection(*self._server_address)
        try:
            writer.write(said)
            writer.write_eof()
            with contextlib.suppress(OSError):
                while await reader.read(CHUNK):
                    pass
        finally:
            writer.close()


def _short_line() -> socket.socket:
    """A socket of this machine that takes little in advance; those it accepts do as it does."""
    sock = socket.socket()
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, buffer, LINE)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


def _limit(dice: random.Random, most: float, *, early: bool = False) -> float:
    return most if most == math.inf else dice.randint(0, min(int(most), EARLY) if early else int(most))


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
