"""What every figure is told: how often, how long, where."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.errors import BenchError
from bench.processes import Process, machine_cpu, own_cpu
from bench.ratios import Sample

#: File systems in memory: an fsync there costs nothing, so a durable figure would mean nothing.
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "devtmpfs"})
#: Where Linux has one.
MEMORY = Path("/dev/shm")  # noqa: S108 - every name in it is made by tempfile


@dataclass(frozen=True, slots=True)
class Context:
    """The bounds of one measurement.

    `scratch` is on a disk, `memory` a directory on a file system in memory; `size` the bytes of a long file,
    `files` the number of small ones in a tree.
    """

    rounds: int
    seconds: float
    scratch: Path
    quick: bool = False
    seed: int = 0
    memory: Path = MEMORY
    size: int = 1 << 30
    files: int = 10_000

    @contextlib.contextmanager
    def in_memory(self) -> Iterator[Path]:
        """A new directory in memory, removed afterwards."""
        with tempfile.TemporaryDirectory(
            prefix="bench-", dir=self.memory, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)

    def count(self, full: int, quick: int) -> int:
        """A number of connections or rounds, smaller in a quick look."""
        return quick if self.quick else full


@contextlib.contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """A directory of our own under `parent`, on a disk, removed in the end."""
    parent.mkdir(parents=True, exist_ok=True)
    kind = file_system(parent)
    if kind in MEMORY_FILE_SYSTEMS:
        raise BenchError(
            f"the scratch directory is on {kind}, where durability costs nothing: give --scratch a disk"
        )
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


def file_system(path: Path) -> str:
    """The type of the file system `path` is on, as in /proc/mounts; the longest mount point wins."""
    target = os.path.realpath(path)
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text("utf-8").splitlines()]
    holding = [(point, kind) for point, kind in mounts if Path(target).is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]


class Meter:
    """Take the time and the processors' work of one run: `with Meter(server) as meter`, then `sample`."""

    def __init__(self, server: Process) -> None:
        """Watch this server."""
        self._server = server
        self.wall = self._server_cpu = self._generator_cpu = self._others_cpu = 0.0

    def __enter__(self) -> Self:
        self._start = (self._server.cpu(), own_cpu(), machine_cpu(), time.perf_counter())
        return self

    def __exit__(self, *_: object) -> None:
        server, generator, machine, clock = self._start
        self.wall = time.perf_counter() - clock
        self._generator_cpu = own_cpu() - generator
        self._server_cpu = self._server.cpu() - server
        self._others_cpu = max(0.0, machine_cpu() - machine - self._generator_cpu - self._server_cpu)

    def sample(self, value: float) -> Sample:
        """The run as a sample."""
        return Sample(value, self.wall, self._server_cpu, self._generator_cpu, self._others_cpu)
