"""JSON over a WebSocket: what a browser speaks once its page is there.

    > {"id": 7, "do": "say", "args": {"text": "Hello"}}
    < {"id": 7, "ok": 12}
    < {"id": 8, "error": {"code": "TAKEN", "message": "the name ann is taken; choose another"}}
    < {"push": "entry", "data": {"seq": 12, ...}}

Each message is one request. Answers and pushes leave as frames, in the order of the requests, and so do the
answers to pings, and the last frame.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portico.model.entries import Entry
from portico.model.errors import PorticoError, ProtocolError, ShutOut
from portico.model.replies import Farewell
from portico.model.requests import Request, Words
from portico.wire.frames import (
    GOING_AWAY,
    INVALID,
    Close,
    Frames,
    Message,
    Ping,
    Received,
    close_frame,
    ping_frame,
    pong_frame,
    text_frame,
)
from portico.wire.json_values import encode, entry_json, error_json, to_json

MESSAGE_BYTES = 1_048_576
"""Longest request: the longest message with each of its bytes escaped as six is 400 KB."""

ID_CHARACTERS = 64
"""Longest id of a request, if it is a text; it is kept until the answer leaves."""

ID_MOST = 2**53
"""Largest id that is a number: up to here JSON readers hold it exactly (RFC 8259 section 6)."""


class JsonCodec:
    """JSON over one WebSocket, from the bytes behind its handshake on."""

    echoes = True
    greets = False

    __slots__ = ("_frames", "_ids", "_words", "closing", "family", "locked", "owed", "protocol", "pushes")

    def __init__(self, words: Callable[[str, Mapping[str, Any]], Words]) -> None:
        """Begin; `words` makes a request of a command's name and arguments, or raises `PorticoError`."""
        self._words = words
        self._frames = Frames(MESSAGE_BYTES)
        self._ids: deque[Any] = deque()
        self.protocol = 0
        self.pushes = True
        self.family = "json"
        self.closing = False
        self.owed = 0
        self.locked = False

    @property
    def partial(self) -> bool:
        """Whether a message has begun and is not whole."""
        return self._frames.partial

    @property
    def held(self) -> int:
        """How many bytes of something incomplete are held."""
        return self._frames.held

    def receive(self, data: bytes) -> Sequence[Any]:
        """Return the requests that came whole, and what else is to be answered in their order."""
        return [self._asked(received) for received in self._frames.receive(data)]

    def _asked(self, received: Received) -> Request | PorticoError | Ping | Close:
        if not isinstance(received, Message):
            return received
        try:
            text = received.data.decode()
        except UnicodeDecodeError:
            return Close(INVALID, "a text is UTF-8")
        self._ids.append(None)
        try:
            asked = _object(text)
            self._ids[-1] = _id(asked)
            return self._words(*_asked(asked))
        except PorticoError as error:
            return error

    def end(self) -> Sequence[Request | PorticoError]:
        """Return nothing: messages come whole."""
        return ()

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return the answer to the oldest request that has none yet."""
        if isinstance(reply, Ping):
            return pong_frame(reply)
        if isinstance(reply, Close):
            self.closing = True
            return close_frame(reply)
        answer: dict[str, Any] = {"id": self._ids.popleft() if self._ids else None}
        if isinstance(reply, PorticoError):
            answer["error"] = error_json(reply)
        else:
            answer["ok"] = to_json(reply)
        frame = text_frame(encode(answer))
        if not isinstance(reply, (Farewell, ProtocolError, ShutOut)):
            return frame
        self.closing = True
        return frame + close_frame(Close())

    def around(self, size: int) -> tuple[bytes, bytes]:  # noqa: ARG002 - no ranges of files are sent here
        """Return nothing: a caller without versions reads no more than a `Chunk` at once."""
        return b"", b""

    def push(self, entry: Entry) -> bytes:
        """Return an entry as a frame."""
        return text_frame(b'{"push":"entry","data":%b}' % entry_json(entry))

    def closing_push(self, sentence: str) -> bytes:
        """Return the word that the server is going, and the last frame."""
        word = text_frame(encode({"push": "closing", "data": sentence}))
        return word + close_frame(Close(GOING_AWAY, sentence))

    def keepalive(self) -> bytes:
        """Return what asks the client whether it is there."""
        return ping_frame()


def _object(text: str) -> dict[str, Any]:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise PorticoError("this is not JSON") from None
    if not isinstance(value, dict):
        raise PorticoError("a request is a JSON object")
    return value


def _unknown(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_unknown)
"""RFC 8259, section 6: no NaN, no infinities, which Python would take and nobody else could read back."""


def _id(asked: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a number, a text or nothing
    given = asked.get("id")
    if isinstance(given, str) and len(given) <= ID_CHARACTERS and given.isprintable():
        return given
    if given is None or (type(given) is int and abs(given) <= ID_MOST):
        return given
    raise PorticoError(f"an id is a whole number, or a printable text of at most {ID_CHARACTERS} characters")


def _asked(request: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    name, arguments = request.get("do"), request.get("args") or {}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise PorticoError('a request is like {"id": 7, "do": "say", "args": {"text": "Hello"}}')
    return name, arguments
