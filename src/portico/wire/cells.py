"""How much of a terminal's line a text takes: its cells (Unicode standard annex 11)."""

from __future__ import annotations

import unicodedata

UNSEEN = frozenset({"Mn", "Me", "Cf"})
"""Unicode categories that take no room of their own: they change what stands before them."""

CUT = "..."
"""What stands where something was left out; every terminal has it."""


def width(text: str) -> int:
    """Return how many cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in UNSEEN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, cells: int) -> str:
    """Return a text so that it takes at most so many cells; its end, which tells most of a path, stays."""
    if width(text) <= cells:
        return text
    if cells <= len(CUT):
        return CUT[:cells]
    room, at = cells - len(CUT), len(text)
    while at and room >= _cells(text[at - 1]):
        at -= 1
        room -= _cells(text[at])
    return CUT + text[at:]
