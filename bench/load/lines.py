"""The generator for plain text: clients that each say a line and wait for its `... ACK`.

The answer is recognised by counting MARK, a letter that comes once in every answer and nowhere else: not in
the line, not in a name, not in what a server says unasked. A server that ends its answers with a line end and
one that does not are thus treated alike.
"""

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.context import Meter
from bench.errors import BenchError
from bench.ratios import Sample
from bench.servers import HOST, Server

MARK = b"K"
LINE = b"hello from one of the clients\n"
BUFFER = 64 * 1024
SILENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Manners:
    """What a client says first, and how many bytes of the `greeting` end the beginning."""

    first: bytes = b""
    greeting: bytes = b"Client"
    times: int = 1


#: Greeting and answer; quiet, because the peer does not tell clients what the others said.
QUIET = Manners(b"/quiet\n", b"\n", 2)
#: As a person with netcat: everybody sees what everybody says. The first line is a message of its own.
LIVELY = Manners(LINE, MARK, 1)
THREADED = Manners()


@dataclass(slots=True)
class Crowd:
    """Connected clients, all greeted."""

    clients: list[socket.socket]
    epoll: select.epoll
    buffer: bytearray = field(default_factory=lambda: bytearray(BUFFER))

    def talk(self, window: int, until: float) -> int:
        """Each client keeps `window` lines in flight until the time is over; how many were answered."""
        by_descriptor = {client.fileno(): client for client in self.clients}
        for client in self.clients:
            client.sendall(LINE * window)
        said = len(self.clients) * window
        answered = 0
        while answered < said:
            events = self.epoll.poll(SILENCE_SECONDS)
            if not events:
                raise BenchError(
                    f"no answer for {SILENCE_SECONDS:.0f} s: {answered} of {said} lines were answered"
                )
            over = time.perf_counter() >= until
            for descriptor, _ in events:
                client = by_descriptor[descriptor]
                fresh = self._answers(client)
                answered += fresh
                if fresh and not over:
                    client.sendall(LINE * fresh)
                    said += fresh
        return answered

    def _answers(self, client: socket.socket) -> int:
        size = client.recv_into(self.buffer)
        if not size:
            raise BenchError("the server closed a client's connection")
        return self.buffer.count(MARK, 0, size)


def run(server: Server, manners: Manners, clients: int, window: int, seconds: float) -> Sample:
    """Answered lines per second."""
    with connected(server, manners, clients) as crowd:
        crowd.talk(window, time.perf_counter() + min(0.2, seconds / 4))  # warm
        server.process.settle()
        with Meter(server.process) as meter:
            answered = crowd.talk(window, time.perf_counter() + seconds)
        sample = meter.sample(answered / meter.wall)
    server.process.settle()
    return sample


@contextlib.contextmanager
def connected(server: Server, manners: Manners, clients: int) -> Iterator[Crowd]:
    """Clients that all have been greeted; they say goodbye by closing."""
    with contextlib.ExitStack() as stack:
        epoll = stack.enter_context(select.epoll())
        sockets = [stack.enter_context(_greeted(server.port, manners)) for _ in range(clients)]
        for each in sockets:
            epoll.register(each, select.EPOLLIN)
        yield Crowd(sockets, epoll)


def answers_to_many(server: Server, manners: Manners, lines: int, seconds: float) -> int:
    """How many answers one client gets that sends many lines in one piece."""
    answers = 0
    deadline = time.monotonic() + seconds
    with _greeted(server.port, manners) as client:
        client.sendall(LINE * lines)
        while answers < lines and (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            with contextlib.suppress(TimeoutError):
                answers += client.recv(BUFFER).count(MARK)
    return answers


def _greeted(port: int, manners: Manners) -> socket.socket:
    client = socket.create_connection((HOST, port), SILENCE_SECONDS)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(manners.first)
    seen = b""
    while seen.count(manners.greeting) < manners.times:
        data = client.recv(BUFFER)
        if not data:
            raise BenchError(f"the server closed the connection after {seen[-200:]!r}")
        seen += data
    return client
