"""HTTP, as little as can be honest: a request head is read and answered 501 with a sentence.

Source: RFC 9112 (HTTP/1.1 messages), RFC 9110 section 15.6.2 (501 Not Implemented). The connection closes
after the answer, so that a body needs no reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portico.model.entries import Entry
from portico.model.errors import NotOffered, PorticoError, ProtocolError
from portico.model.requests import Request
from portico.wire.lines import one_line

HEAD_BYTES = 8_192
"""A request head: nginx's and Node's limit are of this size."""

HEAD_END = re.compile(rb"\r?\n\r?\n")
REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/1\.[01]\r?\n")

NOT_YET = "HTTP is not spoken here yet; use netcat, redis-cli or a Redis client library"

STATUS = {NotOffered: b"501 Not Implemented", ProtocolError: b"400 Bad Request"}


class HttpCodec:
    """HTTP/1.x for one connection; one request is one answer."""

    __slots__ = ("_deaf", "_head", "_held", "closing", "family", "owed", "protocol", "pushes")

    def __init__(self) -> None:
        """Begin before the head."""
        self.protocol = 0
        self.pushes = False
        self.family = "http"
        self.closing = False
        self.owed = 0
        self._deaf = False
        self._held = b""
        self._head = False

    @property
    def partial(self) -> bool:
        """Whether the beginning of a head is held."""
        return bool(self._held)

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:
        """Return the refusal once the head is complete, or hopeless."""
        if self._deaf:
            return ()
        self._held += data
        end = HEAD_END.search(self._held[:HEAD_BYTES])
        if end is None and len(self._held) < HEAD_BYTES:
            return ()
        if end is None:
            return self._conclude(ProtocolError(f"the request's head is longer than {HEAD_BYTES:,} bytes"))
        if not REQUEST_LINE.match(self._held):
            return self._conclude(ProtocolError("this is not an HTTP request line"))
        return self._conclude(NotOffered(NOT_YET))

    def end(self) -> Sequence[Request | PorticoError]:
        """Return the refusal of a head that was cut short."""
        if not self._held:
            return ()
        return self._conclude(ProtocolError("the request's head is incomplete"))

    def _conclude(self, error: PorticoError) -> Sequence[PorticoError]:
        self._deaf, self._head, self._held = True, self._held.startswith(b"HEAD "), b""
        return [error]

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return an error as a response; nothing else is ever replied here."""
        self.closing = True
        status = STATUS.get(type(reply), b"400 Bad Request")
        body = f"{one_line(reply.sentence)}\n".encode()
        head = b"HTTP/1.1 %b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n" % (
            status,
            len(body),
        )
        return (
            head
            + b"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
            + (b"" if self._head else body)
        )

    def around(self, size: int) -> tuple[bytes, bytes]:  # noqa: ARG002 - no files are sent here
        """Return nothing: no files are sent on this wire."""
        return b"", b""

    def push(self, entry: Entry) -> bytes:  # noqa: ARG002 - nothing is pushed here
        """Return nothing: nothing is pushed on this wire."""
        return b""

    def closing_push(self, sentence: str) -> bytes:  # noqa: ARG002 - nothing is pushed here
        """Return nothing, likewise."""
        return b""
