"""What `serve` prints: the report's lines, written by a thread of their own.

The server hands over what happened and goes on; nobody who does not read the console ever stops it. What
does not fit the queue is counted and said in one line. Names and texts hold no control characters (the room
refuses them), and further lines of a message are indented, so that no client can forge a line.
"""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from portico.model.entries import Entry, Message, Presence, as_map
from portico.model.instants import local_text, rfc3339
from portico.room.room import Address

QUEUE_LINES = 10_000
"""Things to print that may wait: a second of a busy room. About 2 MB."""


def _message(entry: Message) -> str:
    return f"{entry.sender}: {entry.text}".replace("\n", "\n  ")


def _presence(entry: Presence) -> str:
    if entry.change == "joined":
        return f"{entry.sender} has connected to the server. Created at: {local_text(entry.at)}"
    if entry.change == "left":
        return f"{entry.sender} has disconnected at: {local_text(entry.at)}"
    return f"{entry.sender} is now {entry.name}"


def text_line(event: Any) -> str:  # noqa: ANN401 - an entry, an address, or a sentence
    """Return an event as people read it; empty for what is not the console's to know."""
    if isinstance(event, Message):
        return "" if event.to_session else _message(event)
    if isinstance(event, Presence):
        return _presence(event)
    if isinstance(event, tuple):
        return f"Attempted connection from: {event!r}"
    return str(event) if isinstance(event, str) else ""


def json_line(event: Any) -> str:  # noqa: ANN401 - an entry, an address, or a sentence
    """Return an event as one line of JSON."""
    if isinstance(event, Message) and event.to_session:
        return ""
    if isinstance(event, Message | Presence):
        facts = as_map(event)
    elif isinstance(event, tuple):
        facts = {"kind": "attempt", "address": list(event)}
    else:
        facts = {"kind": "note", "text": str(event)}
    return json.dumps(facts, ensure_ascii=False)


LAYOUTS: dict[str, Callable[[Any], str]] = {"text": text_line, "json": json_line}


class Console:
    """Prints what happens; implements the server's `Console`."""

    def __init__(self, *, layout: str = "text", quiet: bool = False, out: TextIO | None = None) -> None:
        """Print to standard output, in a layout of `LAYOUTS`; `quiet` prints no events."""
        self._line = LAYOUTS[layout]
        self._quiet = quiet
        self._out = out or sys.stdout
        self._queue: deque[Any] = deque()
        self._missed = 0
        self._pending = threading.Semaphore(0)
        self._closing = False
        self._thread = threading.Thread(target=self._print, name="console", daemon=True)

    def start(self, header: Sequence[str]) -> None:
        """Print the first lines, then events as they come (and those that came already)."""
        self._queue.extendleft(reversed(header))
        self._pending.release()
        self._thread.start()

    def attempted(self, address: Address) -> None:
        """Tell of a connection."""
        if not self._quiet:
            self._add(address)

    def entries(self, entries: Sequence[Entry]) -> None:
        """Tell of what happened in the room."""
        if not self._quiet:
            room = max(QUEUE_LINES - len(self._queue), 0)
            self._missed += max(len(entries) - room, 0)
            self._queue.extend(entries[:room])
            self._pending.release()

    def note(self, sentence: str) -> None:
        """Tell of a trouble, on standard error too when quiet."""
        self._add(sentence)

    def report(self, error: BaseException) -> None:
        """Tell of a mistake of our own."""
        traceback.print_exception(error)

    def _add(self, event: Any) -> None:  # noqa: ANN401 - an address or a sentence
        if len(self._queue) >= QUEUE_LINES:
            self._missed += 1
        else:
            self._queue.append(event)
        self._pending.release()

    def close(self, seconds: float = 1.0) -> None:
        """Print what is left, as far as somebody reads it."""
        self._closing = True
        self._pending.release()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _print(self) -> None:
        try:
            while not self._closing or self._queue:
                self._pending.acquire()
                self._write(self._take())
        except (OSError, ValueError):
            self._quiet = True

    def _take(self) -> list[str]:
        lines = []
        while self._queue:
            event = self._queue.popleft()
            line = event if isinstance(event, Header) else self._line(event)
            if line:
                lines.append(line)
        if self._missed:
            lines.append(self._line(f"... {self._missed} lines left out"))
            self._missed = 0
        return lines

    def _write(self, lines: list[str]) -> None:
        if lines:
            self._out.write("\n".join(lines) + "\n")
            self._out.flush()


class Header(str):
    """A line that is printed as it is, in every layout."""

    __slots__ = ()
