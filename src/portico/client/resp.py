r"""RESP from the client's side: requests out, replies and pushes in.

Source: redis.io, "Redis serialization protocol specification", RESP2 and RESP3. Bulk strings become `str`;
bytes that are no UTF-8 are kept as surrogates (PEP 383). An error reply is a `PorticoError` that stands in
the place of the value; a push is a `Push`.

Plan of attack. Values are read off a buffer one header line at a time. Containers that are not complete
stand on a stack, so nothing is ever read twice, however the bytes were cut. A chunk of nothing but numbers
and words, as the answers of a pipeline are, is taken at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from portico.model.errors import PorticoError, ProtocolError, TooBig, error_of

BULK_BYTES = 16 * 1_048_576 + 1_024
"""Longest string of one reply: READ answers with at most 16 MiB."""

REQUEST_WORDS, REQUEST_BYTES = 64, 1_048_576
"""Most words of one request, and bytes in them: a server closes the connection of who sends more."""

HEADER_BYTES = 65_536
"""Longest line: errors are lines, and a message has at most as much."""

DEPTH = 16
"""Most containers inside each other; COMMAND DOCS, the deepest reply there is, needs six."""

Value = Any
"""str, int, float, bool, None, a list, a dict, a `PorticoError` or a `Push`."""


class Push(list[Value]):
    """What came unasked: its kind, then what belongs to it."""

    __slots__ = ()


def encode(words: Sequence[str | bytes | int]) -> bytes:
    """Return a request: an array of bulk strings. Raise `PorticoError` for what no server would take."""
    out = [b"*%d\r\n" % len(words)]
    try:
        for word in words:
            data = word if type(word) is bytes else str(word).encode("utf-8", "surrogateescape")
            out.append(b"$%d\r\n%b\r\n" % (len(data), data))
    except UnicodeEncodeError:
        raise PorticoError("the text has half a character in it, a lone surrogate") from None
    request = b"".join(out)
    if not 0 < len(words) <= REQUEST_WORDS:
        raise PorticoError(f"a request has 1 to {REQUEST_WORDS} words, not {len(words)}")
    if len(request) > REQUEST_BYTES:
        raise TooBig(f"a request has at most {REQUEST_BYTES:,} bytes, not {len(request):,}")
    return request


class ReplyParser:
    """The replies of one connection."""

    __slots__ = ("_at", "_buffer", "_bulk", "_stack")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()
        self._at = 0
        self._bulk = -1
        self._stack: list[_Container] = []

    def feed(self, data: bytes) -> list[Value]:
        """Take bytes; return the values they complete. Raise `ProtocolError` for what is not RESP."""
        if not self._buffer and self._bulk < 0 and not self._stack and _PLAIN.fullmatch(data):
            return [
                int(line[1:]) if line[:1] == ":" else line[1:]
                for line in str(data, "ascii").split("\r\n")[:-1]
            ]
        self._buffer += data
        values: list[Value] = []
        buffer, stack = self._buffer, self._stack
        while True:
            value = self._bulk_string() if self._bulk >= 0 else self._line()
            if value is _MORE:
                break
            if value is _DEEPER:
                continue
            while stack:
                value = stack[-1].add(value)
                if value is _MORE:
                    break
                stack.pop()
            else:
                values.append(value)
        del buffer[: self._at]
        self._at = 0
        return values

    def _line(self) -> Value:
        """Read a header; return its value, or that more is needed for one."""
        start = self._at
        end = self._buffer.find(b"\r\n", start)
        if end < 0:
            if len(self._buffer) - start > HEADER_BYTES:
                raise ProtocolError("protocol: the server sent a line that does not end")
            return _MORE
        self._at = end + 2
        kind, rest = self._buffer[start], bytes(self._buffer[start + 1 : end])
        if kind == BULK:
            self._bulk = length_of(rest, BULK_BYTES)
            return None if self._bulk < 0 else self._bulk_string()
        reader = LINES.get(kind)
        if reader is not None:
            return reader(rest)
        return self._open(kind, rest)

    def _bulk_string(self) -> Value:
        end = self._at + self._bulk
        if len(self._buffer) < end + 2:
            return _MORE
        if self._buffer[end : end + 2] != b"\r\n":
            raise ProtocolError("protocol: the server sent a string without its end")
        text = self._buffer[self._at : end].decode("utf-8", "surrogateescape")
        self._at, self._bulk = end + 2, -1
        return text

    def _open(self, kind: int, rest: bytes) -> Value:
        finish = CONTAINERS.get(kind)
        if finish is None:
            raise ProtocolError(f"protocol: no value begins with {chr(kind)!r}")
        if len(self._stack) >= DEPTH:
            raise ProtocolError("protocol: the server sent lists inside each other without end")
        length = length_of(rest, BULK_BYTES)
        if length < 0:
            return None
        if length == 0:
            return finish([])
        self._stack.append(_Container(finish, 2 * length if kind == MAP else length))
        return _DEEPER


class _Container:
    """A list, map or push of which some values are still to come."""

    __slots__ = ("_finish", "_missing", "_values")

    def __init__(self, finish: Callable[[list[Value]], Value], missing: int) -> None:
        self._finish, self._missing = finish, missing
        self._values: list[Value] = []

    def add(self, value: Value) -> Value:
        """Take a value; return the whole once it is complete."""
        self._values.append(value)
        self._missing -= 1
        return _MORE if self._missing else self._finish(self._values)


_PLAIN = re.compile(rb"(?:(?::[0-9]{1,18}|\+[ -~]*)\r\n)+")
"""Values that are one line each and mean what they say."""

_NUMBER = re.compile(rb"[+-]?[0-9]{1,18}")

_MORE, _DEEPER = object(), object()
BULK, MAP = ord("$"), ord("%")


def length_of(digits: bytes, most: int) -> int:
    """Return a declared length; -1 for RESP2's null."""
    if digits == b"-1":
        return -1
    if not digits.isdigit() or len(digits) > len(str(most)) or int(digits) > most:
        raise ProtocolError("protocol: the server sent a length that is none, or too large")
    return int(digits)


def _number(digits: bytes) -> int:
    if _NUMBER.fullmatch(digits) is None:
        raise ProtocolError("protocol: the server sent a number that is none")
    return int(digits)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _error(data: bytes) -> Value:
    code, _, sentence = _text(data).partition(" ")
    return error_of(code, sentence)


def _pairs(values: list[Value]) -> dict[Value, Value]:
    try:
        return dict(zip(values[::2], values[1::2], strict=True))
    except TypeError:
        raise ProtocolError("protocol: the server sent a map with a list for a key") from None


LINES: dict[int, Callable[[bytes], Value]] = {
    ord(":"): _number,
    ord("+"): _text,
    ord("-"): _error,
    ord("_"): lambda _: None,
    ord("#"): lambda rest: rest == b"t",
}

CONTAINERS: dict[int, Callable[[list[Value]], Value]] = {
    ord("*"): list,
    ord("~"): list,
    MAP: _pairs,
    ord(">"): Push,
}
