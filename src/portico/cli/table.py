"""Tables on a terminal: columns as wide as what stands in them is shown. Pure: rows in, lines out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from portico.wire.cells import width
from portico.wire.lines import one_line

DIM, PLAIN = "\x1b[2m", "\x1b[0m"

GAP = "  "


class Column(NamedTuple):
    """A column's title; numbers stand at its right."""

    title: str
    right: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, colours: bool = False) -> list[str]:
    """Return the lines of a table, its head dim in colours; no row can drive a terminal."""
    cells = [[column.title for column in columns], *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    head, *lines = [_line(row, columns, widths) for row in cells]
    return [f"{DIM}{head}{PLAIN}" if colours else head, *lines]


def _line(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    padded = [_padded(*each) for each in zip(row, columns, widths, strict=True)]
    return GAP.join(padded).rstrip()


def _padded(cell: str, column: Column, wide: int) -> str:
    blanks = " " * (wide - width(cell))
    return blanks + cell if column.right else cell + blanks
