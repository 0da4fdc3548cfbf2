"""What a server sends, read value by value off a buffer; the bytes of files never twice.

`ReplyParser` is fed and answers with what is complete; this one asks for more bytes when it needs them, and
hands out the bytes of a bulk string as they come, straight from the socket. It knows no socket itself: `fill`
puts bytes into a buffer and returns how many, 0 at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from portico.client.resp import BULK_BYTES, CONTAINERS, DEPTH, LINES, MAP, Push, Value, length_of
from portico.model.errors import Lost, PorticoError, ProtocolError

BUFFER_BYTES = 256 * 1_024
"""What one call may bring: some hundred answers of a pipeline. Also the longest line or single text."""

PIECE_BYTES = 1_048_576
"""Bytes of a file at a time: larger ones were no faster, and leave the processor's cache."""

ROOM_BYTES = 64 * 1_024
"""With less room behind what is held, it moves to the front."""

BULK, LIST, END = ord("$"), ord("*"), b"\r\n"

SHORT = re.compile(rb"\$([0-9]{1,7})\r\n")
"""The head of a bulk string, as nearly all are."""


class Inbox:
    """The replies of one connection, in their order; pushes are left out."""

    __slots__ = ("_buffer", "_end", "_fill", "_piece", "_start", "_view")

    def __init__(self, fill: Callable[[memoryview], int]) -> None:
        """Begin with nothing."""
        self._fill = fill
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._piece: memoryview | None = None

    @property
    def held(self) -> int:
        """How many bytes came that were not read yet."""
        return self._end - self._start

    def value(self) -> Value:
        """Return the next reply; raise it when it is a refusal."""
        value = self._next()
        if isinstance(value, PorticoError):
            raise value
        return value

    def bulk(self) -> int:
        """Return the length of the bulk string that comes next; its bytes are then to be taken.

        Raise the refusal that comes in its place.
        """
        found = self.match(SHORT)
        if found is not None:
            return int(found[1])
        while True:
            line = self._line()
            if line[0] == BULK:
                length = length_of(line[1:], BULK_BYTES)
                if length >= 0:
                    return length
            value = self._rest(line, 0)
            if isinstance(value, PorticoError):
                raise value
            if type(value) is not Push:
                raise ProtocolError("protocol: the server sent something else than the bytes of a file")

    def pieces(self, length: int) -> Iterator[memoryview]:
        """Yield the bytes of a bulk string as they come; each piece is gone with the next."""
        while length:
            if self._start < self._end:
                piece = self._view[self._start : min(self._end, self._start + length)]
                self._start += len(piece)
            else:
                piece = self._direct(length)
            length -= len(piece)
            yield piece
        self._finish()

    def whole(self, length: int) -> bytes | bytearray:
        """Return the bytes of a bulk string, all at once."""
        if length + 2 > BUFFER_BYTES:
            data, at = bytearray(length), 0
            view = memoryview(data)
            for piece in self.pieces(length):
                view[at : at + len(piece)] = piece
                at += len(piece)
            return data
        self._need(length + 2)
        start = self._start
        self._start += length
        whole = bytes(self._view[start : self._start])
        self._finish()
        return whole

    def count(self) -> int:
        """Return how many values the list has that comes next; each is then to be taken by `element`."""
        while True:
            line = self._line()
            if line[0] == LIST:
                return length_of(line[1:], BULK_BYTES)
            value = self._rest(line, 0)
            if isinstance(value, PorticoError):
                raise value
            if type(value) is not Push:
                raise ProtocolError("protocol: the server sent something else than a list")

    def element(self) -> Value:
        """Return the next value of a list."""
        return self._rest(self._line(), 1)

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Take what matches here; None, and nothing is taken, when it does not or has not all come yet."""
        found = pattern.match(self._buffer, self._start, self._end)
        if found is not None:
            self._start = found.end()
        return found

    def skip(self, expected: bytes) -> bool:
        """Take these bytes if they come next and are there already; tell whether."""
        if not self._buffer.startswith(expected, self._start, self._end):
            return False
        self._start += len(expected)
        return True

    def _direct(self, length: int) -> memoryview:
        if self._piece is None:
            self._piece = memoryview(bytearray(PIECE_BYTES))
        view = self._piece[: min(length, PIECE_BYTES)]
        count = self._fill(view)
        if not count:
            raise Lost("the server closed the connection")
        return view[:count]

    def _finish(self) -> None:
        self._need(2)
        if self._buffer[self._start : self._start + 2] != END:
            raise ProtocolError("protocol: the server sent a string without its end")
        self._start += 2

    # Values

    def _next(self) -> Value:
        while True:
            value = self._rest(self._line(), 0)
            if type(value) is not Push:
                return value

    def _rest(self, line: bytes, depth: int) -> Value:
        """Return the value that begins with this line."""
        kind, rest = line[0], line[1:]
        if kind == BULK:
            length = length_of(rest, BULK_BYTES)
            return None if length < 0 else self._text(length)
        reader = LINES.get(kind)
        if reader is not None:
            return reader(rest)
        finish = CONTAINERS.get(kind)
        if finish is None:
            raise ProtocolError(f"protocol: no value begins with {chr(kind)!r}")
        if depth >= DEPTH:
            raise ProtocolError("protocol: the server sent lists inside each other without end")
        length = length_of(rest, BULK_BYTES)
        if length < 0:
            return None
        count = 2 * length if kind == MAP else length
        return finish([self._rest(self._line(), depth + 1) for _ in range(count)])

    def _text(self, length: int) -> str:
        if length > BUFFER_BYTES - 2:
            raise ProtocolError("protocol: the server sent a text that is too long")
        return self.whole(length).decode("utf-8", "surrogateescape")

    # Bytes

    def _line(self) -> bytes:
        while True:
            end = self._buffer.find(END, self._start, self._end)
            if end > self._start:
                line = bytes(self._view[self._start : end])
                self._start = end + 2
                return line
            if end == self._start:
                raise ProtocolError("protocol: the server sent an empty line")
            if self.held >= BUFFER_BYTES:
                raise ProtocolError("protocol: the server sent a line that does not end")
            self._more()

    def _need(self, count: int) -> None:
        while self._end - self._start < count:
            self._more()

    def _more(self) -> None:
        """Bring more bytes; what is held comes to the front when there is little room behind it."""
        if self._start == self._end:
            self._start = self._end = 0
        elif self._start and BUFFER_BYTES - self._end < ROOM_BYTES:
            held = self.held
            self._buffer[:held] = self._buffer[self._start : self._end]
            self._start, self._end = 0, held
        count = self._fill(self._view[self._end :])
        if not count:
            raise Lost("the server closed the connection")
        self._end += count
