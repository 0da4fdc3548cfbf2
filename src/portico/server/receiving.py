"""Receiving: the bytes of a request's body, from the socket to where they are kept."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable

from portico.model.errors import PorticoError
from portico.model.requests import Body
from portico.ports import Sink
from portico.server.limits import BODY_SECONDS, RECEIVE_BYTES
from portico.server.streams import Stream, Turn

_buffers = threading.local()


def _buffer() -> memoryview:
    """Return this thread's buffer: there are as many as threads, however many uploads there are."""
    if not hasattr(_buffers, "view"):
        _buffers.view = memoryview(bytearray(RECEIVE_BYTES))
    view: memoryview = _buffers.view
    return view


class Receiving(Stream):
    """One thread's way through a body. `left` bytes of it have not come, `offset` is where the sink stands.

    `error` is why the sink took no more of it; `broken` that the connection ended, or nothing came for too
    long.
    """

    events = select.POLLIN
    seconds = BODY_SECONDS

    def __init__(self, sock: socket.socket, body: Body, sink: Sink, done: Callable[[], None]) -> None:
        """Take a body and its sink over; the sink is closed at the end."""
        super().__init__(sock, done)
        self.left = body.size - len(body.begun)
        self.offset = 0
        self.error: PorticoError | None = None
        self.broken = False
        self._begun, self._sink = body.begun, sink

    def turn(self, until: float) -> Turn:
        """Take what comes until nothing comes, or the time is up."""
        try:
            if self._begun:
                begun, self._begun = self._begun, b""
                self._sink.take(memoryview(begun))
            while self.left:
                if time.monotonic() > until:
                    return Turn.MORE
                if not self._step() and not self.ready():
                    return Turn.WAIT
        except OSError:
            self.broken = True
        except PorticoError as error:
            self.error = error
        return Turn.DONE

    def _step(self) -> bool:
        """Take some bytes; return False when there are none."""
        view = _buffer()[: self.left]
        try:
            count = self.sock.recv_into(view)
        except BlockingIOError:
            return False
        if not count:
            raise OSError("the input has ended")
        self.left -= count
        self._sink.take(view[:count])
        return True

    def close(self) -> None:
        """Let go of the sink; then `offset` is known."""
        self.broken = self.broken or (bool(self.left) and self.error is None)
        self.offset = self._sink.close()
