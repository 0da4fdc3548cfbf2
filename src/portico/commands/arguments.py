"""The kinds of arguments: each turns the bytes a client sent into a value a handler can trust.

Every kind refuses with a sentence that names the argument. What the rules of the room say about messages,
keys and names stands in `portico.room`; here is only what is general.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portico.model.entries import KINDS
from portico.model.errors import PorticoError
from portico.model.paths import check_path
from portico.model.patterns import Pattern
from portico.room.names import check_name
from portico.room.text import check_key, check_message, not_utf8

NUMBER = re.compile(rb"[0-9]{1,18}")
"""Digits only and at most 18 of them: `int()` on raw bytes takes signs, blanks, underscores and, given
megabytes, seconds."""

WORD_BYTES = 1_024
"""Any other single argument: longer than every name, token and path part there is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of argument: its type as Redis names it, and how bytes become a value."""

    type: str
    parse: Callable[[bytes], Any]


def raw(data: bytes) -> bytes:
    """Take bytes as they come."""
    return data


def _word(data: bytes) -> str:
    if len(data) > WORD_BYTES:
        raise PorticoError(f"an argument is longer than {WORD_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise not_utf8() from None


def _name(data: bytes) -> str:
    return check_name(_word(data))


def _path(data: bytes) -> str:
    return check_path(_word(data))


def _pattern(data: bytes) -> str:
    text = _word(data)
    Pattern(text)
    return text


def _kind(data: bytes) -> str:
    word = _word(data).lower()
    if word not in KINDS:
        raise PorticoError(f"KIND is one of {', '.join(KINDS)}")
    return word


def number(low: int, high: int) -> Kind:
    """Return the kind of whole numbers from `low` to `high`."""

    def parse(data: bytes) -> int:
        value = int(data) if NUMBER.fullmatch(data) else low - 1
        if not low <= value <= high:
            raise PorticoError(f"a whole number from {low} to {high:,} is wanted here")
        return value

    return Kind("integer", parse)


def _version(data: bytes) -> int:
    """Return a protocol version; -1 for what is none, so that HELLO can say NOPROTO."""
    return int(data) if NUMBER.fullmatch(data) else -1


ENTRY_MAX = 2**53
"""Largest entry number that JSON readers hold exactly (RFC 8259 section 6)."""

DATA = Kind("string", raw)
WORD = Kind("string", _word)
MESSAGE = Kind("string", check_message)
KEY = Kind("string", check_key)
NAME = Kind("string", _name)
PATH = Kind("string", _path)
PATTERN = Kind("pattern", _pattern)
ENTRY_KIND = Kind("string", _kind)
ENTRY = number(0, ENTRY_MAX)
VERSION = Kind("integer", _version)
