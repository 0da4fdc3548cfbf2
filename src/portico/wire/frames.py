"""WebSocket frames: those of a client put together to messages, and those of a server written.

    receive(data) ──> Message | Ping | Close      every one whole, however it was cut into frames and packets

What a server sends is unmasked, whole and not compressed: all followers get the same bytes. What a client
sends is masked, may be fragmented, and is refused as soon as its length says that it is too long.

Source: RFC 6455, sections 5 (frames), 7.4 (codes) and 8.1 (what is no UTF-8).
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import pack, unpack_from
from typing import TypeAlias

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
"""Opcodes; from `CLOSE` on they are of control frames, which may stand between the fragments of a message."""

FINAL, RESERVED, OPCODE = 0x80, 0x70, 0x0F
"""The parts of a frame's first byte; no extension is agreed on that would use the reserved bits."""

MASKED, LENGTH = 0x80, 0x7F
"""The parts of the second."""

MEDIUM, LONG = 126, 127
"""Lengths that say where the length stands instead: in the next two bytes, in the next eight."""

CONTROL_BYTES = 125
"""Longest payload of a control frame (section 5.5)."""

MASK_BYTES = 4

NORMAL, GOING_AWAY, PROTOCOL, UNSUPPORTED, INVALID, TOO_LONG = 1000, 1001, 1002, 1003, 1007, 1009
"""Why a connection closes."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole text of a client."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """A question whether we are there; the answer has the same payload."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The end: because the client said so, or because what it sent cannot go on; nothing comes behind it."""

    code: int = NORMAL
    sentence: str = ""


Received: TypeAlias = Message | Ping | Close


class Frames:
    """What a client sends, put together; `limit` is the most bytes of one message."""

    __slots__ = ("_buffer", "_closed", "_fragments", "_limit", "_open")

    def __init__(self, limit: int) -> None:
        """Begin behind the handshake."""
        self._limit = limit
        self._buffer = bytearray()
        self._fragments = bytearray()
        self._open = False
        self._closed = False

    @property
    def partial(self) -> bool:
        """Whether a frame or a message has begun and is not whole."""
        return bool(self._buffer) or self._open

    @property
    def held(self) -> int:
        """How many bytes of it there are."""
        return len(self._buffer) + len(self._fragments)

    def receive(self, data: bytes) -> list[Received]:
        """Take bytes; return what they complete."""
        if self._closed:
            return []
        self._buffer += data
        received: list[Received] = []
        at = 0
        try:
            while (frame := self._frame(at)) is not None:
                first, payload, at = frame
                self._take(first, payload, received)
                if self._closed:
                    break
        except _Wrong as wrong:
            self._closed = True
            received.append(wrong.close)
        if self._closed:
            self._buffer.clear()
            self._open = False
        else:
            del self._buffer[:at]
        return received

    def _frame(self, at: int) -> tuple[int, bytes, int] | None:
        """Return the first byte and payload of the frame at a place, and where it ends; None if not whole."""
        buffer = self._buffer
        if len(buffer) < at + 2:
            return None
        first, second = buffer[at], buffer[at + 1]
        self._check_head(first, second)
        size, begin = second & LENGTH, at + 2
        if size >= MEDIUM:
            width = 2 if size == MEDIUM else 8
            if len(buffer) < begin + width:
                return None
            (size,) = unpack_from("!H" if width == 2 else "!Q", buffer, begin)  # noqa: PLR2004 - bytes
            begin += width
        self._check_size(first & OPCODE, size)
        end = begin + MASK_BYTES + size
        if len(buffer) < end:
            return None
        return first, _unmasked(buffer[begin : begin + MASK_BYTES], buffer[begin + MASK_BYTES : end]), end

    def _check_head(self, first: int, second: int) -> None:
        opcode = first & OPCODE
        if first & RESERVED or not second & MASKED or opcode not in (0, TEXT, BINARY, CLOSE, PING, PONG):
            raise _Wrong(PROTOCOL, "this is no frame of a client")
        if opcode >= CLOSE and (not first & FINAL or second & LENGTH > CONTROL_BYTES):
            raise _Wrong(PROTOCOL, "a control frame is whole and short")
        if opcode == BINARY:
            raise _Wrong(UNSUPPORTED, "requests are texts")
        if (opcode == CONTINUATION) != self._open and opcode < CLOSE:
            raise _Wrong(PROTOCOL, "the fragments of a message stand behind each other")

    def _check_size(self, opcode: int, size: int) -> None:
        if opcode < CLOSE and len(self._fragments) + size > self._limit:
            raise _Wrong(TOO_LONG, f"a request has at most {self._limit:,} bytes")

    def _take(self, first: int, payload: bytes, received: list[Received]) -> None:
        opcode = first & OPCODE
        if opcode == PING:
            received.append(Ping(payload))
        elif opcode == CLOSE:
            self._closed = True
            received.append(_close_of(payload))
        elif opcode != PONG:
            self._fragments += payload
            self._open = not first & FINAL
            if not self._open:
                received.append(Message(bytes(self._fragments)))
                self._fragments.clear()


class _Wrong(Exception):
    """What breaks the rules, and so ends the connection."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.close = Close(code, sentence)


def _unmasked(mask: bytearray, payload: bytearray) -> bytes:
    size = len(payload)
    whole = (mask * (size // MASK_BYTES + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(whole, "little")).to_bytes(size, "little")


def _close_of(payload: bytes) -> Close:
    """Return the answer to a client's last frame: the same code, if it may be said (section 7.4)."""
    if not payload:
        return Close()
    code = int.from_bytes(payload[:2], "big")
    sayable = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999  # noqa: PLR2004 - codes
    if len(payload) == 1 or not sayable or not _is_utf8(payload[2:]):
        return Close(PROTOCOL)
    return Close(code)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_frame(payload: bytes) -> bytes:
    """Return a text as one frame."""
    return _head(TEXT, len(payload)) + payload


def close_frame(close: Close) -> bytes:
    """Return the last frame; of a sentence longer than fits, the beginning."""
    reason = close.sentence.encode()[: CONTROL_BYTES - 2].decode(errors="ignore").encode()
    return _head(CLOSE, 2 + len(reason)) + pack("!H", close.code) + reason


def ping_frame() -> bytes:
    """Return the question whether the client is there."""
    return _head(PING, 0)


def pong_frame(ping: Ping) -> bytes:
    """Return the answer to a client's question."""
    return _head(PONG, len(ping.payload)) + ping.payload


def _head(opcode: int, size: int) -> bytes:
    if size < MEDIUM:
        return pack("!BB", FINAL | opcode, size)
    if size < 1 << 16:
        return pack("!BBH", FINAL | opcode, MEDIUM, size)
    return pack("!BBQ", FINAL | opcode, LONG, size)
