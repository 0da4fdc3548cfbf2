"""`python -m fuzz TARGET [--seconds 10] [--seed N]`; exit code 1 when something was found."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from fuzz.run import Found, run
from fuzz.targets import TARGETS


def main() -> int:
    """Fuzz one target for a while."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Random bytes for what reads bytes.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    asked = parser.parse_args()
    end = time.monotonic() + asked.seconds
    try:
        count = run(asked.target, asked.seed, lambda _: time.monotonic() < end)
    except Found as found:
        traceback.print_exception(found.__cause__)
        print(f"Found with --seed {asked.seed}, {found}")
        return 1
    print(f"{asked.target}: {count:,} inputs, seed {asked.seed}, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
