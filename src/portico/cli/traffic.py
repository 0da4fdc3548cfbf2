"""`portico transfers` and `portico receipts`: which files are on their way, and where they went."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from portico.cli.target import add_target
from portico.model.files import Receipt
from portico.model.instants import local_text
from portico.model.quantities import size
from portico.model.replies import TransferLine, receipt_map, transfer_map


def add_transfers(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Show which files are being fetched and deposited, how far each is, and how fast it goes. In a pipe:"
        " direction and path."
    )
    add_target(parser)
    parser.set_defaults(run=transfers)


def add_receipts(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Show who fetched a file to its end, and when, oldest first. In a pipe: time and name."
    )
    parser.add_argument("path", metavar="PATH", help="a file of the repository, also one that is gone")
    add_target(parser)
    parser.set_defaults(run=receipts)


def transfers(arguments: argparse.Namespace) -> int:
    """`portico transfers`."""
    from portico.cli.visit import visit

    _print_transfers(visit(arguments, lambda client: client.transfers()), arguments)
    return 0


def _print_transfers(lines: Sequence[TransferLine], arguments: argparse.Namespace) -> None:
    from portico.cli import output
    from portico.cli.table import Column, table

    if arguments.json:
        output.lines(output.as_json(transfer_map(line)) for line in lines)
    elif not output.on_terminal():
        output.lines(f"{line.direction} {line.path}" for line in lines)
    elif lines:
        right = ("done", "of", "rate")
        titles = ("", "done", "of", "rate", "left", "who", "address", "path")
        columns = [Column(title, right=title in right) for title in titles]
        output.show(table(columns, list(map(transfer_row, lines)), colours=output.colours(arguments)))
    else:
        output.note("nothing is on its way")


def transfer_row(line: TransferLine) -> tuple[str, ...]:
    """Return the cells of one transfer."""
    from portico.client.meter import duration, share

    done = share(line.offset, line.size) if line.size is not None else size(line.offset)
    left = duration((line.size - line.offset) / line.rate) if line.size is not None and line.rate else ""
    whole = size(line.size) if line.size is not None else "?"
    return line.direction, done, whole, f"{size(line.rate)}/s", left, line.name, line.address, line.path


def receipts(arguments: argparse.Namespace) -> int:
    """`portico receipts`."""
    from portico.cli.visit import visit

    _print_receipts(visit(arguments, lambda client: client.receipts(arguments.path)), arguments)
    return 0


def _print_receipts(found: Sequence[Receipt], arguments: argparse.Namespace) -> None:
    from portico.cli import output
    from portico.cli.table import Column, table

    if arguments.json:
        output.lines(output.as_json(receipt_map(each)) for each in found)
    elif not output.on_terminal():
        output.lines(f"{local_text(each.at)} {each.name}" for each in found)
    elif found:
        columns = [Column("fetched"), Column("who"), Column("address"), Column("version")]
        rows = [(local_text(each.at), each.name, each.address, each.etag) for each in found]
        output.show(table(columns, rows, colours=output.colours(arguments)))
    else:
        output.note(f"nobody has fetched {arguments.path} yet")
