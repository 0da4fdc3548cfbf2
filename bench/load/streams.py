"""The generator for long transfers: one reader and one sender for all wires.

What differs between the wires stands around the bytes, and is worked out before the clock runs: how many
bytes come in answer to a request, which heads stand between the bytes of an upload. The bytes themselves
are read into one buffer and thrown away, or sent with sendfile, by the same loop.
"""

import contextlib
import ftplib
import hashlib
import os
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench import resp
from bench.errors import BenchError
from bench.servers import HOST

BUFFER = 1 << 20
#: The most bytes of one READ or WRITE (docs/protocol.md).
RANGE = 16 << 20
SILENCE_SECONDS = 30.0
ANONYMOUS = "anonymous"


Take = Callable[[memoryview], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a file with what stands before and after it on the wire."""

    head: bytes
    offset: int
    count: int
    tail: bytes = b""


class Wire(Protocol):
    """One connection, set up; each method is one transfer, from the request to the end of the answer."""

    def fetch(self, path: str, size: int, take: Take | None = None) -> None:
        """Read a file of this size; `take` is given all bytes that stand in its place on the wire."""

    def frames(self, size: int) -> Iterator[Part]:
        """What `take` is given for a file of this size."""

    def deposit(self, path: str, file: int, size: int) -> None:
        """Send an open file, and wait until it is there."""

    def close(self) -> None:
        """End the connection."""


class Resp:
    """Portico: READs, or WRITEs, are sent without waiting for their answers."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self._client = resp.Client(port)
        _plain(self._client.socket)

    def fetch(self, path: str, size: int, take: Take | None = None) -> None:
        parts = list(self.frames(size))
        self._client.send([("READ", path, part.offset, part.count) for part in parts])
        expected = sum(len(part.head) + part.count + len(part.tail) for part in parts)
        drain(self._client.socket, expected, take)

    def frames(self, size: int) -> Iterator[Part]:
        for offset, count in ranges(size):
            yield Part(b"$%d\r\n" % count, offset, count, b"\r\n")

    def deposit(self, path: str, file: int, size: int) -> None:
        upload = secrets.token_hex(16)
        self._client.send([("PUT", path, size, "UPLOAD", upload, "REPLACE")])
        send(self._client.socket, file, [_write(upload, *part) for part in ranges(size)])
        self._client.send([("FINISH", upload)])
        answers = [self._client.receive() for _ in range(2 + -(-size // RANGE))]
        assert answers[-2] == size

    def close(self) -> None:
        self._client.close()


class Http:
    """nginx, and Portico where its files are: one keepalive connection, GET and PUT."""

    def __init__(self, port: int, root: str = "/") -> None:
        """Connect; `root` is the address of all paths."""
        self._root = root
        self._socket = socket.create_connection((HOST, port), SILENCE_SECONDS)
        _plain(self._socket)

    def fetch(self, path: str, size: int, take: Take | None = None) -> None:
        self._socket.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % self._address(path))
        begun = self._answer(b"200")
        if take is not None:
            take(memoryview(begun))
        drain(self._socket, size - len(begun), take)

    def frames(self, size: int) -> Iterator[Part]:
        yield Part(b"", 0, size)

    def deposit(self, path: str, file: int, size: int) -> None:
        address = self._address(path)
        head = b"PUT %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (address, size)
        send(self._socket, file, [Part(head, 0, size)])
        self._answer(b"20")

    def close(self) -> None:
        self._socket.close()

    def _address(self, path: str) -> bytes:
        return f"{self._root}{path}".encode()

    def _answer(self, status: bytes) -> bytes:
        """Read the head of an answer; return what came behind it."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._socket.recv(4096)
            if not more:
                raise BenchError(f"the server closed the connection after {data!r}")
            data += more
        if not data.startswith(b"HTTP/1.1 " + status):
            raise BenchError(f"the server answered {data[:100]!r}")
        return data.partition(b"\r\n\r\n")[2]


class Ftp:
    """vsftpd: a control connection, and one for the bytes of each file."""

    def __init__(self, port: int) -> None:
        """Connect and say who we are."""
        self._ftp = ftplib.FTP(timeout=SILENCE_SECONDS)  # noqa: S321 - the peer speaks FTP
        self._ftp.connect(HOST, port)
        self._ftp.login(ANONYMOUS)
        self._ftp.voidcmd("TYPE I")

    def fetch(self, path: str, size: int, take: Take | None = None) -> None:
        with self._ftp.ntransfercmd(f"RETR {path}")[0] as data:
            _plain(data)
            drain(data, size, take)
        self._ftp.voidresp()

    def frames(self, size: int) -> Iterator[Part]:
        yield Part(b"", 0, size)

    def deposit(self, path: str, file: int, size: int) -> None:
        with self._ftp.ntransfercmd(f"STOR {path}")[0] as data:
            _plain(data)
            send(data, file, [Part(b"", 0, size)])
        self._ftp.voidresp()

    def close(self) -> None:
        self._ftp.close()


def ranges(size: int) -> Iterator[tuple[int, int]]:
    """Offset and count of each request for a file of this size."""
    for offset in range(0, size, RANGE):
        yield offset, min(RANGE, size - offset)


def _write(upload: str, offset: int, count: int) -> Part:
    """One WRITE: everything but its bytes."""
    head = resp.encode("WRITE", upload, offset, b"").removesuffix(b"$0\r\n\r\n")
    return Part(head + b"$%d\r\n" % count, offset, count, b"\r\n")


def _plain(sock: socket.socket) -> None:
    """Let the kernel keep the time: a time-out of Python's own polls before each call."""
    sock.settimeout(None)
    seconds = struct.pack("ll", int(SILENCE_SECONDS), 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def drain(sock: socket.socket, expected: int, take: Take | None = None) -> None:
    """Read so many bytes into one buffer, as fast as they come."""
    buffer = memoryview(bytearray(BUFFER))
    while expected:
        count = sock.recv_into(buffer, min(BUFFER, expected))
        if not count:
            raise BenchError(f"the connection was closed with {expected:,} bytes to come")
        if take is not None:
            take(buffer[:count])
        expected -= count


def send(sock: socket.socket, file: int, parts: Sequence[Part]) -> None:
    """Send ranges of an open file, each between its head and its tail."""
    for part in parts:
        if part.head:
            sock.sendall(part.head, socket.MSG_MORE)
        _send_range(sock, file, part.offset, part.count)
        if part.tail:
            sock.sendall(part.tail)


def _send_range(sock: socket.socket, file: int, offset: int, count: int) -> None:
    while count:
        sent = os.sendfile(sock.fileno(), file, offset, count)
        if not sent:
            raise BenchError("the file that is sent has become shorter")
        offset, count = offset + sent, count - sent


def together(tasks: Sequence[Callable[[], None]]) -> None:
    """Run all at once, each in a thread; the interpreter is let go while bytes move."""
    errors: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except (OSError, BenchError, AssertionError, resp.RespError, ftplib.Error) as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise BenchError(f"a transfer failed: {errors[0]!r}")


def check(wire: Wire, path: str, file: Path) -> None:
    """Fetch a file and compare the digest of all that stands in its place; not to be timed."""
    came, wanted, size = hashlib.sha256(), hashlib.sha256(), file.stat().st_size
    wire.fetch(path, size, came.update)
    with file.open("rb") as content:
        for part in wire.frames(size):
            wanted.update(part.head)
            content.seek(part.offset)
            wanted.update(content.read(part.count))
            wanted.update(part.tail)
    if came.digest() != wanted.digest():
        raise BenchError(f"{type(wire).__name__}: {path} did not come as it is")


@contextlib.contextmanager
def connected(connect: Callable[[int], Wire], port: int, count: int) -> Iterator[list[Wire]]:
    """So many connections, closed afterwards."""
    with contextlib.ExitStack() as stack:
        wires = [connect(port) for _ in range(count)]
        for wire in wires:
            stack.callback(wire.close)
        yield wires
