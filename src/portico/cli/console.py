"""What `serve` prints: the report's lines, or the same as JSON.

The server hands over what happened and goes on; nobody who does not read the console ever stops it (see
`portico.cli.printer`). Names and texts hold no control characters (the room refuses them), and further lines
of a message are indented, so that no client can forge a line. What was told to one person is not the
console's to know.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from portico.cli.printer import Header, Printer
from portico.model.entries import Entry, FileEvent, Message, Presence, as_map
from portico.model.instants import local_text, rfc3339
from portico.room.room import Address
from portico.wire.views import file_line, message_lines


def _presence(entry: Presence) -> str:
    if entry.change == "joined":
        return f"{entry.sender} has connected to the server. Created at: {local_text(entry.at)}"
    if entry.change == "left":
        return f"{entry.sender} has disconnected at: {local_text(entry.at)}"
    return f"{entry.sender} is now {entry.name}"


def text_line(event: Any) -> str:  # noqa: ANN401 - an entry, an address, or a sentence
    """Return an event as people read it; empty for what is not the console's to know."""
    if isinstance(event, Message):
        return "" if event.to_session else message_lines(event.sender, event.text)
    if isinstance(event, Presence):
        return _presence(event)
    if isinstance(event, FileEvent):
        return file_line(event)
    if isinstance(event, tuple):
        return f"Attempted connection from: {event!r}"
    return str(event) if isinstance(event, str) else ""


def json_line(event: Any) -> str:  # noqa: ANN401 - an entry, an address, or a sentence
    """Return an event as one line of JSON; empty for what is not the console's to know."""
    if isinstance(event, tuple):
        facts = {"kind": "attempt", "at": _now(), "address": list(event)}
    elif isinstance(event, str):
        facts = {"kind": "note", "at": _now(), "text": event}
    elif event.to_session:
        return ""
    else:
        facts = as_map(event)
    return json.dumps(facts, ensure_ascii=False)


def _now() -> str:
    return rfc3339(time.time_ns() // 1_000)


LAYOUTS: dict[str, Callable[[Any], str]] = {"text": text_line, "json": json_line}


def weight(entry: Entry) -> int:
    """Return about how many bytes an entry's text takes."""
    return len(entry.text) if isinstance(entry, Message) else 0


class Console:
    """Prints what happens, or only troubles on standard error; implements the server's `Console`."""

    def __init__(
        self,
        *,
        layout: str = "text",
        quiet: bool = False,
        out: TextIO | None = None,
        errors: TextIO | None = None,
    ) -> None:
        """Print to standard output, in a layout of `LAYOUTS`."""
        self._quiet = quiet
        self._out = _printer(out or sys.stdout, 1, LAYOUTS[layout])
        self._errors = _printer(errors or sys.stderr, 2, text_line)
        self._errors.start()

    def start(self, header: Sequence[Header]) -> None:
        """Print the first lines, then events as they come (and those that came already)."""
        self._out.start(header)

    def attempted(self, address: Address) -> None:
        """Tell of a connection."""
        if not self._quiet:
            self._out.put((address,))

    def entries(self, entries: Sequence[Entry]) -> None:
        """Tell of what happened in the room."""
        if not self._quiet:
            self._out.put(entries, weight)

    def note(self, sentence: str) -> None:
        """Tell of a trouble."""
        (self._errors if self._quiet else self._out).put((sentence,))

    def report(self, error: BaseException) -> None:
        """Tell of a mistake of our own."""
        self._errors.put(("".join(traceback.format_exception(error)).rstrip("\n"),))

    def close(self, seconds: float = 1.0) -> None:
        """Print what is left, as far as somebody reads it."""
        self._out.close(seconds)
        self._errors.close(seconds)


def _printer(stream: TextIO | None, fd: int, render: Callable[[Any], str]) -> Printer:
    if stream is None:
        # It was closed when the program began.
        return Printer(fd, render)
    # What was printed before by other means comes first.
    stream.flush()
    return Printer(stream.fileno(), render, stream.encoding)
