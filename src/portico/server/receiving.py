"""The bytes of one WRITE, on their way from the socket into an upload.

Exactly as many as were announced are taken from the socket; what stands behind them comes to the event loop
as before. What was taken is kept, however this ends.
"""

from __future__ import annotations

import select
from collections.abc import Callable

from portico.model.errors import PorticoError
from portico.model.requests import Body
from portico.ports import Sink
from portico.server.streams import Stream, Streams, Turn


class Receiving(Stream):
    """A body being taken; `outcome` is the offset that was reached, or the error, once it has ended."""

    event = select.POLLIN

    def __init__(
        self,
        pool: Streams,
        descriptor: int,
        finished: Callable[[Turn], None],
        blocked: Callable[[], None],
        body: Body,
        sink: Sink,
    ) -> None:
        """Begin with what of the body came already."""
        super().__init__(pool, descriptor, finished, blocked)
        self._body, self._sink = body, sink
        self._begun = body.begun
        self._left = body.size - len(body.begun)
        self.taken = 0
        """How many bytes were taken from the socket."""
        self.outcome: int | PorticoError = 0

    def move(self, buffer: memoryview) -> int | Turn:
        """Take what is there; an error of the sink ends it, too, and the rest is for nobody."""
        count = 0
        if self._begun:
            data, self._begun = memoryview(self._begun), b""
        elif not self._left:
            return Turn.DONE
        else:
            count = self.sock.recv_into(buffer, min(self._left, len(buffer)))
            data = buffer[:count]
            if not count:
                return Turn.LOST
        self._left -= count
        self.taken += count
        return self._store(data)

    def _store(self, data: memoryview) -> int | Turn:
        try:
            self._sink.take(data)
        except PorticoError as error:
            self.outcome = error
            return Turn.DONE
        self._body.taken += len(data)
        return len(data)

    def close(self) -> None:
        """Keep what was taken."""
        try:
            offset: int | PorticoError = self._sink.close()
        except PorticoError as error:
            offset = error
        if not self.outcome:
            self.outcome = offset
