"""HTTP to a server under test, and the frames of a WebSocket's client."""

import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from struct import pack, unpack
from typing import Any

from aiohttp import ClientSession

HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n"
)


@asynccontextmanager
async def visiting(address: tuple[str, int]) -> AsyncIterator[ClientSession]:
    """A session of aiohttp's client whose paths are those of a server."""
    async with ClientSession(f"http://{address[0]}:{address[1]}") as session:
        yield session


def handshake(more: str = "") -> bytes:
    """The request that begins a WebSocket; `more` are further headers, each with its line end."""
    return HANDSHAKE.format(key=base64.b64encode(os.urandom(16)).decode(), more=more).encode()


def frame(payload: bytes | str, opcode: int = 1, *, first: int | None = None, mask: bytes = b"") -> bytes:
    """A frame as clients send it; `first` is the first byte, if it is not that of a whole frame."""
    data = payload.encode() if isinstance(payload, str) else payload
    mask = mask or os.urandom(4)
    size = len(data)
    head = bytes([0x80 | opcode if first is None else first])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += pack("!BH", 0xFE, size)
    else:
        head += pack("!BQ", 0xFF, size)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def asking(do: str, number: Any = None, **args: Any) -> bytes:
    """A request as a frame."""
    return frame(json.dumps({"id": number, "do": do, "args": args}))


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
