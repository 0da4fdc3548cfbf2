"""The generator for fan-out: one speaker and many followers in one process, one epoll, no parsing.

Every message holds one byte that stands nowhere else in what a server sends, MARK; counting it in whatever
arrives counts the deliveries, however they are framed and cut. At most `window` messages are on their way,
that is said and not yet received by every follower; the time ends when every follower has every message and
the speaker every reply.
"""

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench import resp
from bench.context import Meter
from bench.errors import BenchError
from bench.processes import descriptors
from bench.ratios import Sample
from bench.servers import Server

MARK = b"~"
MESSAGE = "~ one hundred bytes for every follower ".ljust(100, ".")
BUFFER = 256 * 1024
SILENCE_SECONDS = 15.0
#: Beside the followers: the speaker, epoll, standard streams, files.
SPARE_DESCRIPTORS = 64


class Floor:
    """How many messages every follower has, kept up with little work per arrival."""

    def __init__(self, followers: list[int]) -> None:
        """Nobody has anything yet."""
        self.value = 0
        self._counts = dict.fromkeys(followers, 0)
        self._lowest = len(followers)

    def add(self, follower: int, messages: int) -> None:
        """A follower received some more."""
        before = self._counts[follower]
        self._counts[follower] = before + messages
        if before == self.value and messages:
            self._lowest -= 1
            if not self._lowest:
                counts = list(self._counts.values())
                self.value = min(counts)
                self._lowest = counts.count(self.value)

    def most(self) -> int:
        """What the follower who is furthest has: more than was said would be a doubled delivery."""
        return max(self._counts.values())


@dataclass(frozen=True, slots=True)
class Party:
    """How one contender is spoken to: what a follower sends to follow, and what the speaker says."""

    follow: tuple[str, ...]
    say: tuple[str, ...]


PORTICO = Party(("FOLLOW",), ("SAY", MESSAGE))
REDIS = Party(("SUBSCRIBE", "talk"), ("PUBLISH", "talk", MESSAGE))


def run(server: Server, party: Party, followers: int, window: int, seconds: float) -> Sample:
    """Messages per second that reached all followers."""
    with descriptors(followers + SPARE_DESCRIPTORS), _connected(server, party, followers) as crowd:
        crowd.talk(window, time.perf_counter() + min(0.2, seconds / 4))  # warm
        server.process.settle()
        with Meter(server.process) as meter:
            said = crowd.talk(window, time.perf_counter() + seconds)
        sample = meter.sample(said / meter.wall)
    server.process.settle()
    return sample


class Crowd:
    """A speaker and followers, all connected and following."""

    def __init__(self, speaker: socket.socket, frame: bytes, followers: list[socket.socket]) -> None:
        """Watch all of them."""
        self._speaker = speaker
        self._frame = frame
        self._receive = {each.fileno(): each.recv_into for each in followers}
        self._buffer = bytearray(BUFFER)
        self._epoll = select.epoll()
        for each in [speaker, *followers]:
            self._epoll.register(each, select.EPOLLIN)

    def talk(self, window: int, until: float) -> int:
        """Say messages until the time is over and everyone has all; how many that were."""
        floor = Floor(list(self._receive))
        said = replies = 0
        while True:
            allowed = window - (said - floor.value)
            if allowed and time.perf_counter() < until:
                self._speaker.sendall(self._frame * allowed)
                said += allowed
            if said == floor.value == replies:
                break
            replies += self._arrivals(floor)
        if floor.most() != said:
            raise BenchError(f"{said} messages were said, a follower received {floor.most()}")
        return said

    def close(self) -> None:
        """Give the epoll back."""
        self._epoll.close()

    def _arrivals(self, floor: Floor) -> int:
        """Take what has arrived; how many replies the speaker got."""
        speaker, buffer, receive = self._speaker.fileno(), self._buffer, self._receive
        replies = 0
        events = self._epoll.poll(SILENCE_SECONDS, len(receive) + 1)
        if not events:
            raise BenchError(
                f"nothing arrived for {SILENCE_SECONDS:.0f} s: every follower has {floor.value} messages"
            )
        for descriptor, _ in events:
            if descriptor == speaker:
                replies += self._replies()
                continue
            size = receive[descriptor](buffer)
            if not size:
                raise BenchError("the server closed a follower's connection")
            floor.add(descriptor, buffer.count(MARK, 0, size))
        return replies

    def _replies(self) -> int:
        data = self._speaker.recv(BUFFER)
        if not data or b"-" in data:
            raise BenchError(f"the speaker was answered: {data[:100]!r}")
        return data.count(b"\n")


@contextlib.contextmanager
def _connected(server: Server, party: Party, followers: int) -> Iterator[Crowd]:
    """Everybody in place: one first message was received, whole, by each follower."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(_follower(server, party)) for _ in range(followers)]
        speaker = stack.enter_context(resp.Client(server.port))
        speaker.call(*party.say)
        for client in clients:
            _until_message(client)
        crowd = Crowd(speaker.socket, resp.encode(*party.say), [client.socket for client in clients])
        stack.callback(crowd.close)
        yield crowd


def _follower(server: Server, party: Party) -> resp.Client:
    client = resp.Client(server.port)
    client.call("HELLO", "3")
    client.call(*party.follow)
    return client


def _until_message(client: resp.Client) -> None:
    """Skip pushes (someone joined) up to the one that holds the first message; nothing may follow it."""
    while MESSAGE not in str(client.receive()):
        pass
