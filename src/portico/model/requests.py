"""Requests: what a client asked, in the two shapes that wires have for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Words: TypeAlias = list[bytes]
"""A command's name and its arguments, one by one (RESP). A bare list: the hot path makes one per request. The
last word of a WRITE may be a `Body` instead."""


@dataclass(slots=True)
class Body:
    """A word too long to be held, which goes on to where it belongs while it comes.

    `size` is its length in bytes, `begun` what came of it together with what stood before, `taken` how many
    bytes of it are where they belong.
    """

    size: int
    begun: bytes
    taken: int = 0


@dataclass(slots=True)
class Line:
    """A command's name and the rest of its line (plain text).

    A `silent` one is the wire's own: nobody typed it, and its answer is not shown.
    """

    name: bytes
    rest: str = ""
    silent: bool = False


Request: TypeAlias = Words | Line
