"""Ranges of a file that HTTP asks for. Source: RFC 9110 section 14."""

from __future__ import annotations

import re

SINGLE = re.compile(
    r"bytes=\s*(?:(?P<first>\d{1,18})-(?P<last>\d{1,18})?|-(?P<suffix>\d{1,18}))\s*", re.ASCII | re.IGNORECASE
)
"""One range; eighteen digits are more than any file has bytes."""


class Unsatisfiable(ValueError):
    """Nothing of the range is in the file (416)."""


def range_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte and the number of bytes a Range header asks for; None for the whole file.

    Several ranges at once and what is no range are answered with the whole file, as a server may (section
    14.2); so is any range of an empty file, which has no bytes to name. Raise `Unsatisfiable` when the range
    begins behind the end.
    """
    match = SINGLE.fullmatch(header) if header is not None else None
    if match is None or not size:
        return None
    if match["suffix"] is not None:
        first, last = max(0, size - int(match["suffix"])), size - 1
    else:
        first, last = int(match["first"]), int(match["last"] or size - 1)
        if match["last"] is not None and last < first:
            return None
    if first >= size:
        raise Unsatisfiable
    return first, min(last, size - 1) - first + 1
