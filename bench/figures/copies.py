"""Whole commands, from start to exit: `portico get` and `put` beside what a person would use instead.

`verified`: one long file, fetched and its digest compared, beside `curl` and then `sha256sum`.
`tree-...`: small files, fetched by `portico get -r` beside `rsync -a` from a daemon and lftp from vsftpd, to
memory and to the disk; and deposited by `portico put -r` beside `rsync -a --fsync` into a daemon, on disk.
Listing, times and the rename of each file are included on all sides. What came is compared with what was
there after the clock has stopped.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import fileservers, servers, trees
from bench.context import MEMORY_FILE_SYSTEMS, Context, Meter, file_system
from bench.errors import BenchError
from bench.figures.base import Figure, Run, Sides
from bench.figures.bulk import BIG, MIB, big_file, same, warm
from bench.ratios import NOISE, RatioAtLeast, Sample
from bench.servers import HOST, Server, tool

TREE = "tree"
PATIENCE = 300.0

Arguments = Sequence[str | Path]


def portico_command(*arguments: str | Path) -> Arguments:
    """A command of the shell."""
    return sys.executable, "-m", "portico", *arguments


def run(command: Arguments, port: int = 0) -> None:
    """Run it to its end; `port` is where a Portico listens."""
    done = subprocess.run(
        command,
        env=os.environ | {"PORTICO_SERVER": f"{HOST}:{port}"},
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise BenchError(f"{Path(command[0]).name} ended with {done.returncode}: {said}")


@dataclass(frozen=True, slots=True)
class Verified:
    """One long file, to memory."""

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both on the same folder."""
        file = big_file(context.scratch / "big", context.size)
        with (
            context.in_memory() as folder,
            servers.portico(context.scratch, served=file.parent) as ours,
            fileservers.present(fileservers.nginx, context.scratch, file.parent) as peer,
        ):
            target, size = folder / BIG, context.size
            get = partial(run, portico_command("get", BIG, "-o", target), ours.port)
            mine = partial(_timed, ours, get, partial(_one_file, file, target), folder, size)
            mine()
            yield _beside_curl(peer, mine, file, target)


def _beside_curl(peer: Server | str, mine: Run, file: Path, target: Path) -> Sides:
    try:
        curl, digest = tool("curl"), tool("sha256sum")
    except BenchError as missing:
        return Sides(mine, None, (str(missing),))
    if isinstance(peer, str):
        return Sides(mine, None, (peer,))

    def fetch() -> None:
        run((curl, "-s", "-S", "-f", "-o", target, f"http://{HOST}:{peer.port}/{BIG}"))
        run((digest, target))

    return Sides(
        mine,
        partial(_timed, peer, fetch, partial(_one_file, file, target), target.parent, file.stat().st_size),
    )


def _one_file(file: Path, target: Path) -> None:
    if not same(file, target):
        raise BenchError(f"{target.name} did not come as it is")
    target.unlink()


def _timed(
    server: Server, work: Callable[[], None], check: Callable[[], None], folder: Path, size: int
) -> Sample:
    """One run of whole commands; MiB per second."""
    warm(folder, size)
    with Meter(server.process) as meter:
        work()
    check()
    server.process.settle()
    return meter.sample(size / MIB / meter.wall)


