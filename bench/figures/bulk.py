"""Long files: one of 1 GiB, fetched from the page cache and thrown away, or deposited under a new name.

The peers are nginx and vsftpd, with the same reader and sender (`bench.load.streams`); "the better of them"
is reached when both rows are. Connections are made, and logged in, before the clock runs.

Fetches are served from the disk's page cache. Deposits go to memory: Portico answers a deposit when it is on
the disk, the peers when it is in the page cache, and what the disk takes for its part is no one's merit.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import fileservers, servers
from bench.context import Context, Meter
from bench.errors import BenchError
from bench.figures.base import Figure, Run, Sides
from bench.load import streams
from bench.load.streams import Wire
from bench.ratios import NOISE, RatioAtLeast, Sample
from bench.servers import Server

MIB = 1 << 20
BIG = "big.bin"


@dataclass(frozen=True, slots=True)
class Contender:
    """Who serves files, and how to talk to it."""

    name: str
    launch: Callable[[Path, Path], contextlib.AbstractContextManager[Server]]
    wire: Callable[[int], Wire]


@contextlib.contextmanager
def _portico(scratch: Path, root: Path) -> Iterator[Server]:
    with servers.portico(scratch, "--files", "change", served=root) as server:
        yield server


PORTICO = Contender("portico", _portico, streams.Resp)
PORTICO_HTTP = Contender("portico", _portico, partial(streams.Http, root="/files/"))
NGINX = Contender("nginx", fileservers.nginx, streams.Http)
VSFTPD = Contender("vsftpd", fileservers.vsftpd, streams.Ftp)


def big_file(folder: Path, size: int) -> Path:
    """A file of random bytes in a folder, made once, and now in the page cache."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / BIG
    if not file.exists():
        block = os.urandom(MIB)
        with file.open("wb") as content:
            for number in range(0, size, MIB):
                content.write((number.to_bytes(8) + block[8:])[: size - number])
            os.fsync(content.fileno())
    return file


@dataclass(frozen=True, slots=True)
class Fetches:
    """The file, fetched by some at once; `portico` says over which wire from us."""

    peer: Contender
    count: int
    portico: Contender = PORTICO

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both, and compare what comes with what is there."""
        file = big_file(context.scratch / "big", context.size)
        with _both(self.peer, context.scratch, file.parent) as (ours, peer):
            for contender, server in ((self.portico, ours), (self.peer, peer)):
                if isinstance(server, Server):
                    with streams.connected(contender.wire, server.port, 1) as wires:
                        streams.check(wires[0], BIG, file)
            run = partial(self._run, size=context.size)
            yield _sides(self.peer, ours, peer, run, self.portico)

    def _run(self, contender: Contender, server: Server, size: int) -> Sample:
        with streams.connected(contender.wire, server.port, self.count) as wires:
            tasks = [partial(wire.fetch, BIG, size) for wire in wires]
            with Meter(server.process) as meter:
                streams.together(tasks)
        return meter.sample(self.count * size / MIB / meter.wall)


@dataclass(frozen=True, slots=True)
class Deposits:
    """The file, deposited by one, in memory; removed after each run, which also has the memory warm."""

    peer: Contender

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both on a folder in memory each, and deposit once."""
        source = big_file(context.scratch / "big", context.size)
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(context.in_memory())
            ours = stack.enter_context(_portico(context.scratch, _sub(folder, "ours")))
            peer = stack.enter_context(
                fileservers.present(self.peer.launch, context.scratch, _sub(folder, "peer"))
            )
            sides = _sides(self.peer, ours, peer, partial(_deposit, folder=folder, source=source))
            sides.ours()
            if sides.peer:
                sides.peer()
            yield sides


def _sub(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _deposit(contender: Contender, server: Server, folder: Path, source: Path) -> Sample:
    size, root = source.stat().st_size, folder / ("ours" if contender is PORTICO else "peer")
    with streams.connected(contender.wire, server.port, 1) as wires, source.open("rb") as content:
        task = partial(wires[0].deposit, BIG, content.fileno(), size)
        warm(folder, size)
        with Meter(server.process) as meter:
            streams.together([task])
    if not same(source, root / BIG):
        raise BenchError(f"{contender.name} does not have what was deposited")
    (root / BIG).unlink()
    server.process.settle()
    return meter.sample(size / MIB / meter.wall)


def warm(folder: Path, size: int) -> None:
    """Use as much memory as a run will, and let it go.

    A virtual machine gives free memory back to its host, and has to fetch it again a page at a time: the
    first gigabyte is then written four times slower than the second.
    """
    block = bytes(MIB)
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(0, size + size // 4, MIB):
            file.write(block)


def same(one: Path, other: Path) -> bool:
    """Whether two files have the same bytes."""
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as ours, other.open("rb") as theirs:
        return all(block == theirs.read(MIB) for block in iter(partial(ours.read, MIB), b""))


@contextlib.contextmanager
def _both(peer: Contender, scratch: Path, root: Path) -> Iterator[tuple[Server, Server | str]]:
    """Both on the same folder."""
    with _portico(scratch, root) as ours, fileservers.present(peer.launch, scratch, root) as theirs:
        yield ours, theirs


def _sides(
    peer: Contender,
    ours: Server,
    theirs: Server | str,
    run: Callable[[Contender, Server], Sample],
    portico: Contender = PORTICO,
) -> Sides:
    mine: Run = partial(run, portico, ours)
    if isinstance(theirs, str):
        return Sides(mine, None, (theirs,))
    return Sides(mine, partial(run, peer, theirs))


def figures() -> list[Figure]:
    """Fetches by one and by four, and deposits."""
    fetches = [
        Figure(
            f"download-{count}-{peer.name}",
            f"download, {count} at once / {peer.name}",
            "MiB/s",
            RatioAtLeast(1.0, noise=NOISE),
            Fetches(peer, count).prepare,
        )
        for count in (1, 4)
        for peer in (NGINX, VSFTPD)
    ]
    deposits = [
        Figure(
            f"upload-{peer.name}",
            f"upload to memory / {peer.name}",
            "MiB/s",
            RatioAtLeast(must, noise=NOISE),
            Deposits(peer).prepare,
        )
        for peer, must in ((NGINX, 1.0), (VSFTPD, 2.0))
    ]
    return [*fetches, *deposits]


def http_figures() -> list[Figure]:
    """Fetches over HTTP on both sides, by one and by several."""
    return [
        Figure(
            f"download-{count}-http",
            f"download over HTTP, {count} at once / nginx",
            "MiB/s",
            RatioAtLeast(0.95, noise=NOISE),
            Fetches(NGINX, count, PORTICO_HTTP).prepare,
        )
        for count in (1, 2, 4)
    ]
