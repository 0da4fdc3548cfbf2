"""`portico log`: what the operator does with the log of a room.

check, export and backup work while the server runs; import makes the log of a room that has none yet.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from portico.cli.errors import UsageError
from portico.cli.progress import Progress
from portico.cli.settings import LEDGER, add_settings, resolve
from portico.cli.words import dated, quantity
from portico.model.errors import NotFound, PorticoError, Refused
from portico.model.quantities import size

if TYPE_CHECKING:
    from portico.app import Place
    from portico.app.check import Findings


def add_log(parser: argparse.ArgumentParser) -> None:
    """Declare the commands."""
    parser.description = __doc__
    log = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add(log, "check", check, "read the whole log and say whether it is sound")
    exporting = _add(
        log, "export", export, "write the log as lines of JSON; what was told to one is withheld"
    )
    exporting.add_argument(
        "-o", "--output", default="-", metavar="FILE", help="a new file; - is standard output"
    )
    exporting.add_argument("--damaged", action="store_true", help="leave out what cannot be read")
    _add(log, "import", import_, "make a room's log of an export", "file")
    _add(log, "backup", backup, "copy the log, verified, while the server runs", "destination")


SUBJECTS = {"file": ("FILE", "the export; - is standard input"), "destination": ("DEST", "a new file")}


def _add(
    commands: Any,  # noqa: ANN401 - argparse does not name this type
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    subject: str = "",
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=f"{summary}.")
    if subject:
        metavar, what = SUBJECTS[subject]
        parser.add_argument(subject, metavar=metavar, help=what)
    parser.add_argument(
        "directory",
        nargs="?",
        default=".",
        metavar="DIRECTORY",
        help="what is served, or a log itself (default: the current directory)",
    )
    add_settings(parser, (LEDGER,))
    parser.set_defaults(run=run)
    return parser


def _place(arguments: argparse.Namespace) -> Place:
    from portico.app import Place

    directory = Path(arguments.directory)
    try:
        ledger = resolve((LEDGER,), vars(arguments))["ledger"]
    except ValueError as error:
        raise UsageError(str(error)) from None
    # A log that is named goes before one of the environment, as a flag would.
    if directory.is_file() and vars(arguments)["ledger"] is None:
        return Place(directory.parent, directory)
    if not directory.is_dir():
        raise NotFound(f"{directory} is not a directory; name the one that is served")
    return Place(directory, Path(ledger) if ledger else None)


def check(arguments: argparse.Namespace) -> int:
    """`portico log check`."""
    from portico.app.check import check as check_log

    path = _place(arguments).log_path
    with Progress(f"Checking {path}") as progress:
        findings = check_log(path, progress)
    if not findings.problems:
        print("\n".join(_summary(path, findings)))
        return 0
    for problem in findings.problems:
        print(problem)
    raise PorticoError(
        f"the log {path} is damaged: {quantity(len(findings.problems), 'problem')}. Stop the server, move"
        " the log away and put a backup in its place; or save what can be read:"
        " portico log export --damaged, then portico log import"
    )


def _summary(path: Path, findings: Findings) -> list[str]:
    first, last = findings.entries
    if last < first:
        return [f"The log {path} is sound: it has no entries yet ({size(findings.size)})."]
    times = "" if not findings.since else f", from {dated(findings.since)} to {dated(findings.until)}"
    snapshots = ", ".join(f"{position:,}" for position in findings.snapshots)
    kept = f"agree with the state after record {snapshots}" if snapshots else "none yet"
    return [
        f"The log {path} is sound.",
        f"Entries: {first:,} to {last:,}{times}",
        f"Of them: {quantity(findings.sessions, 'session')} begun, {quantity(findings.messages, 'message')}",
        f"Records: {findings.records[0]:,} to {findings.records[1]:,}, each whole and understood",
        f"Snapshots: {kept}",
        f"Size: {size(findings.size)}",
    ]


def export(arguments: argparse.Namespace) -> int:
    """`portico log export`."""
    from time import time_ns

    from portico.app.exporting import export as export_log
    from portico.app.publishing import published

    path = _place(arguments).log_path
    damaged, now = arguments.damaged, time_ns() // 1_000
    if arguments.output == "-":
        with Progress(f"Exporting {path}", shown=not sys.stdout.isatty()) as progress:
            export_log(path, sys.stdout.buffer.write, now, progress, damaged=damaged)
            sys.stdout.buffer.flush()
        return 0
    target = Path(arguments.output)
    _require_new(target)
    with Progress(f"Exporting {path}") as progress, published(target) as file, _new(file) as out:
        count = export_log(path, out.write, now, progress, damaged=damaged)
    print(f"{target}: {quantity(count, 'record')}, {size(target.stat().st_size)}", file=sys.stderr)
    return 0


def _new(path: Path) -> BinaryIO:
    """Create a file for its owner alone: a log is not for everybody to read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _require_new(path: Path) -> None:
    if path.exists():
        raise Refused(f"{path} exists already; give a path where nothing is")
    if not path.absolute().parent.is_dir():
        raise NotFound(f"the directory {path.parent} does not exist; create it first")


def import_(arguments: argparse.Namespace) -> int:
    """`portico log import`."""
    import asyncio

    from portico.app.importing import import_log

    place = _place(arguments)
    name = "standard input" if arguments.file == "-" else arguments.file
    # asyncio's own handler would only cancel, and wait for the next line to come.
    signal.signal(signal.SIGINT, _interrupt)
    with _source(arguments.file) as file, Progress(f"Importing {name}") as progress:
        header = asyncio.run(import_log(file.readline, place, progress))
    print(f"{place.log_path} now holds log {header.log} up to entry {header.entries:,}")
    if header.digest is None:
        print(
            "It was exported from a damaged log: what was lost may have changed what follows it.",
            file=sys.stderr,
        )
    return 0


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _source(name: str) -> Any:  # noqa: ANN401 - a context manager of a binary file
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except FileNotFoundError:
        raise NotFound(f"there is no file {name}") from None


def backup(arguments: argparse.Namespace) -> int:
    """`portico log backup`."""
    from portico.app.copying import copy

    path, destination = _place(arguments).log_path, Path(arguments.destination)
    _require_new(destination)
    with Progress(f"Copying {path}"):
        copied = copy(path, destination)
    reach = f"up to entry {copied.entry:,} of {dated(copied.at)}" if copied.entry else "no entries yet"
    print(f"{destination}: {size(copied.size)}, verified, {reach}")
    return 0
