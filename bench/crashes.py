"""kill -9 under load, again and again: the core of the figure `kill9` and of its test.

Speakers say numbered messages, several in flight, each with a key. At a random moment the server is killed;
started again on the same directory; what was not answered is said again with the same key. In the end the
whole log is read back and compared with what was acknowledged. The comparison itself is in `ledger`.
"""

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import resp
from bench.errors import BenchError
from bench.ledger import Account, Told, compare
from bench.servers import Server

SPEAKERS, WINDOW = 6, 8
#: The life of a server is a random time up to this; short ones fall into its recovery.
LONGEST_LIFE = 0.8
#: For a million: so many in flight, and lives up to so long.
MANY, LONG_LIFE = 256, 4.0
PAGE = 1000
THREAD_SECONDS = 30.0


@dataclass(slots=True)
class Speaker:
    """One talker across all crashes: as a visitor under its `alias`, or joining anew each time."""

    number: int
    alias: str | None = None
    said: list[str] = field(default_factory=list)
    unanswered: deque[str] = field(default_factory=deque)
    acknowledged: dict[str, int] = field(default_factory=dict)
    refused: str | None = None
    window: int = WINDOW

    def talk(self, port: int, more: threading.Event) -> None:
        """Repeat what was not answered, go on while there is to be more, until done or the server is gone."""
        with contextlib.suppress(OSError), resp.Client(port) as client:
            client.send([self._request(text) for text in self.unanswered])
            while self.unanswered or more.is_set():
                if more.is_set():
                    client.send(
                        [self._request(self._next()) for _ in range(self.window - len(self.unanswered))]
                    )
                self._answer(client)

    def _answer(self, client: resp.Client) -> None:
        try:
            number = client.receive()
        except resp.RespError as error:
            self.refused = f"{self.unanswered[0]!r} was answered: {error}"
            raise ConnectionError from error
        self.acknowledged[self.unanswered.popleft()] = number

    def _next(self) -> str:
        text = f"speaker {self.number} says {len(self.said)}"
        self.said.append(text)
        self.unanswered.append(text)
        return text

    def _request(self, text: str) -> tuple[str, ...]:
        request = ("SAY", text, "ID", text.replace(" ", "-"))
        return request if self.alias is None else (*request, "AS", self.alias)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out, and how hard it was: how many messages were cut off by the crashes."""

    account: Account
    kills: int
    cut_off: int
    slowest_start: float


def torture(launch: Callable[[], Server], kills: int, seed: int, least: int = 0) -> Result:
    """Kill what `launch` starts so many times, then let everyone finish and read back.

    It goes on beyond that until `least` messages were acknowledged; then speakers have more in flight, and
    lives are longer.
    """
    dice = random.Random(seed)
    window, longest = (MANY, LONG_LIFE) if least else (WINDOW, LONGEST_LIFE)
    speakers = [
        Speaker(number, f"speaker{number}" if number % 2 else None, window=window)
        for number in range(SPEAKERS)
    ]
    cut_off, slowest, killed = 0, 0.0, 0
    while killed < kills or sum(len(speaker.acknowledged) for speaker in speakers) < least:
        server, start = _timed(launch)
        slowest = max(slowest, start)
        _one_life(server, speakers, dice.uniform(0, longest))
        cut_off += sum(len(speaker.unanswered) for speaker in speakers)
        killed += 1
    server, start = _timed(launch)
    try:
        _talk_all(server, speakers, threading.Event())
        history = read_back(server.port)
    finally:
        server.process.stop()
    return Result(_compare(speakers, history), killed, cut_off, max(slowest, start))


def read_back(port: int) -> list[Told]:
    """Every message of the room, oldest first."""
    told: list[Told] = []
    since = 0
    with resp.Client(port) as client:
        client.call("HELLO", "3")
        while page := client.call("HISTORY", "SINCE", since, "COUNT", PAGE):
            since = page[-1]["seq"]
            told += [_told(entry) for entry in page if entry["kind"] == "message"]
    return told


def _told(entry: dict[str, Any]) -> Told:
    return Told(entry["seq"], entry["text"], entry["at"])


def _one_life(server: Server, speakers: Sequence[Speaker], seconds: float) -> None:
    more = threading.Event()
    more.set()
    threads = _start(server, speakers, more)
    try:
        time.sleep(seconds)
    finally:
        server.process.kill()
        more.clear()
    _join(threads, speakers)


def _talk_all(server: Server, speakers: Sequence[Speaker], more: threading.Event) -> None:
    _join(_start(server, speakers, more), speakers)
    if left := sum(len(speaker.unanswered) for speaker in speakers):
        raise BenchError(f"{left} messages were not answered though nobody killed the server")


def _start(server: Server, speakers: Sequence[Speaker], more: threading.Event) -> list[threading.Thread]:
    threads = [threading.Thread(target=each.talk, args=(server.port, more), daemon=True) for each in speakers]
    for thread in threads:
        thread.start()
    return threads


def _join(threads: Sequence[threading.Thread], speakers: Sequence[Speaker]) -> None:
    for thread in threads:
        thread.join(THREAD_SECONDS)
        if thread.is_alive():
            raise BenchError(f"a speaker got no answer for {THREAD_SECONDS:.0f} s")
    for speaker in speakers:
        if speaker.refused:
            raise BenchError(speaker.refused)


def _timed(launch: Callable[[], Server]) -> tuple[Server, float]:
    clock = time.perf_counter()
    return launch(), time.perf_counter() - clock


def _compare(speakers: Sequence[Speaker], history: Sequence[Told]) -> Account:
    acknowledged = {text: number for speaker in speakers for text, number in speaker.acknowledged.items()}
    return compare([speaker.said for speaker in speakers], acknowledged, history)
