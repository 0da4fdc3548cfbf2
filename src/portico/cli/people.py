"""`portico status`: who is here, and who was."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from portico.cli.target import add_target
from portico.cli.values import flag, number
from portico.model.instants import local_text
from portico.model.replies import SessionLine

MOST = 10_000
"""Most sessions of one STATUS."""

NEWEST = 1_000
"""Sessions shown unless told otherwise, as STATUS does."""


def add_status(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Show who is here and who was, oldest first. In a pipe: their names alone, one on a line."
    )
    parser.add_argument("--online", action="store_true", help="only who is here now")
    parser.add_argument(
        "--count",
        metavar="N",
        type=flag(number(1, MOST)),
        default=NEWEST,
        help=f"the newest N (default: {NEWEST:,})",
    )
    add_target(parser)
    parser.set_defaults(run=status)


def status(arguments: argparse.Namespace) -> int:
    """`portico status`."""
    from portico.cli.visit import visit

    online, count = arguments.online, arguments.count
    people = visit(arguments, lambda client: client.status(online=online, count=count))
    _print(people, arguments)
    return 0


def _print(people: Sequence[SessionLine], arguments: argparse.Namespace) -> None:
    from portico.cli import output
    from portico.cli.table import Column, table

    if arguments.json:
        output.lines(output.as_json(each.value()) for each in people)
    elif not output.on_terminal():
        output.lines(each.name for each in people)
    elif people:
        columns = [Column("name"), Column("address"), Column("connected"), Column("disconnected")]
        output.show(table(columns, list(map(row, people)), colours=output.colours(arguments)))
    else:
        output.note("nobody is here" if arguments.online else "nobody was here yet")


def row(line: SessionLine) -> tuple[str, str, str, str]:
    """Return the cells of one session."""
    gone = "-" if line.disconnected is None else local_text(line.disconnected)
    reason = f" ({line.reason})" if line.reason else ""
    return line.name, line.value()["address"], local_text(line.connected), gone + reason
