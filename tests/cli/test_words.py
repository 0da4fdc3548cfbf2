"""Quantities and ages as people read them."""

from __future__ import annotations

import pytest

from portico.cli.words import age


@pytest.mark.parametrize(
    "seconds,words",
    [
        (-5, "now"),
        (0.9, "now"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (3_600, "1 hour"),
        (86_400, "1 day"),
        (364 * 86_400, "364 days"),
        (730 * 86_400, "2 years"),
    ],
)
def test_age(seconds, words):
    assert age(int(seconds * 1_000_000)) == words
