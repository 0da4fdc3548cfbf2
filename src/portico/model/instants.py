"""Instants: whole microseconds since 1970 in UTC, and the two ways they are written.

People read the server's local time, `2025-02-10 23:46:52.048084`; programs read RFC 3339 in UTC,
`2025-02-10T23:46:52.048084Z`. Always six digits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EARLIEST = -30_578_688_000_000_000
"""The first moment of 1001: whatever the time zone, its year is written with four digits."""

LATEST = 253_370_764_800_000_000
"""The first moment of 9999: a time zone can still be added to it."""


MICROSECOND = timedelta(microseconds=1)

SECOND = 1_000_000

SECONDS_REMEMBERED = 256
"""Written seconds kept at hand: what is written is mostly of the same few, and `strftime` is slow."""


@lru_cache(SECONDS_REMEMBERED)
def _second(second: int, pattern: str, *, local: bool) -> str:
    moment = EPOCH + timedelta(seconds=second)
    return (moment.astimezone() if local else moment).strftime(pattern)


def local_text(instant: int) -> str:
    """Write an instant in the machine's local time, for people."""
    second, rest = divmod(instant, SECOND)
    return f"{_second(second, '%Y-%m-%d %H:%M:%S', local=True)}.{rest:06d}"


def rfc3339(instant: int) -> str:
    """Write an instant in UTC as RFC 3339 section 5.6 has it, for programs."""
    second, rest = divmod(instant, SECOND)
    return f"{_second(second, '%Y-%m-%dT%H:%M:%S', local=False)}.{rest:06d}Z"


def instant_of(text: str) -> int:
    """Read what `rfc3339` wrote; raise `ValueError` for anything else."""
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def moment(instant: int) -> datetime:
    """Return an instant as a `datetime` in UTC."""
    return EPOCH + timedelta(microseconds=instant)
