"""Server-sent events: entries as a stream that a browser's EventSource, or curl, reads.

Nothing is ever asked over it. Each event has the number of its entry as its id, which is where a reader that
comes back goes on (`Last-Event-ID`). Source: WHATWG HTML, "Server-sent events".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portico.model.entries import Entry
from portico.model.errors import PorticoError
from portico.model.requests import Request
from portico.wire.json_values import encode, entry_json

LAST_CHUNK = b"0\r\n\r\n"


class EventsCodec:
    """What is pushed into one response."""

    echoes = True
    greets = False

    __slots__ = ("_chunked", "closing", "family", "locked", "owed", "protocol", "pushes")

    def __init__(self, *, chunked: bool) -> None:
        """Begin behind the response's head; `chunked` as it says (RFC 9112 section 7.1)."""
        self._chunked = chunked
        self.protocol = 0
        self.pushes = True
        self.family = "events in chunks" if chunked else "events"
        self.closing = False
        self.owed = 0
        self.locked = False

    @property
    def partial(self) -> bool:
        """Nothing is held."""
        return False

    @property
    def held(self) -> int:
        """How many bytes of something incomplete are held."""
        return 0

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:  # noqa: ARG002 - nothing is asked
        """Return nothing."""
        return ()

    def end(self) -> Sequence[Request | PorticoError]:
        """Return nothing."""
        return ()

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401, ARG002 - nothing is answered
        """Return nothing."""
        return b""

    def around(self, size: int) -> tuple[bytes, bytes]:  # noqa: ARG002 - no files are sent here
        """Return nothing."""
        return b"", b""

    def push(self, entry: Entry) -> bytes:
        """Return an entry as an event."""
        return self._written(b"id: %d\nevent: entry\ndata: %b\n\n" % (entry.seq, entry_json(entry)))

    def closing_push(self, sentence: str) -> bytes:
        """Return the word that the server is going, and the response's end; a reader comes back by itself."""
        word = self._written(b"event: closing\ndata: %b\n\n" % encode(sentence))
        return word + (LAST_CHUNK if self._chunked else b"")

    def keepalive(self) -> bytes:
        """Return a comment: proxies close what is silent."""
        return self._written(b": still here\n\n")

    def _written(self, event: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(event), event) if self._chunked else event
