"""The generator for idle connections: open many, wait until the server holds them all, look at its memory."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

from bench import resp
from bench.errors import BenchError
from bench.processes import descriptors
from bench.servers import HOST, Server

HELLO = resp.encode("HELLO", "3")
#: Connections that may wait for being accepted at a time: less than the shortest common listen queue (100).
STEP = 64
#: Connections from one of our own addresses; the ports of one address would run short.
PER_ADDRESS = 5_000
#: A reply that has not come by then never will.
SECONDS = 20.0
SPARE_DESCRIPTORS = 64
#: Let connect choose the port: bind would search for one that nobody uses at all. See ip(7); not in `socket`.
IP_BIND_ADDRESS_NO_PORT = 24
#: Close without TIME_WAIT, which would keep the ports from the next run (l_onoff, l_linger).
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
#: Some servers give buffers back only after a while (redis: five seconds); both get the time for it.
REST_SECONDS = 7.0
#: Memory is read once it no longer changes, or after that long.
STEADY_SECONDS, STEADY_LIMIT = 0.5, 8.0


def bytes_per_connection(server: Server, count: int, hello: bytes) -> float:
    """Growth of resident memory per connection; each sends `hello`, if anything, and reads the answer."""
    with descriptors(count + SPARE_DESCRIPTORS), contextlib.ExitStack() as stack:
        _warm(server, hello)
        before = _steady_memory(server)
        for client in _connections(server, count, hello):
            stack.enter_context(client)
        time.sleep(REST_SECONDS)
        return (_steady_memory(server) - before) / count


def source_address(index: int) -> str:
    """The loopback address the connection with this index comes from."""
    return f"127.0.0.{2 + index // PER_ADDRESS}"


def _connections(server: Server, count: int, hello: bytes) -> Iterator[socket.socket]:
    """Open them in steps, each of which the server has accepted before the next begins."""
    held = server.process.descriptors()
    for start in range(0, count, STEP):
        step = range(start, min(start + STEP, count))
        fresh = [_connect(server.port, source_address(index), hello) for index in step]
        for client in fresh:
            if hello:
                _answered(client)
            yield client
        _all_accepted(server)
    _wait_for_descriptors(server, held + count)


def _connect(port: int, source: str, hello: bytes) -> socket.socket:
    client = socket.socket()
    client.settimeout(SECONDS)
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    client.bind((source, 0))
    client.connect((HOST, port))
    if hello:
        client.sendall(hello)
    return client


def _answered(client: socket.socket) -> None:
    if client.recv(65536)[:1] != b"%":
        raise BenchError("HELLO 3 was not answered with a map")


def _all_accepted(server: Server) -> None:
    """Connections are accepted in their order: when a new one is answered, so were those before it."""
    with resp.Client(server.port) as probe:
        probe.call("PING")


def _wait_for_descriptors(server: Server, wanted: int) -> None:
    deadline = time.monotonic() + SECONDS
    while server.process.descriptors() < wanted:
        if time.monotonic() > deadline:
            held = server.process.descriptors()
            raise BenchError(f"{server.process.name} holds {held} descriptors, {wanted} were expected")
        time.sleep(0.005)


def _warm(server: Server, hello: bytes) -> None:
    """What the first few connections make a server load or build once is not the connections' memory."""
    for _ in range(STEP):
        with _connect(server.port, source_address(0), hello) as client:
            if hello:
                _answered(client)


def _steady_memory(server: Server) -> int:
    """Resident memory once it stays the same."""
    deadline = time.monotonic() + STEADY_LIMIT
    before, now = -1, server.process.rss()
    while before != now and time.monotonic() < deadline:
        time.sleep(STEADY_SECONDS)
        before, now = now, server.process.rss()
    return now
