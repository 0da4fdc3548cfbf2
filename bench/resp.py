"""A small blocking RESP client (2 and 3) for set-up, checks and the crash figure. It is not a generator."""

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

Argument = str | bytes | int
#: Whatever RESP carries: the caller knows what it asked for.
Value = Any

#: Longer than the server's longest pause in any figure, shorter than a person's patience.
TIMEOUT = 20.0


class RespError(Exception):
    """An error reply; `code` is its first word."""

    @property
    def code(self) -> str:
        """The stable word in front, as in `EXISTS`."""
        return str(self).split(" ", 1)[0]


def encode(*arguments: Argument) -> bytes:
    """One request: an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


class Client:
    """One connection. `call` raises error replies; `send` and `receive` are its halves, for pipelines."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = TIMEOUT) -> None:
        """Connect."""
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def call(self, *arguments: Argument) -> Value:
        """Send one request and wait for its reply."""
        self.send([arguments])
        return self.receive()

    def send(self, requests: Sequence[Sequence[Argument]]) -> None:
        """Send requests in one piece."""
        self.socket.sendall(b"".join(encode(*request) for request in requests))

    def receive(self) -> Value:
        """The next reply; pushes count too."""
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind in b"$=!":
            return self._bulk(kind, int(rest))
        if kind in b"*~>":
            return None if rest == b"-1" else [self.receive() for _ in range(int(rest))]
        if kind == b"%":
            return {self.receive(): self.receive() for _ in range(int(rest))}
        return _simple(kind, rest)

    def skip(self) -> int:
        """Read a bulk string of any bytes as the next reply; return its length."""
        line = self._file.readline()
        if line[:1] != b"$":
            raise RespError(line[1:].decode().strip())
        length = int(line[1:])
        self._file.read(length + 2)
        return length

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _bulk(self, kind: bytes, length: int) -> str | None:
        if length < 0:
            return None
        data = self._file.read(length + 2)
        if len(data) != length + 2:
            raise ConnectionError("the server closed the connection")
        text = data[:-2].decode()
        if kind == b"!":
            raise RespError(text)
        return text[4:] if kind == b"=" else text


def _simple(kind: bytes, rest: bytes) -> Value:
    text = rest.decode()
    match kind:
        case b"+" | b"(":
            return text
        case b":":
            return int(text)
        case b"-":
            raise RespError(text)
        case b"_":
            return None
        case b"#":
            return text == "t"
        case b",":
            return float(text)
    raise ConnectionError(f"not RESP: {(kind + rest)[:60]!r}")
