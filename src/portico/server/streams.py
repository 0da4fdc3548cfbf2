"""Bytes of files between sockets and the disk, moved by a few threads beside the event loop.

    event loop                                  threads
    start() ── queue of streams ──────────────> turn(): moves bytes until done, or others want a turn
      ^                                           │
      └─ add_reader / add_writer <── BLOCKED ─────┤  the peer does not keep up
    done() <───────────────────── DONE or LOST ───┘

A stream is one direction of one connection. It works on a duplicate of the socket, because an event loop
takes no second watcher of a transport's own descriptor. The duplicate keeps the connection alive, so whoever
ends it shuts it down (`cut`), and a thread that is at it finds out by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable
from enum import Enum
from queue import SimpleQueue

from portico.server.limits import (
    RECEIVE_BYTES,
    STREAM_PATIENCE_MILLISECONDS,
    STREAM_QUANTUM,
    STREAM_THREADS,
)


class Turn(Enum):
    """How a stream's turn has ended."""

    MORE = "it could go on at once"
    BLOCKED = "the peer does not keep up"
    DONE = "all bytes are where they belong"
    LOST = "nothing more can be moved"


class Stream:
    """Bytes on their way.

    On the event loop `blocked` is called when it begins to wait for its peer, and `finished`, once, with
    `DONE` or `LOST`.
    """

    event = select.POLLOUT
    """What the socket is waited for."""

    def __init__(
        self,
        pool: Streams,
        descriptor: int,
        finished: Callable[[Turn], None],
        blocked: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin on a duplicate of a socket's descriptor; raise `OSError` when there can be none."""
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._finished, self._blocked = finished, blocked
        self.sock = socket.socket(fileno=os.dup(descriptor))
        self.waiting = False
        """Whether it waits for its peer."""
        self._running = False
        self._over = False

    # On the event loop

    def start(self) -> None:
        """Let a thread work on it."""
        self._running = True
        self._pool.add(self)

    def cut(self) -> None:
        """End the connection, and with it what is under way."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.stop()

    def stop(self) -> None:
        """Move nothing more; a thread lets go of what is open."""
        self._over = True
        if self.waiting:
            self._unwatch()
        if not self._running:
            self.start()

    def came_back(self, turn: Turn) -> None:
        """Take note of how the last turn has ended."""
        self._running = False
        if turn is not Turn.BLOCKED:
            self.sock.close()
            self._finished(turn)
        elif self._over:
            self.start()
        else:
            self._watch()

    def _watch(self) -> None:
        self.waiting = True
        watch = self._loop.add_writer if self.event == select.POLLOUT else self._loop.add_reader
        watch(self.sock.fileno(), self._awake)
        self._blocked()

    def _unwatch(self) -> None:
        self.waiting = False
        unwatch = self._loop.remove_writer if self.event == select.POLLOUT else self._loop.remove_reader
        unwatch(self.sock.fileno())

    def _awake(self) -> None:
        self._unwatch()
        self.start()

    # In a thread

    def turn(self, buffer: memoryview) -> Turn:
        """Move bytes until others shall have a turn or there are no more; let go of all at the end."""
        turn = Turn.LOST if self._over else self._move(buffer)
        if turn is Turn.DONE or turn is Turn.LOST:
            self.close()
        return turn

    def _move(self, buffer: memoryview) -> Turn:
        left = STREAM_QUANTUM
        while left > 0:
            try:
                moved = self.move(buffer)
            except BlockingIOError:
                if not self._ready():
                    return Turn.BLOCKED
            except OSError:
                return Turn.LOST
            else:
                if isinstance(moved, Turn):
                    return moved
                left -= moved
        return Turn.MORE

    def move(self, buffer: memoryview) -> int | Turn:
        """Move some bytes; return how many, or that this was the end. `BlockingIOError` when none can be."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open; called once."""
        raise NotImplementedError

    def give_up(self, error: BaseException) -> None:
        """Let go of all after a mistake of our own: what is kept open would be so for ever."""
        try:
            self.close()
        except Exception as second:  # noqa: BLE001 - the thread goes on, whatever it was
            error = second
        self.report(Turn.LOST, error)

    def _ready(self) -> bool:
        """Wait a moment for the peer, unless others want the thread."""
        poll = select.poll()
        poll.register(self.sock.fileno(), self.event)
        return bool(poll.poll(0 if self._pool.wanted else STREAM_PATIENCE_MILLISECONDS))

    def report(self, turn: Turn, error: BaseException | None = None) -> None:
        """Tell the event loop how the turn has ended; nobody, once there is none any more."""
        with contextlib.suppress(RuntimeError):
            if error is not None:
                self._loop.call_soon_threadsafe(self._pool.trouble, error)
            self._loop.call_soon_threadsafe(self.came_back, turn)


class Streams:
    """The threads of one server; they begin with the first streams. `trouble` is told of our own mistakes."""

    def __init__(self, trouble: Callable[[BaseException], None]) -> None:
        """Begin without threads."""
        self.trouble = trouble
        self._queue: SimpleQueue[Stream | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def wanted(self) -> bool:
        """Whether a stream waits for a thread."""
        return not self._queue.empty()

    def add(self, stream: Stream) -> None:
        """Let a stream have its turn."""
        if len(self._threads) < STREAM_THREADS:
            thread = threading.Thread(target=self._work, name="portico-stream", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._queue.put(stream)

    def close(self) -> None:
        """End the threads, each after the turn it is at."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        buffer = memoryview(bytearray(RECEIVE_BYTES))
        while (stream := self._queue.get()) is not None:
            try:
                turn = stream.turn(buffer)
                while turn is Turn.MORE and not self.wanted:
                    turn = stream.turn(buffer)
            except Exception as error:  # noqa: BLE001 - one transfer's trouble is not that of all others
                stream.give_up(error)
                continue
            if turn is Turn.MORE:
                self._queue.put(stream)
            else:
                stream.report(turn)
