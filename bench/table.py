"""The result as people read it, and as machines do. Pure: rows in, text or plain data out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bench.ratios import Goal, Side, Summary

HEAD = (
    "what", "portico", "peer", "ratio (min-max)", "must", "stretch", "verdict",
    "cpu portico: server/generator", "cpu peer: server/generator",
)  # fmt: skip
NOTHING = "-"
NOT_MEASURED = "NOT MEASURED"
#: From this share of a core on, other programs on the machine are worth a note.
DISTURBED = 0.25


@dataclass(frozen=True, slots=True)
class Label:
    """What a figure is called, what it says it measures, and in what."""

    name: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, and in `data` the numbers behind it."""

    name: str
    cells: tuple[str, ...]
    verdict: str
    data: dict[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def row(label: Label, goal: Goal, summary: Summary, notes: Sequence[str] = ()) -> Row:
    """The line of a figure that compares two sides."""
    must, stretch = goal.words()
    verdict = goal.verdict(summary)
    cells = (
        label.title,
        amount(summary.ours.value, label.unit),
        amount(summary.peer.value, label.unit) if summary.peer else NOTHING,
        ratio(summary),
        must or NOTHING,
        stretch or NOTHING,
        verdict,
        shares(summary.ours),
        shares(summary.peer),
    )
    data = {"title": label.title, "unit": label.unit, **asdict(summary)}
    return Row(label.name, cells, verdict, data, (*notes, *disturbance(summary)))


def not_measured(name: str, title: str, why: str) -> Row:
    """The line of a figure that failed; the reason goes below the table."""
    cells = (title, *(NOTHING,) * 5, NOT_MEASURED, NOTHING, NOTHING)
    return Row(name, cells, NOT_MEASURED, {"title": title, "error": why}, (why,))


def amount(value: float, unit: str) -> str:
    """A value with its unit: three significant digits are more than the noise leaves."""
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def ratio(summary: Summary) -> str:
    """The median of the pairs' ratios with the smallest and the largest."""
    if summary.ratio is None:
        return NOTHING
    return f"{summary.ratio:.2f} ({summary.low:.2f}-{summary.high:.2f})"


def shares(side: Side | None) -> str:
    """Server and generator, each in percent of one core."""
    if side is None or not (side.server_share or side.generator_share):
        return NOTHING
    return f"{side.server_share:.0%} / {side.generator_share:.0%}"


def disturbance(summary: Summary) -> tuple[str, ...]:
    """A note when the machine was busy with something else."""
    sides = [side.others_share for side in (summary.ours, summary.peer) if side]
    if max(sides) < DISTURBED:
        return ()
    return (f"other programs took {' and '.join(f'{share:.0%}' for share in sides)} of a core meanwhile",)


def brief(row: Row) -> str:
    """A row in one short line, for those who wait for the others."""
    _, ours, peer, ratio, *_ = row.cells
    return f"{row.verdict}: {ours}, peer {peer}, ratio {ratio}"


def render(rows: Sequence[Row]) -> str:
    """All rows under one head in columns, then the notes."""
    lines = [HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = [_columns(line, widths) for line in lines]
    text.insert(1, "-" * len(text[0]))
    text += [f"{row.name}: {note}" for row in rows for note in row.notes]
    return "\n".join(line.rstrip() for line in text)


def as_data(rows: Sequence[Row], environment: dict[str, object]) -> dict[str, object]:
    """The same for machines."""
    figures = {row.name: {"verdict": row.verdict, **row.data, "notes": list(row.notes)} for row in rows}
    return {"environment": environment, "figures": figures}


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])
