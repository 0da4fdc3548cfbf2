"""Quantities and instants as people read them; sizes are in `portico.model.quantities`."""

from __future__ import annotations

from portico.model.instants import local_text


def quantity(count: int, noun: str) -> str:
    """Return `1 entry`, `2,000 entries`, `2 days`."""
    if count != 1:
        noun = noun[:-1] + "ies" if noun.endswith(("ry", "ty")) else noun + "s"
    return f"{count:,} {noun}"


def dated(instant: int) -> str:
    """Return an instant to the second, in local time."""
    return local_text(instant)[:19]


AGES = ((365 * 86_400, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def age(microseconds: int) -> str:
    """Return how long something is ago, in its largest unit: `3 days`, `1 minute`, `now`."""
    seconds = microseconds // 1_000_000
    for length, unit in AGES:
        if seconds >= length:
            return quantity(seconds // length, unit)
    return "now"
