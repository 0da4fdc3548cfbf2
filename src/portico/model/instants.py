"""Instants: whole microseconds since 1970 in UTC, and the two ways they are written.

People read the server's local time, `2025-02-10 23:46:52.048084`; programs read RFC 3339 in UTC,
`2025-02-10T23:46:52.048084Z`. Always six digits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EARLIEST = -30_578_688_000_000_000
"""The first moment of 1001: whatever the time zone, its year is written with four digits."""

LATEST = 253_370_764_800_000_000
"""The first moment of 9999: a time zone can still be added to it."""


def _moment(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant)


def local_text(instant: int) -> str:
    """Write an instant in the machine's local time, for people."""
    return _moment(instant).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")


def rfc3339(instant: int) -> str:
    """Write an instant in UTC as RFC 3339 section 5.6 has it, for programs."""
    return _moment(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
