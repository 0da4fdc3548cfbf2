"""Answers with ranges of files in them, on their way to one peer.

The ready answers of a connection are handed over as one plan, bytes and ranges in turn, so that a pipeline
of READs goes out without coming back to the event loop in between. The kernel copies from the file to the
socket (sendfile); what was announced and is not in the file any more cannot be made up for: that is `LOST`.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Sequence

from portico.ports import Source
from portico.server.limits import SEND_BYTES
from portico.server.streams import Stream, Streams, Turn

FURTHER = getattr(socket, "MSG_MORE", 0)
"""Says that more follows at once, so that it goes into the same packet (Linux)."""


class Outgoing:
    """A range of a file, and how much of it is sent."""

    __slots__ = ("sent", "source")

    def __init__(self, source: Source) -> None:
        """Begin at its beginning."""
        self.source = source
        self.sent = 0


class Sending(Stream):
    """A plan being carried out."""

    event = select.POLLOUT

    def __init__(
        self,
        pool: Streams,
        descriptor: int,
        finished: Callable[[Turn], None],
        plan: Sequence[bytes | Outgoing],
    ) -> None:
        """Begin with its first piece."""
        super().__init__(pool, descriptor, finished)
        self._plan = plan
        self.ranges = [piece for piece in plan if isinstance(piece, Outgoing)]
        self._at = self._written = 0

    def move(self, buffer: memoryview) -> int | Turn:  # noqa: ARG002 - the kernel copies by itself
        """Send from the piece it is at."""
        if self._at == len(self._plan):
            return Turn.DONE
        piece = self._plan[self._at]
        return self._send_range(piece) if isinstance(piece, Outgoing) else self._send_bytes(piece)

    def _send_bytes(self, piece: bytes) -> int:
        flags = FURTHER if self._at + 1 < len(self._plan) else 0
        sent = self.sock.send(memoryview(piece)[self._written :], flags)
        self._written += sent
        if self._written == len(piece):
            self._at, self._written = self._at + 1, 0
        return sent

    def _send_range(self, piece: Outgoing) -> int | Turn:
        source = piece.source
        count = min(source.count - piece.sent, SEND_BYTES)
        sent = os.sendfile(self.sock.fileno(), source.fd, source.offset + piece.sent, count) if count else 0
        piece.sent += sent
        if piece.sent == source.count:
            source.close()
            self._at += 1
        elif not sent:
            return Turn.LOST
        return sent

    def close(self) -> None:
        """Close the files, also those that were not sent."""
        for range_ in self.ranges:
            range_.source.close()


def plan_of(pieces: Sequence[bytes | Outgoing]) -> list[bytes | Outgoing]:
    """Return the pieces with neighbouring bytes joined."""
    plan: list[bytes | Outgoing] = []
    around: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Outgoing):
            plan += [b"".join(around), piece]
            around = []
        else:
            around.append(piece)
    return [*plan, b"".join(around)] if around else plan
