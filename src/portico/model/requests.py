"""Requests: what a client asked, in the two shapes that wires have for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Words: TypeAlias = list[bytes]
"""A command's name and its arguments, one by one (RESP). A bare list: the hot path makes one per request."""


@dataclass(slots=True)
class Line:
    """A command's name and the rest of its line (plain text).

    A `silent` one is the wire's own: nobody typed it, and its answer is not shown.
    """

    name: bytes
    rest: str = ""
    silent: bool = False


Request: TypeAlias = Words | Line
