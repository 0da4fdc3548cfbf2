"""Cells: what a terminal makes of a text, and texts cut to what there is room for."""

from __future__ import annotations

import pytest

from portico.wire.cells import cut, width


@pytest.mark.parametrize(
    "text,cells",
    [
        ("", 0),
        ("plain", 5),
        ("Zoë", 3),
        ("Zoe\u0308", 3),  # a mark of its own
        ("你好", 4),
        ("ﾊﾛｰ", 3),  # half-width
        ("\uff37", 2),  # full-width
        ("👍", 2),
        ("❤\ufe0f", 1),
        ("a\u200bb", 2),
    ],
)
def test_width(text, cells):
    assert width(text) == cells


@pytest.mark.parametrize(
    "text,cells,left",
    [
        ("notes/today.txt", 15, "notes/today.txt"),
        ("notes/today.txt", 12, "...today.txt"),
        ("notes/today.txt", 4, "...t"),
        ("notes/today.txt", 3, "..."),
        ("notes/today.txt", 0, ""),
        ("你好你好", 8, "你好你好"),
        ("你好你好", 7, "...你好"),
        ("你好你好", 6, "...好"),
    ],
)
def test_the_end_of_a_text_stays(text, cells, left):
    assert cut(text, cells) == left
    assert width(left) <= cells
