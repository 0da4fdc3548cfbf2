"""`portico list`: the shared files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from portico.cli.target import add_target
from portico.cli.words import age
from portico.model.files import FileFacts
from portico.model.quantities import size
from portico.model.replies import file_map


def add_list(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "List the shared files by path. In a pipe: their paths alone, one on a line."
    parser.add_argument(
        "pattern",
        nargs="?",
        metavar="PATTERN",
        help="only paths that match: * within a folder, ** across folders; quote it for your shell",
    )
    add_target(parser)
    parser.set_defaults(run=list_)


def list_(arguments: argparse.Namespace) -> int:
    """`portico list`."""
    from portico.cli.visit import visit

    _print(visit(arguments, lambda client: client.list(arguments.pattern)), arguments)
    return 0


def _print(files: Sequence[FileFacts], arguments: argparse.Namespace) -> None:
    from time import time_ns

    from portico.cli import output
    from portico.cli.table import Column, table

    if arguments.json:
        output.lines(output.as_json(file_map(file)) for file in files)
    elif not output.on_terminal():
        output.lines(file.path for file in files)
    elif files:
        now, known = time_ns() // 1_000, any(file.by for file in files)
        columns = [Column("size", right=True), Column("age", right=True)]
        columns += [*([Column("by")] if known else []), Column("path")]
        rows = [row(file, now, by=known) for file in files]
        output.show(table(columns, rows, colours=output.colours(arguments)))
    else:
        output.note("no file matches" if arguments.pattern else "there are no files yet")


def row(file: FileFacts, now: int, *, by: bool) -> tuple[str, ...]:
    """Return the cells of one file, with who put it there or without."""
    who = (file.by,) if by else ()
    return size(file.size), age(now - file.mtime), *who, file.path
