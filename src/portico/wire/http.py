"""HTTP: the one wire whose messages are read and written by a library (`portico.server.http`).

Here is only what a connection says by itself: that a request did not come whole in time. Source: RFC 9110
section 15.5.9 (408 Request Timeout).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portico.model.entries import Entry
from portico.model.errors import PorticoError
from portico.model.requests import Request
from portico.wire.json_values import encode, error_json

HEAD = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n"
)


class HttpCodec:
    """A connection between requests."""

    echoes = False
    greets = False

    __slots__ = ("closing", "family", "locked", "owed", "protocol", "pushes")

    def __init__(self) -> None:
        """Begin."""
        self.protocol = 0
        self.pushes = False
        self.family = "http"
        self.closing = False
        self.owed = 0
        self.locked = False

    @property
    def partial(self) -> bool:
        """Nothing is held here."""
        return False

    @property
    def held(self) -> int:
        """How many bytes of something incomplete are held."""
        return 0

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:  # noqa: ARG002 - not read here
        """Return nothing."""
        return ()

    def end(self) -> Sequence[Request | PorticoError]:
        """Return nothing."""
        return ()

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return the response that the time is up: nothing else is said here."""
        self.closing = True
        body = encode({"error": error_json(reply)})
        return HEAD % len(body) + body

    def around(self, size: int) -> tuple[bytes, bytes]:  # noqa: ARG002 - the head is sent before
        """Return nothing: a range of a file is all of a response's body."""
        return b"", b""

    def push(self, entry: Entry) -> bytes:  # noqa: ARG002 - nothing is pushed between requests
        """Return nothing."""
        return b""

    def closing_push(self, sentence: str) -> bytes:  # noqa: ARG002 - nothing is pushed between requests
        """Return nothing."""
        return b""
