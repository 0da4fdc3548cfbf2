"""What transfers cost others: the time of a PING beside them, and the server's memory for each.

The peer for PING is nginx serving the same transfers while a tiny file is asked for at the same pace.
"""

import contextlib
import itertools
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import fileservers, resp, servers
from bench.context import Context, Meter
from bench.figures.base import Figure, Sides
from bench.figures.bulk import BIG, big_file
from bench.load import busy, pings
from bench.load.streams import RANGE
from bench.ratios import RatioAtMost, Sample, ValueAtMost
from bench.servers import Server

DOWNLOADS = 4
UPLOAD = "deposited.bin"
#: Transfers of the memory figure, each way.
EACH_WAY = 25
#: What a slow transfer moves at once, and how often: two megabytes a second for all together.
SIP, SIP_PAUSE = 16 << 10, 0.2
#: The least time for which memory is watched.
WATCH_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Pings:
    """Four downloads, perhaps an upload too, and somebody who asks a thousand times a second."""

    uploads: int

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both on folders of their own: fetched from the page cache, deposited in memory."""
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(context.in_memory())
            ours, theirs = place / "ours", place / "peer"
            for folder in (ours, theirs):
                big_file(folder, context.size // 4)
                (folder / pings.TINY).write_text("tiny\n")
            launch = partial(servers.portico, context.scratch, "--files", "change", served=ours)
            mine = stack.enter_context(launch())
            peer = stack.enter_context(fileservers.present(fileservers.nginx, context.scratch, theirs))
            run = partial(_beside, uploads=self.uploads, seconds=2 * context.seconds)
            if isinstance(peer, str):
                yield Sides(partial(run, mine, "resp", ours), None, (peer,))
            else:
                yield Sides(partial(run, mine, "resp", ours), partial(run, peer, "http", theirs))


def _beside(server: Server, wire: str, folder: Path, uploads: int, seconds: float) -> Sample:
    """One run; the 99th percentile in milliseconds."""
    fetch = ("fetch", wire, server.port, BIG, folder / BIG)
    deposit = ("deposit", wire, server.port, UPLOAD, folder / BIG)
    with Meter(server.process) as meter, busy.transfers([fetch] * DOWNLOADS + [deposit] * uploads):
        value = pings.result(pings.start(wire, server.port, seconds))
    (folder / UPLOAD).unlink(missing_ok=True)
    return meter.sample(value)


@dataclass(frozen=True, slots=True)
class Memory:
    """Slow downloads and slow uploads, half of fifty each; every run has a new server."""

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Make the file that is fetched."""
        big_file(context.scratch / "big", context.size)
        seconds = max(WATCH_SECONDS, context.seconds)
        yield Sides(partial(_growth, context, seconds))


def _growth(context: Context, seconds: float) -> Sample:
    """One run; KiB for each transfer, at the worst moment."""
    with (
        servers.portico(context.scratch, served=context.scratch / "big") as server,
        contextlib.ExitStack() as stack,
    ):
        _once(server.port)
        server.process.settle()
        before = server.process.rss()
        clients = [stack.enter_context(resp.Client(server.port)) for _ in range(2 * EACH_WAY)]
        steps = [_sipping(client, context.size) for client in clients[:EACH_WAY]]
        steps += [_dripping(client) for client in clients[EACH_WAY:]]
        most = max(server.process.rss() for _ in _rounds(steps, seconds))
    return Sample(max(0, most - before) / len(clients) / 1024)


def _once(port: int) -> None:
    """What the first transfer brings into memory once for all."""
    with resp.Client(port) as client:
        client.send([("READ", BIG, 0, SIP)])
        assert client.skip() == SIP
        upload = secrets.token_hex(16)
        client.call("PUT", f"{upload}.bin", SIP, "UPLOAD", upload)
        client.call("WRITE", upload, 0, bytes(SIP))
        client.call("FINISH", upload)


def _rounds(steps: Sequence[Callable[[], None]], seconds: float) -> Iterator[None]:
    """Let each take a step, again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for step in steps:
            step()
        yield
        time.sleep(SIP_PAUSE)


def _sipping(client: resp.Client, size: int) -> Callable[[], None]:
    """A reader that has asked for the whole file, and takes a little at a time."""
    client.send([("READ", BIG, offset, RANGE) for offset in range(0, size, RANGE)])
    return lambda: _all_there(client.socket.recv(SIP))


def _dripping(client: resp.Client) -> Callable[[], None]:
    """A writer that has announced as much as a WRITE may have, and gives a little at a time."""
    upload = secrets.token_hex(16)
    client.call("PUT", f"{upload}.bin", 2 * RANGE, "UPLOAD", upload)
    head = resp.encode("WRITE", upload, 0, b"").removesuffix(b"$0\r\n\r\n")
    pieces = itertools.chain([head + b"$%d\r\n" % RANGE], itertools.repeat(bytes(SIP)))
    return lambda: client.socket.sendall(next(pieces))


def _all_there(data: bytes) -> None:
    assert data, "the server closed the connection of a slow reader"


def figures() -> list[Figure]:
    """The time of a PING, then memory."""
    return [
        Figure(
            "ping-downloads",
            "PING p99 beside 4 downloads / nginx",
            "ms",
            RatioAtMost(2.0),
            Pings(uploads=0).prepare,
        ),
        Figure(
            "ping-transfers",
            "PING p99 beside 4 downloads, 1 upload / nginx",
            "ms",
            RatioAtMost(2.0),
            Pings(uploads=1).prepare,
        ),
        Figure(
            "transfers-memory",
            "memory per transfer, 25 down and 25 up",
            "KiB",
            ValueAtMost(1024, unit="KiB"),
            Memory().prepare,
        ),
    ]
