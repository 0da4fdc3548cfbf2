"""HTTP to a server under test, and the frames of a WebSocket's client."""

import base64
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from struct import pack, unpack
from typing import Any

from aiohttp import ClientSession

from portico.commands.table import find
from tests.support.resp import RespError
from tests.support.stream import Stream

HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n"
)

MASK = b"\x12\x9a\xf0\x7d"
"""Of every frame: tests shall have the same names each time."""


@asynccontextmanager
async def visiting(address: tuple[str, int]) -> AsyncIterator[ClientSession]:
    """A session of aiohttp's client whose paths are those of a server."""
    async with ClientSession(f"http://{address[0]}:{address[1]}") as session:
        yield session


def handshake(more: str = "") -> bytes:
    """The request that begins a WebSocket; `more` are further headers, each with its line end."""
    return HANDSHAKE.format(key=base64.b64encode(os.urandom(16)).decode(), more=more).encode()


def frame(payload: bytes | str, opcode: int = 1, *, first: int | None = None) -> bytes:
    """A frame as clients send it; `first` is the first byte, if it is not that of a whole frame."""
    data = payload.encode() if isinstance(payload, str) else payload
    size = len(data)
    head = bytes([0x80 | opcode if first is None else first])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += pack("!BH", 0xFE, size)
    else:
        head += pack("!BQ", 0xFF, size)
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data))


def asking(do: str, number: Any = None, **args: Any) -> bytes:
    """A request as a frame."""
    return frame(json.dumps({"id": number, "do": do, "args": args}))


def named(words: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """A RESP request as a command and its arguments by name."""
    found = find([str(words[0]).encode()])
    assert found is not None
    options = {parameter.token: parameter for parameter in found.parameters if parameter.token}
    left = list(words[1:])
    arguments: dict[str, Any] = {}
    for parameter in found.parameters:
        if parameter.many:
            arguments[parameter.name], left = left, []
        elif not parameter.token and left and left[0] not in options:
            arguments[parameter.name] = left.pop(0)
    while left:
        option = options[left.pop(0)]
        values = [left.pop(0) for _ in option.kinds]
        arguments[option.name] = (values[0] if len(values) == 1 else values) if values else True
    return found.name.lower(), arguments


class WebClient(Stream):
    """A program with a WebSocket, blocking; what is pushed waits until it is asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.pushes: deque[dict[str, Any]] = deque()
        self.send_raw(handshake())
        while b"\r\n\r\n" not in self.buffer:
            assert self.receive(self.deadline(None))
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        self.buffer = bytearray(rest)

    def call(self, *words: str | int) -> Any:
        """Ask what these words ask on RESP; return the answer, or raise RespError."""
        do, arguments = named(words)
        self.send_raw(asking(do, 1, **arguments))
        deadline = self.deadline(None)
        while "id" not in (answer := self._message(deadline)):
            self.pushes.append(answer)
        if "error" in answer:
            raise RespError(answer["error"]["code"], answer["error"]["message"])
        return answer["ok"]

    def push(self, timeout: float) -> tuple[str, Any]:
        """What is pushed next."""
        message = self.pushes.popleft() if self.pushes else self._message(self.deadline(timeout))
        return message["push"], message["data"]

    def eof(self, timeout: float | None = None) -> None:
        """Wait for the last frame, and the end behind it."""
        deadline = self.deadline(timeout)
        while self.receive(deadline):
            pass
        assert [opcode for opcode, _ in split_frames(bytes(self.buffer))] == [8]

    def _message(self, deadline: float) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.text(deadline))
        return message

    def text(self, deadline: float) -> str:
        """The next text; `EOFError` when there is none any more."""
        while True:
            while (size := whole(self.buffer)) is None:
                if not self.receive(deadline):
                    raise EOFError
            ((opcode, payload),) = split_frames(bytes(self.buffer[:size]))
            del self.buffer[:size]
            if opcode == 8:
                raise EOFError
            if opcode == 1:
                return payload.decode()


def whole(data: bytes | bytearray) -> int | None:
    """The length of the first frame of a server; None while it is not whole."""
    if len(data) < 2:
        return None
    at = {126: 4, 127: 10}.get(data[1], 2)
    size = int.from_bytes(data[2:at], "big") if at > 2 else data[1]
    return at + size if len(data) >= at + size else None


def split_frames(data: bytes) -> list[tuple[int, bytes]]:
    """The opcodes and payloads of whole frames of a server; what is no such frame fails."""
    frames = []
    while data:
        first, size = data[0], data[1]
        at = 2
        if size == 126:
            (size,), at = unpack("!H", data[2:4]), 4
        elif size == 127:
            (size,), at = unpack("!Q", data[2:10]), 10
        assert first & 0x80
        assert len(data) >= at + size
        frames.append((first & 0x0F, data[at : at + size]))
        data = data[at + size :]
    return frames
