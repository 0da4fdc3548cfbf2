"""A QR code in a terminal: two of its squares to a character, black on white whatever the terminal's colours.

Scanners want dark on light, with a margin. Both colours are said, so that neither a dark nor a light terminal
turns it around.
"""

from __future__ import annotations

import os
import sys

WHITE_ON_BLACK, PLAIN = "\x1b[38;5;231;48;5;16m", "\x1b[0m"
"""By number in the palette of 256 (xterm), where themes leave the colours as they are."""

HALVES = " ▄▀█"
"""Nothing, the lower half, the upper half, both: bit 1 is the upper square, bit 0 the lower, light is 1."""

MARGIN = 2
"""Light squares around it. The standard wants four; every scanner takes two, and a screen has few lines."""


def squares(text: str) -> list[str]:
    """Return the lines of a code, without colours."""
    import segno

    rows = [[not dark for dark in row] for row in segno.make(text, micro=False).matrix_iter(border=MARGIN)]
    if len(rows) % 2:
        rows.append([True] * len(rows[0]))
    return [
        "".join(HALVES[2 * upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]


def drawn(text: str) -> list[str]:
    """Return a code as lines for standard output; none where it is no terminal that can show one."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return []
    lines = squares(text)
    try:
        "".join(lines).encode(sys.stdout.encoding)
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError, UnicodeEncodeError):
        return []
    # A terminal that does not know its own width says 0.
    fits = len(lines[0]) <= (columns or 80)
    return [f"{WHITE_ON_BLACK}{line}{PLAIN}" for line in lines] if fits else []
