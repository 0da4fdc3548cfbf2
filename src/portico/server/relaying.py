"""The bytes of files where threads cannot have the socket, because TLS stands before it.

The same two directions as in `sending` and `receiving`, with the same words for `flows`: a thread reads or
writes the file, and the event loop moves what it has read, or is to write, through the transport.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import cast

from portico.model.errors import PorticoError
from portico.model.requests import Body
from portico.ports import Sink
from portico.server.limits import RECEIVE_BYTES
from portico.server.sending import Outgoing
from portico.server.streams import Turn
from portico.server.tls import Secured


class RelayedSending:
    """A plan of bytes and ranges being carried out, a piece at a time as the peer takes them."""

    def __init__(
        self,
        transport: asyncio.Transport,
        finished: Callable[[Turn], None],
        plan: Sequence[bytes | Outgoing],
    ) -> None:
        """Begin with its first piece."""
        self._loop = asyncio.get_running_loop()
        self._transport, self._finished = transport, finished
        self._plan = list(plan)
        self.ranges = [piece for piece in plan if isinstance(piece, Outgoing)]
        self._reading = self._over = False

    def start(self) -> None:
        """Go on: everything before is written."""
        while not (self._reading or self._over) and not self._transport.get_write_buffer_size():
            if not self._plan:
                self._end(Turn.DONE)
            elif isinstance(self._plan[0], Outgoing):
                self._read(self._plan[0])
            else:
                self._transport.write(cast("bytes", self._plan.pop(0)))

    def cut(self) -> None:
        """Send nothing more."""
        if not self._over:
            self._over = True
            if not self._reading:
                self._loop.call_soon(self._close, Turn.LOST)

    def _read(self, piece: Outgoing) -> None:
        source = piece.source
        count = min(source.count - piece.sent, RECEIVE_BYTES)
        if not count:
            source.close()
            self._plan.pop(0)
            return
        self._reading = True
        reading = self._loop.run_in_executor(None, os.pread, source.fd, count, source.offset + piece.sent)
        reading.add_done_callback(lambda done: self._have_read(piece, done))

    def _have_read(self, piece: Outgoing, done: asyncio.Future[bytes]) -> None:
        self._reading = False
        data = b"" if done.cancelled() or done.exception() is not None else done.result()
        if self._over:
            self._close(Turn.LOST)
        elif not data:
            # What was announced is not in the file any more.
            self._end(Turn.LOST)
        else:
            piece.sent += len(data)
            self._transport.write(data)
            self.start()

    def _end(self, turn: Turn) -> None:
        self._over = True
        self._close(turn)

    def _close(self, turn: Turn) -> None:
        for range_ in self.ranges:
            range_.source.close()
        self._finished(turn)


class RelayedReceiving:
    """A body being taken; it stands in the place of who reads the transport while the body lasts."""

    def __init__(
        self,
        transport: Secured,
        finished: Callable[[Turn], None],
        blocked: Callable[[], None],
        body: Body,
        sink: Sink,
    ) -> None:
        """Begin with what of the body came already."""
        self._loop = asyncio.get_running_loop()
        self._transport, self._finished, self._blocked = transport, finished, blocked
        self._reader = transport.upper
        self._body, self._sink = body, sink
        self._left = body.size - len(body.begun)
        self.taken = 0
        """How many bytes were taken from the connection."""
        self.waiting = False
        """Whether it waits for its peer."""
        self.outcome: int | PorticoError = 0
        self._over = self._storing = False

    def start(self) -> None:
        """Stand between, and take the body."""
        self._transport.upper = self
        if self._body.begun:
            self._store(self._body.begun)
        else:
            self._wait()

    def stop(self) -> None:
        """Take nothing more."""
        self._end(Turn.LOST)

    cut = stop

    def data_received(self, data: bytes) -> None:
        """Take what belongs to the body, and give back what does not."""
        mine, others = data[: self._left], data[self._left :]
        if others:
            self._transport.unread(others)
        self._left -= len(mine)
        self.taken += len(mine)
        self.waiting = False
        self._transport.pause_reading()
        self._store(mine)

    def eof_received(self) -> bool:
        """Give up: the rest will not come."""
        self._end(Turn.LOST)
        return True

    cut_short = eof_received

    def shaking_hands(self, *, done: bool) -> None:
        """Hands were shaken long ago."""

    def pause_writing(self) -> None:
        """Hand on."""
        self._reader.pause_writing()

    def resume_writing(self) -> None:
        """Hand on."""
        self._reader.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """Hand on; it will cut this."""
        self._reader.connection_lost(error)

    def _wait(self) -> None:
        if not self._left:
            self._end(Turn.DONE)
            return
        self.waiting = True
        self._transport.resume_reading()
        self._blocked()

    def _store(self, data: bytes) -> None:
        self._storing = True
        storing = self._loop.run_in_executor(None, self._sink.take, memoryview(data))
        storing.add_done_callback(lambda done: self._stored(len(data), done))

    def _stored(self, size: int, done: asyncio.Future[None]) -> None:
        self._storing = False
        error = done.exception()
        if isinstance(error, PorticoError):
            # The rest is for nobody.
            self.outcome = error
            self._close(Turn.DONE)
            return
        self._body.taken += 0 if error is not None else size
        if error is not None or self._over:
            self._close(Turn.LOST)
        else:
            self._wait()

    def _end(self, turn: Turn) -> None:
        if self._over:
            return
        self._over, self.waiting = True, False
        if not self._storing:
            self._close(turn)

    def _close(self, turn: Turn) -> None:
        """Keep what was taken, in a thread: that may wait for the disk."""
        self._over = True
        closing = self._loop.run_in_executor(None, self._sink.close)
        closing.add_done_callback(lambda done: self._closed(turn, done))

    def _closed(self, turn: Turn, done: asyncio.Future[int]) -> None:
        error = done.exception()
        if not self.outcome:
            self.outcome = error if isinstance(error, PorticoError) else done.result()
        self._transport.pause_reading()
        self._transport.upper = self._reader
        self._finished(turn)
