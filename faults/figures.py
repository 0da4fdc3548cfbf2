"""What a server promises when things go wrong, measured: each at full size, or at the size of a test.

    result = restart(folder, quick=False)
    result.sound, str(result)

Every one starts real servers of its own in `folder`, talks to loopback only, and ends what it has started.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Self

from bench.crashes import torture
from bench.servers import launch_portico
from faults.figure import Figure, served
from faults.hostile import hostile
from portico.server.limits import PARTIAL_SECONDS
from tests.faults.crowd import SEQ, fast_fill, memory
from tests.support.resp import RespClient, RespError, encode
from tests.support.server import ServerProcess
from tests.support.stream import Stream

SOON_SECONDS = 2.0

LOADED_SECONDS = 10.0
"""How much longer anything may take at the size of a test, beside which other tests keep the machine busy."""

# Messages


def kills(folder: Path, *, quick: bool, seed: int = 1) -> Figure:
    """Acknowledged messages over kill -9 under load: missing, twice, out of order."""
    count, least = (3, 0) if quick else (20, 1_000_000)
    launch = partial(launch_portico, folder, ["--quiet"])
    result = torture(launch, kills=count, seed=seed, least=least)
    account = result.account
    sound = account.sound and account.acknowledged >= least and result.kills >= count
    return Figure(sound, f"{result.kills} kills, {result.cut_off} messages cut off: {account}")


def restart(folder: Path, *, quick: bool) -> Figure:
    """The time from the start of the process to the first acknowledgement, in a room with many entries."""
    entries, most = (20_000, SOON_SECONDS + LOADED_SECONDS) if quick else (1_000_000, SOON_SECONDS)
    # With "normal" the first commit would wait for the disk to take all that was said before.
    with served(folder, sync="full") as server:
        fast_fill(server, entries)
        server.kill()
        killed = first_answer(server)
        server.terminate()
        stopped = first_answer(server)
    text = f"{entries:,} entries: first answer {killed:.2f} s after kill -9, {stopped:.2f} s after SIGTERM"
    return Figure(max(killed, stopped) < most, f"{text} (most {most} s)")


def first_answer(server: ServerProcess) -> float:
    """Start a server; return when the first message was acknowledged, in seconds."""
    began = time.monotonic()
    server.restart(sync="full")
    with server.resp_client() as client:
        client.call("SAY", "awake", "AS", "first")
    return time.monotonic() - began


# Crowds

IDLE, SLOW = 10_000, 500

ENOUGH_MILLISECONDS = 2.0
"""A PING that takes less is quick, however much quicker it is alone."""

LOOKING_SECONDS = 0.3
"""How long after its time a slowloris may be found gone: we look ten times a second."""

FACES = {
    "text": b"Hello the",
    "resp": b"*2\r\n$4\r\nECHO\r\n$500\r\nabc",
    "http": b"GET /files HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "body": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nabc",
    "tls": b"\x16\x03\x01\x02",
}
"""What a slowloris sends of each face before it sends a byte now and then, never the last one."""


def crowd(folder: Path, *, quick: bool) -> Figure:
    """A good client's PING beside thousands that say nothing and hundreds that never finish."""
    idle, slow, rounds = (500, 50, 1) if quick else (IDLE, SLOW, 5)
    allow(idle + slow + 500)
    with served(folder, max_connections=idle + slow + 100) as server:
        alone, beside, gone = [], [], []
        for _ in range(rounds):
            alone.append(ping(server))
            with silent(server, idle), Slowloris(server, slow) as crowded:
                beside.append(ping(server))
                gone.append(crowded.gone())
    before, after, last = statistics.median(alone), statistics.median(beside), max(gone)
    prompt = quick or after <= 2 * before or after < ENOUGH_MILLISECONDS
    sound = prompt and last <= PARTIAL_SECONDS + (LOADED_SECONDS if quick else LOOKING_SECONDS)
    text = f"{idle:,} idle and {slow} slowloris: PING p99 {after:.2f} ms, alone {before:.2f} ms"
    return Figure(sound, f"{text} ({after / before:.1f} times); the longest slowloris lasted {last:.1f} s")


