"""`python -m faults client [--says N] [--cuts N] [--kills N] [--seconds S] [--seed N]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from faults.client import Result, cut, kill
from tests.support.server import ServerProcess

SCRATCH = Path(__file__).resolve().parent.parent / "build"
PLACES = 100


def main() -> int:
    """Torture the client library; exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m faults", description="Torture at full size.")
    parser.add_argument("what", choices=["client"])
    parser.add_argument("--says", type=int, default=10_000, help="texts over connections that are cut")
    parser.add_argument("--cuts", type=int, default=1_000, help="cuts meanwhile")
    parser.add_argument("--kills", type=int, default=100, help="kill -9 of the server, while everybody talks")
    parser.add_argument("--seconds", type=float, default=600.0, help="most time for the kills")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    asked = parser.parse_args()
    sound = True
    if asked.cuts:
        sound = _try("cuts", asked.seed, lambda server: cut(server.port, asked.says, asked.cuts, asked.seed))
    if asked.kills:
        sound &= _try(
            "kill -9", asked.seed, lambda server: kill(server, asked.kills, asked.seed, asked.seconds)
        )
    return 0 if sound else 1


def _try(name: str, seed: int, torture: Callable[[ServerProcess], Coroutine[None, None, Result]]) -> bool:
    """Torture with a server of its own; say what came out."""
    SCRATCH.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as directory:
        server = ServerProcess(Path(directory), max_clients=PLACES, quiet=True).start()
        try:
            result = asyncio.run(torture(server))
        finally:
            server.stop()
    print(f"{name}: {result}, seed {seed}, {time.monotonic() - began:.0f} s", flush=True)
    return result.sound


if __name__ == "__main__":
    sys.exit(main())
