"""Sending: answers in their order, some of them ranges of files that never pass through Python."""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

from portico.ports import Source
from portico.server.streams import Stream, Turn

Piece: TypeAlias = bytes | Source

_MORE = getattr(socket, "MSG_MORE", 0)


class Sending(Stream):
    """One thread's way through a list of pieces; `sent` are the sources that went out whole.

    It ends early, `broken`, when the peer is gone or a file has become shorter than was promised: then the
    connection must be closed, as nobody could tell what follows from what is missing.
    """

    events = select.POLLOUT

    def __init__(self, sock: socket.socket, pieces: Iterable[Piece], done: Callable[[], None]) -> None:
        """Take the pieces over; sources are closed one by one."""
        super().__init__(sock, done)
        self.broken = False
        self.sent: list[Source] = []
        self._pieces = deque(pieces)
        self._at = 0

    def turn(self, until: float) -> Turn:
        """Send until the socket is full, or the time is up."""
        try:
            while self._pieces:
                if time.monotonic() > until:
                    return Turn.MORE
                if not self._step() and not self.ready():
                    return Turn.WAIT
        except OSError:
            self.broken = True
        return Turn.DONE

    def close(self) -> None:
        """Let go of what was not sent."""
        self.broken = self.broken or bool(self._pieces)
        for piece in self._pieces:
            if not isinstance(piece, bytes):
                piece.close()
        self._pieces.clear()

    def _step(self) -> bool:
        """Send some of the first piece; return False when the socket is full."""
        piece = self._pieces[0]
        try:
            if isinstance(piece, bytes):
                self._send(piece)
            else:
                self._send_range(piece)
        except BlockingIOError:
            return False
        return True

    def _send(self, data: bytes) -> None:
        more = _MORE if len(self._pieces) > 1 else 0
        self._at += self.sock.send(memoryview(data)[self._at :], more)
        if self._at == len(data):
            self._next()

    def _send_range(self, source: Source) -> None:
        left = source.count - self._at
        count = os.sendfile(self.sock.fileno(), source.fd, source.offset + self._at, left)
        if not count:
            raise OSError("the file has become shorter")
        self._at += count
        if count == left:
            self.sent.append(source)
            source.close()
            self._next()

    def _next(self) -> None:
        self._pieces.popleft()
        self._at = 0
