"""Plain text, for people with netcat or telnet: one UTF-8 line in, one answer out.

The first line of a connection makes it a session, so before that line's own request the codec asks for a
name and for the pushes that everybody here gets; where a token is wanted, that is what showing it does. Words
that stand alone (`status`, `list`, `help`, `bye`) and lines beginning with `/` are commands; everything else
is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portico.model.entries import Entry
from portico.model.errors import Full, NotAWebAddress, PorticoError, ProtocolError, ShutOut
from portico.model.replies import Farewell
from portico.model.requests import Line, Request
from portico.wire.lines import one_line
from portico.wire.telnet import TelnetFilter
from portico.wire.views import push_line, view

LINE_BYTES = 65_536
"""A line without its end: as long as the longest message."""

TOO_LONG = "line too long"

LOCKED_BYTES = 16_384
"""A line before the token that is wanted: what programs may send then, too."""

LOCKED_LINES = 3
"""Lines without the token that is wanted; the last one is answered as well, then it is over."""

STATUS_COUNT = 100
"""Sessions that the word `status` shows: some ten screens."""

WEB_LINES = 3
"""Among how many first lines a lost browser is recognised."""

WEB = re.compile(
    rb"(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE) /|CONNECT \S+:\d|PRI \* HTTP/2\.0"
    rb"|(?i:Host|Origin|User-Agent|Content-[A-Za-z-]+):"
)
"""What no person says first, and a browser or HTTP/2 client does (the attack is called cross-protocol
scripting: a web page makes a browser post lines of its choice to a local port)."""

WORDS = {
    "status": Line(b"STATUS", f"COUNT {STATUS_COUNT}"),
    "list": Line(b"LIST"),
    "help": Line(b"HELP"),
    "bye": Line(b"BYE"),
}
BLANK = re.compile("[ \t]")
ERASERS = "\b\x7f"


class TextCodec:
    """Plain text for one connection."""

    echoes = False
    greets = True

    __slots__ = (
        "_deaf",
        "_greeted",
        "_held",
        "_lines",
        "_refusals",
        "_telnet",
        "closing",
        "family",
        "locked",
        "owed",
        "protocol",
        "pushes",
    )

    def __init__(self) -> None:
        """Begin before the first line."""
        self.protocol = 0
        self.pushes = True
        self.family = "text"
        self.closing = False
        self.owed = 0
        self.locked = False
        self._deaf = False
        self._greeted = False
        self._refusals = 0
        self._held = bytearray()
        self._lines = 0
        self._telnet = TelnetFilter()

    @property
    def partial(self) -> bool:
        """Whether the beginning of a line, or of a negotiation, is held."""
        return not self._deaf and (bool(self._held) or self._telnet.partial)

    @property
    def held(self) -> int:
        """How many bytes of something incomplete are held."""
        return len(self._held)

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:
        """Return the requests of the lines that are complete now."""
        requests: list[Request | PorticoError] = []
        if self._deaf:
            return requests
        *lines, held = self._telnet.strip(data).split(b"\n")
        if lines:
            lines[0] = bytes(self._held) + lines[0]
            self._held.clear()
        for line in lines:
            requests += self._line(line.removesuffix(b"\r"))
            if self._deaf:
                return requests
        self._held += held
        if len(self._held) > self._most + len("\r"):
            requests.append(self._refuse(ProtocolError(TOO_LONG)))
        return requests

    def end(self) -> Sequence[Request | PorticoError]:
        """Return the requests of a last line without an end."""
        held = bytes(self._held)
        self._held.clear()
        return self._line(held.removesuffix(b"\r")) if held else []

    @property
    def _most(self) -> int:
        return LOCKED_BYTES if self.locked else LINE_BYTES

    def _refuse(self, error: ProtocolError) -> ProtocolError:
        self._deaf = True
        self._held.clear()
        return error

    def _line(self, line: bytes) -> list[Request | PorticoError]:
        if len(line) > self._most:
            return [self._refuse(ProtocolError(TOO_LONG))]
        self._lines += 1
        if self._lines <= WEB_LINES and WEB.match(line):
            return [self._refuse(NotAWebAddress())]
        first: list[Request | PorticoError] = []
        if self._lines == 1 and not self.locked:
            first = [Line(b"NAME"), Line(b"FOLLOW", silent=True)]
        try:
            request = parse_line(line.decode())
        except UnicodeDecodeError:
            return [*first, PorticoError("text must be UTF-8")]
        if request is None and self.locked:
            request = Line(b"")  # nothing is a command of that name: it is answered like all others
        return [*first, request] if request is not None else first

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return an answer as lines."""
        if isinstance(reply, ProtocolError | Full | Farewell):
            self.closing = True
        refused = isinstance(reply, PorticoError)
        if self.locked and refused:
            self._refusals += 1
            self.closing = self.closing or self._refusals == LOCKED_LINES or isinstance(reply, ShutOut)
        elif not self._greeted:
            self._greeted, self.closing = True, self.closing or refused
        return view(reply).encode()

    def around(self, size: int) -> tuple[bytes, bytes]:  # noqa: ARG002 - people read a few bytes at most
        """Return the end of a line; long ranges are refused on this wire."""
        return b"", b"\n"

    def push(self, entry: Entry) -> bytes:
        """Return an entry as lines."""
        return f"{push_line(entry)}\n".encode()

    def closing_push(self, sentence: str) -> bytes:
        """Return the word that the server is going, as a line."""
        return f"* {one_line(sentence)}\n".encode()


class RefusingCodec(TextCodec):
    """Plain text for a first line that nobody can decide any more: too long, whatever follows."""

    __slots__ = ()

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:  # noqa: ARG002 - whatever it is
        """Return the refusal, once."""
        return () if self._deaf else [self._refuse(ProtocolError(TOO_LONG))]


def parse_line(text: str) -> Line | None:
    """Return what a line asks for; None for an empty one."""
    if any(eraser in text for eraser in ERASERS):
        text = rub_out(text)
    if not text:
        return None
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if text.startswith("//"):
        return Line(b"SAY", text[1:])
    if text.startswith("/"):
        name, rest = [*BLANK.split(text[1:], 1), ""][:2]
        return Line(name.encode(), rest)
    return Line(b"SAY", text)


def rub_out(text: str) -> str:
    """Return what a person meant who erased with backspace on a terminal that sends every key."""
    kept: list[str] = []
    for character in text:
        if character not in ERASERS:
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)
