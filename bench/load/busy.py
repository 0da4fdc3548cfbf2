"""Transfers that go on until they are ended, each in a process of its own, for others to notice them.

python -m bench.load.busy fetch|deposit WIRE PORT PATH FILE
"""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.load import streams

WIRES: dict[str, Callable[[int], streams.Wire]] = {"resp": streams.Resp, "http": streams.Http}
BEGUN = "begun"


@contextlib.contextmanager
def transfers(tasks: Sequence[Sequence[str | Path | int]]) -> Iterator[None]:
    """Run so many until the end of the block; fail when one of them did."""
    processes = [_start(task) for task in tasks]
    try:
        for process in processes:
            assert process.stdout is not None
            if process.stdout.readline().strip() != BEGUN:
                raise BenchError("a transfer did not begin; see above")
        yield
        if any(process.poll() is not None for process in processes):
            raise BenchError("a transfer ended before its time; see above")
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.communicate()


def _start(task: Sequence[str | Path | int]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bench.load.busy", *map(str, task)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def main(what: str, wire: str, port: str, path: str, file: str) -> None:
    """Repeat one transfer for ever; `file` is the origin here of what is fetched or deposited."""
    size = Path(file).stat().st_size
    connection = WIRES[wire](int(port))
    with Path(file).open("rb") as content:
        print(BEGUN, flush=True)
        while True:
            if what == "fetch":
                connection.fetch(path, size)
            else:
                connection.deposit(path, content.fileno(), size)


if __name__ == "__main__":
    main(*sys.argv[1:])
