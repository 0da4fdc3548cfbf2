"""Bytes between sockets and files, by threads: the event loop only hands a socket over and takes it back.

    Connection ──begin──> Streams: a few threads ──turn──> MORE: again, behind the others
        ^                                          ├─────> WAIT: the loop watches the socket, then again
        └────────────── stream.done ───────────────┴─────> DONE

A `Stream` works on a duplicate of the transport's socket, because the loop does not watch a descriptor twice
and because nobody may close one under a thread. The duplicate keeps the connection alive: whoever gives it up
shuts it down first. A peer that is slow gives its thread back after a moment, so that a few threads are
enough for any number of streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import select
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from portico.server.limits import STREAM_PATIENCE, STREAM_SECONDS, STREAM_THREADS


class Turn(enum.Enum):
    """How a turn of a stream ended."""

    MORE = 1
    WAIT = 2
    DONE = 3


class Stream:
    """One socket on its way to or from files; `done` is called on the event loop when it has ended.

    `events` is what it waits for, `seconds` how long at most (None: as long as the peer is there).
    """

    events = select.POLLIN
    seconds: float | None = None

    def __init__(self, sock: socket.socket, done: Callable[[], None]) -> None:
        """Take a duplicate of the socket."""
        self.sock = socket.socket(fileno=os.dup(sock.fileno()))
        self.done = done
        self.cancelled = False

    def turn(self, until: float) -> Turn:
        """Work, in a thread, until a time of `time.monotonic` or until nothing can be done; never raise."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of everything but the socket, in a thread; called once, at the end."""

    def ready(self) -> bool:
        """Wait a moment for the socket; tell whether it is ready."""
        poll = select.poll()
        poll.register(self.sock.fileno(), self.events)
        return bool(poll.poll(STREAM_PATIENCE * 1_000))


class Streams:
    """All streams of a server."""

    def __init__(self) -> None:
        """Begin without threads; they come when they are needed."""
        self._threads = ThreadPoolExecutor(STREAM_THREADS, thread_name_prefix="portico-stream")
        self._loop: asyncio.AbstractEventLoop
        self._waiting: dict[Stream, asyncio.TimerHandle | None] = {}

    def begin(self, stream: Stream) -> None:
        """Let a stream run."""
        self._loop = asyncio.get_running_loop()
        self._submit(stream)

    def cancel(self, stream: Stream) -> None:
        """End a stream soon, and its connection at once."""
        stream.cancelled = True
        with contextlib.suppress(OSError):
            stream.sock.shutdown(socket.SHUT_RDWR)
        if stream in self._waiting:
            self._go_on(stream)

    def close(self) -> None:
        """Take no more streams; those that run are cancelled by their connections."""
        self._threads.shutdown(wait=False)

    def _submit(self, stream: Stream) -> None:
        with contextlib.suppress(RuntimeError):  # closed meanwhile: nobody waits for it any more
            self._threads.submit(self._run, stream)

    def _run(self, stream: Stream) -> None:
        """Give a stream its turn; this is what the threads do."""
        turn = Turn.DONE if stream.cancelled else stream.turn(time.monotonic() + STREAM_SECONDS)
        if turn is Turn.MORE:
            self._submit(stream)
            return
        if turn is Turn.DONE:
            stream.close()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._wait if turn is Turn.WAIT else self._end, stream)

    def _wait(self, stream: Stream) -> None:
        if stream.cancelled:
            self._submit(stream)
            return
        watch = self._loop.add_reader if stream.events == select.POLLIN else self._loop.add_writer
        watch(stream.sock.fileno(), self._go_on, stream)
        late = stream.seconds
        self._waiting[stream] = None if late is None else self._loop.call_later(late, self.cancel, stream)

    def _go_on(self, stream: Stream) -> None:
        unwatch = self._loop.remove_reader if stream.events == select.POLLIN else self._loop.remove_writer
        unwatch(stream.sock.fileno())
        timer = self._waiting.pop(stream)
        if timer is not None:
            timer.cancel()
        self._submit(stream)

    @staticmethod
    def _end(stream: Stream) -> None:
        stream.sock.close()
        stream.done()
