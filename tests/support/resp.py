"""A minimal blocking RESP client, written from the specification of RESP2 and RESP3.

Bulk strings come back as `str`, or as `bytes` when asked for with `call_bytes` (file contents); undecodable
bytes become surrogates in a `str`. Pushes are kept apart in `pushes`, in the order of their arrival. Errors
are raised as `RespError`, except by `pipeline` and inside arrays, where they stand in place of the value.
"""

from collections.abc import Callable
from typing import Any

from tests.support.stream import PATIENCE, Stream

Value = Any


class RespError(Exception):
    """An error reply: its code and its sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code} {sentence}".rstrip())
        self.code = code
        self.sentence = sentence


class Incomplete(Exception):
    """The value needs a buffer of at least this size."""

    def __init__(self, size: int) -> None:
        self.size = size


class RespClient(Stream):
    """One connection; with protocol 3 it begins with HELLO 3, whose answer is `hello`."""

    def __init__(
        self, port: int, protocol: int = 2, host: str = "127.0.0.1", timeout: float = PATIENCE
    ) -> None:
        super().__init__(port, host, timeout)
        self.pushes: list[list[Value]] = []
        self.hello: dict[str, Value] = self.call("HELLO", 3) if protocol == 3 else {}

    def call(self, *arguments: str | bytes | int, timeout: float | None = None) -> Value:
        """Sends a command and returns its reply; raises RespError."""
        self.send(*arguments)
        return self.read_reply(timeout)

    def call_bytes(self, *arguments: str | bytes | int, timeout: float | None = None) -> bytes:
        """As `call`, for a command whose reply is one bulk string of any bytes."""
        reply: str = self.call(*arguments, timeout=timeout)
        return reply.encode("utf-8", "surrogateescape")

    def pipeline(self, *commands: tuple[str | bytes | int, ...]) -> list[Value]:
        """Sends all commands in one piece and returns their replies, errors in their places."""
        self.send_raw(b"".join(encode(*command) for command in commands))
        return [self._reply(self.deadline(None)) for _ in commands]

    def send(self, *arguments: str | bytes | int) -> None:
        self.send_raw(encode(*arguments))

    def read_reply(self, timeout: float | None = None) -> Value:
        """The next reply, pushes before it put aside; raises RespError, or EOFError at the end."""
        reply = self._reply(self.deadline(timeout))
        if isinstance(reply, RespError):
            raise reply
        return reply

    def push(self, timeout: float | None = None) -> list[Value]:
        """The oldest push not yet taken, waited for when there is none."""
        deadline = self.deadline(timeout)
        while not self.pushes:
            kind, value = self._next(deadline)
            assert kind == PUSH, f"expected a push, there came the reply {value!r}"
            self.pushes.append(value)
        return self.pushes.pop(0)

    def _reply(self, deadline: float) -> Value:
        while True:
            kind, value = self._next(deadline)
            if kind != PUSH:
                return value
            self.pushes.append(value)

    def _next(self, deadline: float) -> tuple[str, Value]:
        """The next value with its kind; it leaves the buffer whole or not at all, so no time-out loses it."""
        while True:
            parser = Parser(self.buffer)
            try:
                kind, value = parser.value()
            except Incomplete as incomplete:
                self._fill(incomplete.size, deadline)
            else:
                del self.buffer[: parser.at]
                return kind, value

    def _fill(self, size: int, deadline: float) -> None:
        while len(self.buffer) < size:
            if not self.receive(deadline):
                raise EOFError(f"the server closed after {bytes(self.buffer[:500])!r}")


def encode(*arguments: str | bytes | int) -> bytes:
    """A request: an array of bulk strings."""
    parts = [item if isinstance(item, bytes) else str(item).encode() for item in arguments]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def pairs(flat: list[Value]) -> dict[Value, Value]:
    """The map that RESP2 sends as a flat array."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


PUSH = ">"
NULL = "_"
ATTRIBUTE = "|"


class Parser:
    """Reads one value from bytes; `at` is where it ended."""

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.at = 0

    def value(self) -> tuple[str, Value]:
        kind, rest = self._header()
        while kind == ATTRIBUTE:
            self._map(rest)
            kind, rest = self._header()
        return kind, READERS[kind](self, rest)

    def _header(self) -> tuple[str, str]:
        end = self.data.find(b"\r\n", self.at)
        if end < 0:
            raise Incomplete(len(self.data) + 1)
        header = self.data[self.at : end].decode("utf-8", "surrogateescape")
        self.at = end + 2
        assert header[:1] in READERS or header[:1] == ATTRIBUTE, f"no RESP value begins with {header!r}"
        return header[:1], header[1:]

    def _bulk(self, rest: str) -> str | None:
        size = int(rest)
        if size < 0:
            return None
        end = self.at + size
        if len(self.data) < end + 2:
            raise Incomplete(end + 2)
        content, self.at = self.data[self.at : end], end + 2
        assert self.data[end : end + 2] == b"\r\n", "a bulk string is not ended by CR LF"
        return content.decode("utf-8", "surrogateescape")

    def _bulk_error(self, rest: str) -> RespError:
        return error(self._bulk(rest) or "")

    def _verbatim(self, rest: str) -> str:
        return (self._bulk(rest) or "")[len("txt:") :]

    def _array(self, rest: str) -> list[Value] | None:
        return None if rest == "-1" else [self.value()[1] for _ in range(int(rest))]

    def _map(self, rest: str) -> dict[Value, Value]:
        return {self.value()[1]: self.value()[1] for _ in range(int(rest))}


def error(text: str) -> RespError:
    code, _, sentence = text.partition(" ")
    return RespError(code, sentence)


READERS: dict[str, Callable[[Parser, str], Value]] = {
    "+": lambda _, rest: rest,
    "-": lambda _, rest: error(rest),
    ":": lambda _, rest: int(rest),
    "(": lambda _, rest: int(rest),
    ",": lambda _, rest: float(rest),
    "#": lambda _, rest: rest == "t",
    NULL: lambda _, __: None,
    "$": Parser._bulk,
    "!": Parser._bulk_error,
    "=": Parser._verbatim,
    "*": Parser._array,
    "~": Parser._array,
    PUSH: Parser._array,
    "%": Parser._map,
}