def allow(files: int) -> None:
    """Let this process open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        raise SystemExit(f"{files:,} open files are needed here and {hard:,} allowed: ulimit -Hn {files}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))


def ping(server: ServerProcess, count: int = 2_000) -> float:
    """The 99th percentile of a PING, in milliseconds."""
    request, times = encode("PING"), []
    with RespClient(server.port) as client:
        client.call("PING")
        for _ in range(count):
            began = time.perf_counter()
            client.socket.sendall(request)
            client.socket.recv(100)
            times.append(time.perf_counter() - began)
    return sorted(times)[int(0.99 * count)] * 1_000


@contextlib.contextmanager
def silent(server: ServerProcess, count: int) -> Iterator[None]:
    """So many connections that say nothing."""
    socks = []
    try:
        socks += (socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(count))
        yield
    finally:
        for sock in socks:
            sock.close()


class Slowloris:
    """Connections that begin, send a byte now and then, and never finish; a thread of their own."""

    def __init__(self, server: ServerProcess, count: int) -> None:
        self._left: dict[socket.socket, float] = {}
        faces = list(FACES.values())
        for number in range(count):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            self._left[sock] = time.monotonic()
            sock.sendall(faces[number % len(faces)])
            sock.settimeout(0)
        self._longest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for sock in self._left:
            sock.close()

    def gone(self, most: float = 2 * PARTIAL_SECONDS) -> float:
        """Wait until the server has closed all; return how long the longest lasted, in seconds."""
        began = time.monotonic()
        while self._left and time.monotonic() - began < most:
            time.sleep(0.1)
        return self._longest if not self._left else most

    def _drip(self) -> None:
        while not self._over.wait(0.1):
            for sock in list(self._left):
                if closed(sock):
                    sock.close()
                    self._longest = max(self._longest, time.monotonic() - self._left.pop(sock))


def closed(sock: socket.socket) -> bool:
    """Send a drop; tell whether the other side has closed."""
    try:
        sock.send(b"x")
        while sock.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def readers(folder: Path, *, quick: bool) -> Figure:
    """Followers that stop reading while much is said: the others, memory, and what they get then."""
    followers, megabytes = (3, 15) if quick else (20, 150)
    length = 10_000
    messages = megabytes * 1_000_000 // length
    with served(folder, max_clients=followers + 20, sync="normal") as server, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(server.resp_client(3)) for _ in range(followers)]
        quickly = stack.enter_context(server.resp_client(3))
        for client in (*slow, quickly):
            client.call("FOLLOW")
        before = memory(server)
        reading = Reading(quickly, messages)
        fast_fill(server, messages, length)
        fresh = reading.done()
        grown = memory(server) - before
        late = [numbers_of(client, messages) for client in slow]
    most = 8 * followers + 64
    whole = all(found == fresh for found in late)
    once = fresh == sorted(set(fresh)) and len(fresh) >= messages
    text = f"{followers} followers that stop reading {megabytes} MB: memory grew {grown} MB (most {most})"
    outcome = f"{'all' if whole and once else 'NOT ALL'} got everything, once and in order"
    return Figure(whole and once and grown < most, f"{text}; {outcome}")


PUSH, MESSAGE = b">2\r\n$5\r\nentry\r\n", b"$4\r\nkind\r\n$7\r\nmessage\r\n"


class Reading:
    """A follower that reads all the time, in a thread."""

    def __init__(self, client: Stream, messages: int) -> None:
        self._found: list[int] = []
        self._thread = threading.Thread(
            target=lambda: self._found.extend(numbers_of(client, messages)), daemon=True
        )
        self._thread.start()

    def done(self) -> list[int]:
        """What it has got, once that is everything."""
        self._thread.join(120)
        return self._found


def numbers_of(client: Stream, messages: int) -> list[int]:
    """Read pushes until so many messages came; return the numbers of their entries and those among them."""
    client.socket.settimeout(60)
    found, data = 0, bytearray(client.buffer)
    numbers: list[int] = []
    while True:
        # The last push may not be whole, unless it is the very last.
        whole = max(0, data.rfind(PUSH))
        found += data.count(MESSAGE, 0, whole)
        numbers += map(int, SEQ.findall(data[:whole]))
        del data[:whole]
        if found + data.count(MESSAGE) >= messages and data.endswith(b"\r\n"):
            numbers += map(int, SEQ.findall(data))
            return numbers[: messages + 1]
        data += client.socket.recv(1 << 20)


# Disks

LEFT_BYTES = 16_000_000
"""What the log has before its disk is full."""

A_FEW = 4
"""Words of a refusal: more than its code."""


def disk(folder: Path, *, quick: bool) -> Figure:
    """A log's disk that becomes full, and is freed: refusals in words, no loss, how soon it is back."""
    from tests.faults.machines import small_disk  # noqa: PLC0415 - needs root, which the others do not

    rounds, most = (1, SOON_SECONDS + LOADED_SECONDS) if quick else (5, SOON_SECONDS)
    said: list[str] = []
    slowest = 0.0
    refusals = set()
    with small_disk(folder / "disk", "160m") as place, served(folder, ledger=place / "log.sqlite3") as server:
        with server.resp_client() as client:
            for _ in range(rounds):
                ballast = place / "ballast"
                ballast.write_bytes(bytes(shutil.disk_usage(place).free - LEFT_BYTES))
                refusals.add(say_until_full(client, said))
                ballast.unlink()
                slowest = max(slowest, until_accepted(client, said))
                client.call("PING")
            kept = read_all(client)
        server.kill()
        server.restart()
        with server.resp_client() as client:
            kept_after = read_all(client)
    whole = kept == said == kept_after
    text = f"{rounds} times full: {len(said)} acknowledged, {'all' if whole else 'NOT ALL'} kept; back after"
    words = all(refusal.startswith("NOSPACE ") and len(refusal.split()) > A_FEW for refusal in refusals)
    return Figure(whole and words and slowest < most, f"{text} {slowest:.2f} s (most {most} s); {refusals}")


def say_until_full(client: RespClient, said: list[str]) -> str:
    """Say long messages until one is refused; return the refusal."""
    dice = Random(len(said))
    while True:
        text = f"{len(said)} ".ljust(50_000, chr(ord("a") + dice.randrange(26)))
        try:
            client.call("SAY", text)
        except RespError as error:
            return f"{error.code} {error.sentence}"
        said.append(text)


def until_accepted(client: RespClient, said: list[str]) -> float:
    """Say one thing until it is accepted; return how long that took, in seconds."""
    began = time.monotonic()
    text = f"{len(said)} again"
    while True:
        try:
            client.call("SAY", text)
        except RespError:
            time.sleep(0.02)
        else:
            said.append(text)
            return time.monotonic() - began


def read_all(client: RespClient) -> list[str]:
    """The texts of all messages, which are long, in order."""
    from tests.faults.crowd import everything  # noqa: PLC0415 - beside its only use

    return [entry["text"] for entry in everything(client, page_size=50)]


FIGURES: dict[str, Callable[..., Figure]] = {
    "kills": kills,
    "restart": restart,
    "crowd": crowd,
    "readers": readers,
    "disk": disk,
    "hostile": hostile,
}
