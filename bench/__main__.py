"""The command line: `python -m bench wire`, `client`, `files`, `http` or `page`."""

import argparse
import dataclasses
import json
import os
import platform
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import figures, table
from bench.context import MEMORY, Context, file_system, scratch_directory
from bench.errors import BenchError
from bench.figures.base import Measurable
from bench.ratios import MISSED

CHECKOUT = Path(__file__).resolve().parent.parent
SCRATCH = CHECKOUT / "build" / "bench"
ROUNDS, SECONDS = 5, 2.0
#: What is measured; each names the function of `bench.figures` that lists it.
COMMANDS = {
    "wire": "requests, durable messages, fan-out, memory, crashes",
    "client": "the client library, and what the commands of the shell cost",
    "files": "transfers: long files, trees, and what others notice of them",
    "http": "long files over HTTP",
    "page": "the page in a browser",
}
#: Those that have files of a size.
FILE_COMMANDS = ("files", "http")
QUICK_ROUNDS, QUICK_SECONDS = 2, 0.5
#: Of a long file, in MiB, and of a tree, in small files: large enough that setting up does not count.
SIZE, FILES = 1024, 10_000
QUICK_SIZE, QUICK_FILES = 256, 1_000
MIB = 1 << 20
#: Names that stand for all figures that begin with them.
GROUPS = frozenset(
    {"download", "fanout", "first", "frames", "library", "ping", "say", "start", "tree", "upload"}
)
#: Exit codes: everything was measured and is correct; something was not; the command line makes no sense.
DONE, FAILED, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print the table."""
    options = _parser().parse_args(arguments)
    known = getattr(figures, options.command)()
    if options.list:
        print("\n".join(f"{figure.name:16} {figure.title}" for figure in known))
        return DONE
    try:
        chosen = choose(known, options.only)
        with scratch_directory(options.scratch) as scratch:
            context = _context(options, scratch)
            rows = [_measure(figure, context) for figure in chosen]
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    _report(rows, options, context)
    return FAILED if any(_failed(row) for row in rows) else DONE


def choose(known: Sequence[Measurable], only: str | None) -> list[Measurable]:
    """The figures named; a name also stands for all that begin with it and a dash."""
    if only is None:
        return list(known)
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if not any(_named(figure, name) for figure in known):
            raise BenchError(f"there is no figure {name!r}: {', '.join(figure.name for figure in known)}")
    return [figure for figure in known if any(_named(figure, name) for name in names)]


def _named(figure: Measurable, name: str) -> bool:
    return figure.name == name or (figure.name.startswith(f"{name}-") and name in GROUPS)


def _measure(figure: Measurable, context: Context) -> table.Row:
    """One row; a figure that fails must not take the others with it."""
    print(f"measuring {figure.name}: {figure.title}", file=sys.stderr, flush=True)
    clock = time.monotonic()
    try:
        row = figure.measure(context)
    except (BenchError, OSError) as error:
        row = table.not_measured(figure.name, figure.title, f"{error}" or type(error).__name__)
    print(f"  {table.brief(row)} ({time.monotonic() - clock:.0f} s)", file=sys.stderr, flush=True)
    return row


def _failed(row: table.Row) -> bool:
    """Machines differ, so a missed speed is no failure. A wrong log is one, and a figure without a value."""
    return row.verdict == table.NOT_MEASURED or (row.name == "kill9" and row.verdict == MISSED)


def _context(options: argparse.Namespace, scratch: Path) -> Context:
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    seed = random.randrange(1 << 16) if options.seed is None else options.seed
    plain = Context(rounds, seconds, scratch, options.quick, seed)
    if options.command not in FILE_COMMANDS:
        return plain
    size = options.size or (QUICK_SIZE if options.quick else SIZE)
    files = options.files or (QUICK_FILES if options.quick else FILES)
    return dataclasses.replace(plain, memory=options.memory, size=size * MIB, files=files)


def _report(rows: Sequence[table.Row], options: argparse.Namespace, context: Context) -> None:
    print(table.render(rows))
    if context.rounds < ROUNDS:
        print(f"only {context.rounds} rounds: a quick look, no evidence")
    if options.json is not None:
        data = table.as_data(rows, _environment(options.scratch, context))
        options.json.write_text(json.dumps(data, indent=2) + "\n", "utf-8")


def _environment(scratch: Path, context: Context) -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "file_system": file_system(scratch),
        "rounds": context.rounds,
        "seconds": context.seconds,
        "quick": context.quick,
        "size": context.size,
        "files": context.files,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Portico beside its peers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for command, summary in COMMANDS.items():
        _add_flags(commands.add_parser(command, help=summary))
    for command in FILE_COMMANDS:
        _add_file_flags(commands.choices[command])
    return parser


def _add_file_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, metavar="MIB", help=f"of a long file (default {SIZE})")
    parser.add_argument(
        "--files", type=int, help=f"small files in a tree, and a tenth of larger ones (default {FILES})"
    )
    parser.add_argument(
        "--memory",
        type=Path,
        default=MEMORY,
        help=f"a folder on tmpfs, for what must not wait for a disk ({MEMORY})",
    )


def _add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quick", action="store_true", help="short and small: does it work, roughly how fast"
    )
    parser.add_argument("--rounds", type=int, help=f"pairs of runs per figure (default {ROUNDS})")
    parser.add_argument("--seconds", type=float, help=f"length of one run (default {SECONDS:g})")
    parser.add_argument(
        "--only",
        metavar="NAME,...",
        help=f"these figures only; {', '.join(sorted(GROUPS))} name their groups",
    )
    parser.add_argument("--list", action="store_true", help="name the figures and end")
    parser.add_argument(
        "--scratch", type=Path, default=SCRATCH, help="where the logs are written: a disk, not memory"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result for machines too")
    parser.add_argument("--seed", type=int, help="repeat the crashes of an earlier run")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))  # Unwind, so that the servers end too.
    sys.exit(main())