@dataclass(frozen=True, slots=True)
class Fetches:
    """The tree, fetched into a new folder each time."""

    peer: str
    memory: bool

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start both on the same tree; fetch once on each side, so that all is in the page cache."""
        served = context.scratch / "served"
        size = _tree(served / TREE, context.files)
        launch = fileservers.rsyncd if self.peer == "rsync" else fileservers.vsftpd
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(context.in_memory()) if self.memory else context.scratch
            ours = stack.enter_context(servers.portico(context.scratch, served=served))
            theirs = stack.enter_context(fileservers.present(launch, context.scratch, served))
            copy = partial(_fetched, served / TREE, place, size)
            mine = partial(copy, ours, _get, times=True)
            mine()
            yield self._sides(mine, theirs, copy)

    def _sides(self, mine: Run, theirs: Server | str, copy: Callable[..., Sample]) -> Sides:
        command, times = (_rsync, True) if self.peer == "rsync" else (_lftp, False)
        try:
            tool(self.peer)
        except BenchError as missing:
            theirs = str(missing)
        if isinstance(theirs, str):
            return Sides(mine, None, (theirs,))
        peer = partial(copy, theirs, command, times=times)
        peer()
        return Sides(mine, peer)


def _get(server: Server, place: Path) -> None:
    run(portico_command("get", "-r", TREE, "-o", place), server.port)


def _rsync(server: Server, place: Path) -> None:
    run(("rsync", "-a", f"rsync://{HOST}:{server.port}/tree/{TREE}", f"{place}/"))


def _lftp(server: Server, place: Path) -> None:
    run(("lftp", "-c", f"open -p {server.port} {HOST}; mirror {TREE} {place / TREE}"))


def _fetched(
    origin: Path,
    parent: Path,
    size: int,
    server: Server,
    command: Callable[[Server, Path], None],
    *,
    times: bool,
) -> Sample:
    """One run; MiB per second."""
    place = servers.new_home(parent, "copy-")
    if file_system(place) in MEMORY_FILE_SYSTEMS:
        warm(place, size)
    else:
        os.sync()
    with Meter(server.process) as meter:
        command(server, place)
    trees.check(origin, place / TREE, times=times)
    shutil.rmtree(place)
    server.process.settle()
    return meter.sample(size / MIB / meter.wall)


def _tree(folder: Path, files: int) -> int:
    """The tree, made once for all figures; return its bytes."""
    if not folder.exists():
        return trees.make(folder, files)
    return sum(file.stat().st_size for file in folder.rglob("*.bin"))


@dataclass(frozen=True, slots=True)
class Deposits:
    """The tree, deposited and durable; every run has new servers, so that none has the old files to tend."""

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Make the tree."""
        origin = context.scratch / "served" / TREE
        size = _tree(origin, context.files)
        mine = partial(_deposited, context.scratch, origin, size, _portico, _put)
        try:
            tool("rsync")
        except BenchError as missing:
            yield Sides(mine, None, (str(missing),))
            return
        yield Sides(mine, partial(_deposited, context.scratch, origin, size, fileservers.rsyncd, _rsync_put))


@contextlib.contextmanager
def _portico(scratch: Path, root: Path) -> Iterator[Server]:
    with servers.portico(scratch, served=root) as server:
        yield server


def _put(server: Server, origin: Path) -> None:
    run(portico_command("put", "-r", origin), server.port)


def _rsync_put(server: Server, origin: Path) -> None:
    run(("rsync", "-a", "--fsync", origin, f"rsync://{HOST}:{server.port}/tree/"))


def _deposited(
    scratch: Path,
    origin: Path,
    size: int,
    launch: Callable[[Path, Path], contextlib.AbstractContextManager[Server]],
    command: Callable[[Server, Path], None],
) -> Sample:
    root = servers.new_home(scratch, "deposited-")
    os.sync()
    with launch(scratch, root) as server:
        server.process.settle()
        with Meter(server.process) as meter:
            command(server, origin)
        trees.check(origin, root / TREE, times=True)
    shutil.rmtree(root)
    return meter.sample(size / MIB / meter.wall)


def figures() -> list[Figure]:
    """One long file, then trees."""
    return [
        Figure(
            "verified",
            "portico get, verified / curl and sha256sum",
            "MiB/s",
            RatioAtLeast(1.5),
            Verified().prepare,
        ),
        _fetch("tree-memory-rsync", "rsync", RatioAtLeast(1.0, noise=NOISE), memory=True),
        _fetch("tree-memory-ftp", "lftp", RatioAtLeast(5.0), memory=True),
        _fetch("tree-disk-rsync", "rsync", RatioAtLeast(0.8, 1.0, noise=NOISE), memory=False),
        _fetch("tree-disk-ftp", "lftp", RatioAtLeast(5.0), memory=False),
        Figure(
            "tree-put",
            "tree, put -r on the disk, durable / rsync --fsync",
            "MiB/s",
            RatioAtLeast(1.0, noise=NOISE),
            Deposits().prepare,
        ),
    ]


def _fetch(name: str, peer: str, goal: RatioAtLeast, *, memory: bool) -> Figure:
    place = "memory" if memory else "the disk"
    return Figure(name, f"tree, get -r to {place} / {peer}", "MiB/s", goal, Fetches(peer, memory).prepare)
