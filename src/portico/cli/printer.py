"""Printing without ever waiting: a bounded queue, and a thread that writes to a file descriptor.

Whoever prints goes on at once. What does not fit the queue is counted, and said in one line where it is
missing. The thread writes to the descriptor itself and not to `sys.stdout`: a thread that hangs in a full
pipe with the lock of a buffered writer would take the interpreter's orderly end with it.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

QUEUE_LINES = 10_000
"""Things to print that may wait: a second of a busy room."""

QUEUE_BYTES = 8 * 1_048_576
"""Text among them: a message may have 64 KiB."""

BATCH = 1_000
"""Things made into text at once: a millisecond or two between two turns of the others."""

Render = Callable[[Any], str]
"""Makes a line of a thing; an empty one is not printed."""


class Printer:
    """Prints things to a file descriptor, as `render` writes them; str stands for itself."""

    def __init__(self, fd: int, render: Render, encoding: str = "utf-8") -> None:
        """Print nothing before `start`."""
        self._fd, self._render, self._encoding = fd, render, encoding
        self._queue: deque[tuple[Any, int]] = deque()
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._bytes = 0
        self._missed = 0
        self._closing = False
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)

    def start(self, first: Sequence[Any] = ()) -> None:
        """Print these first, then what came already, then what comes."""
        with self._lock:
            self._queue.extendleft((line, 0) for line in reversed(first))
        self._thread.start()
        self._news.set()

    def put(self, things: Sequence[Any], weigh: Callable[[Any], int] = lambda _: 0) -> None:
        """Print things when there is time; `weigh` says how many bytes one takes while it waits."""
        if self._broken:
            return
        with self._lock:
            for thing in things:
                self._add(thing, weigh(thing))
        self._news.set()

    def _add(self, thing: Any, weight: int) -> None:  # noqa: ANN401 - anything that can be rendered
        if len(self._queue) >= QUEUE_LINES or self._bytes + weight > QUEUE_BYTES:
            self._missed += 1
            return
        if self._missed:
            self._queue.append((Missed(self._missed), 0))
            self._missed = 0
        self._queue.append((thing, weight))
        self._bytes += weight

    def close(self, seconds: float) -> None:
        """Print what is left, as far as somebody reads it in this time."""
        self._closing = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while True:
                things = self._take()
                if things:
                    self._print(things)
                elif self._closing:
                    return
                else:
                    self._news.wait()
                    self._news.clear()
        except OSError:
            # Nobody will ever read it: the pipe was closed, or the disk under the file is full.
            self._broken = True
            self._queue.clear()

    def _take(self) -> list[Any]:
        with self._lock:
            taken = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH))]
            self._bytes -= sum(weight for _, weight in taken)
            things = [thing for thing, _ in taken]
            if self._missed and not self._queue:
                things.append(Missed(self._missed))
                self._missed = 0
        return things

    def _print(self, things: list[Any]) -> None:
        lines = (str(thing) if isinstance(thing, Header) else self._render(thing) for thing in things)
        text = "".join(f"{line}\n" for line in lines if line)
        self._write(text.encode(self._encoding, "backslashreplace"))

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                # Another program that shares the terminal or pipe has made it non-blocking.
                with contextlib.suppress(ValueError):
                    select.select((), (self._fd,), ())


class Header(str):
    """A line that is printed as it is, whatever the layout."""

    __slots__ = ()


class Missed(str):
    """The line for what was left out."""

    __slots__ = ()

    def __new__(cls, count: int) -> Missed:  # noqa: PYI034 - a str made of a number
        """Say how many lines are missing here."""
        return super().__new__(cls, f"... {count} lines left out")
