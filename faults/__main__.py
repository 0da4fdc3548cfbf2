"""`python -m faults WHAT`, each with the flags that `--help` shows; `all` is everything, one after another.

`client` and `files` disturb our own client: messages and transfers over connections that are cut. The others
are `faults.figures`: what a server promises when things go wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Protocol

from faults import client, transfers
from faults.figures import FIGURES, Figure
from faults.tree import copy_there_and_back
from tests.support.server import ServerProcess

SCRATCH = Path(__file__).resolve().parent.parent / "build"
PLACES = 100


class Result(Protocol):
    """What came out, as a line for people."""

    @property
    def sound(self) -> bool:
        """Whether every promise was kept."""


Torture = Callable[[ServerProcess, Path], Result]


def main() -> int:
    """Torture what was asked for; exit code 1 when a promise was broken."""
    asked = _parser().parse_args()
    everything = asked.what == "all"
    sound = [
        _measure(name, figure, quick=asked.quick)
        for name, figure in FIGURES.items()
        if everything or asked.what == name
    ]
    if everything or asked.what == "client":
        sound += [_try(name, asked.seed, torture) for name, torture in _client(asked)]
    if everything or asked.what == "files":
        sound += [_try(name, asked.seed, torture) for name, torture in _files(asked)]
    return 0 if all(sound) else 1


def _measure(name: str, figure: Callable[..., Figure], *, quick: bool) -> bool:
    """Measure a figure in a folder of its own; say what came out."""
    SCRATCH.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as directory:
        result = figure(Path(directory), quick=quick)
    verdict = "sound" if result.sound else "BROKEN"
    print(f"{name}: {verdict}: {result}; {time.monotonic() - began:.0f} s", flush=True)
    return result.sound


def _client(asked: argparse.Namespace) -> list[tuple[str, Torture]]:
    tortures: list[tuple[str, Torture]] = []
    if asked.cuts:
        tortures.append(
            ("cuts", lambda server, _: _run(client.cut(server.port, asked.says, asked.cuts, asked.seed)))
        )
    if asked.kills:
        tortures.append(
            ("kill -9", lambda server, _: _run(client.kill(server, asked.kills, asked.seed, asked.seconds)))
        )
    return tortures


def _files(asked: argparse.Namespace) -> list[tuple[str, Torture]]:
    seed, seconds = asked.seed, asked.seconds
    servers, commands = asked.kills - asked.kills // 2, asked.kills // 2
    tortures: list[tuple[str, Torture]] = []
    if asked.cuts:
        tortures.append(
            ("cuts", lambda server, folder: _run(transfers.cut(server, folder, asked.cuts, seed)))
        )
    if servers:
        tortures.append(
            (
                "kill -9 of the server",
                lambda server, folder: _run(transfers.kill(server, folder, servers, seed, seconds)),
            )
        )
    if commands:
        tortures.append(
            (
                "kill -9 of commands",
                lambda server, folder: _run(transfers.kill_commands(server, folder, commands, seed, seconds)),
            )
        )
    if asked.tree:
        tortures.append(
            ("a real tree", lambda server, folder: copy_there_and_back(server, folder, asked.tree))
        )
    return tortures


def _run(torture: Coroutine[None, None, Result]) -> Result:
    return asyncio.run(torture)


def _try(name: str, seed: int, torture: Torture) -> bool:
    """Torture with a server and folders of its own; say what came out."""
    SCRATCH.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as directory:
        folder, served = Path(directory), Path(directory) / "served"
        served.mkdir()
        server = ServerProcess(served, max_clients=PLACES, quiet=True).start()
        try:
            result = torture(server, folder)
        finally:
            server.stop()
    verdict = "sound" if result.sound else "BROKEN"
    print(f"{name}: {verdict}: {result}, seed {seed}, {time.monotonic() - began:.0f} s", flush=True)
    return result.sound


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description="Torture at full size.")
    commands = parser.add_subparsers(required=True, metavar="WHAT", dest="what")
    library = commands.add_parser(
        "client", help="messages over connections that are cut, servers that are killed"
    )
    files = commands.add_parser("files", help="the same for transfers, and a real tree")
    everything = commands.add_parser("all", help="everything, one after another: half an hour")
    for name, figure in FIGURES.items():
        summary = (figure.__doc__ or "").partition("\n")[0].rstrip(".")
        one = commands.add_parser(name, help=summary[:1].lower() + summary[1:])
        one.add_argument("--quick", action="store_true", help="at the size of a test")
    everything.add_argument("--quick", action="store_true", help="at the size of a test, where there is one")
    for each in (library, everything):
        each.add_argument("--says", type=int, default=10_000, help="texts over connections that are cut")
    for each, kills in ((library, 100), (files, 200), (everything, 200)):
        each.add_argument("--kills", type=int, default=kills, help="kill -9; with files half of commands")
    for each in (files, everything):
        each.add_argument(
            "--tree", type=int, default=10_000, metavar="FILES", help="most files of the tree; 0: none"
        )
    for each in (library, files, everything):
        each.add_argument("--cuts", type=int, default=1_000, help="cuts meanwhile")
        each.add_argument("--seconds", type=float, default=600.0, help="most time for the kills")
        each.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
