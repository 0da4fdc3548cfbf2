"""Colour and typography: who speaks, what matters less, what went wrong; answers are plain. Pure.

`ESC [ n m` is SGR, select graphic rendition (ECMA-48 8.3.117); every terminal since the VT100 knows 1, and
those that do not know 2 (dim) leave it out.
"""

from __future__ import annotations

from collections.abc import Callable

from portico.client.prompt.wording import Kind, Shown

NAME = "1;2"
DIM = "2"
RED = "31"

_HEADS = {Kind.TYPED: NAME, Kind.MESSAGE: NAME}
_WHOLES = {Kind.EVENT: DIM, Kind.NOTICE: DIM, Kind.REFUSAL: RED}

Paint = Callable[[Shown], str]
"""Makes text of what is shown."""


def plain(shown: Shown) -> str:
    """Return the text as it is."""
    return shown.text


def colours(shown: Shown) -> str:
    """Return the text with its colours; each line has its own, as a pager may begin anywhere."""
    if shown.kind in _WHOLES:
        return "\n".join(_sgr(_WHOLES[shown.kind], line) for line in shown.text.split("\n"))
    if shown.kind in _HEADS:
        return _sgr(_HEADS[shown.kind], shown.text[: shown.head + 1]) + shown.text[shown.head + 1 :]
    return shown.text


def _sgr(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if text else ""
