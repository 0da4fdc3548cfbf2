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
from portico.model.errors import BadName, NotFound, PorticoError
from portico.model.instants import EARLIEST, LATEST, instant_of
from portico.model.paths import check_path
from portico.model.patterns import Pattern
from portico.room.limits import NAME_CHARACTERS
from portico.room.names import check_name
from portico.room.text import check_key, check_message, not_utf8

NUMBER = re.compile(rb"[0-9]{1,18}")
"""Digits only and at most 18 of them: `int()` on raw bytes takes signs, blanks, underscores and, given
megabytes, seconds."""

HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{64}")

NAME_BYTES = 4 * NAME_CHARACTERS
"""UTF-8 takes at most four bytes for a character: no name is longer, and nothing longer is looked at."""

WORD_BYTES = 1_024
"""Any other single argument: longer than every name, token and path part there is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of argument: its type as Redis names it, and how bytes become a value.

    `bounded`: blanks at its ends are not part of it. Where it takes the rest of a text line they are dropped,
    and so are quotes around the whole of it.
    """

    type: str
    parse: Callable[[bytes], Any]
    bounded: bool = False


def raw(data: bytes) -> bytes:
    """Take bytes as they come."""
    return data


def _word(data: bytes) -> str:
    if len(data) > WORD_BYTES:
        raise PorticoError(f"an argument is longer than {WORD_BYTES:,} bytes")
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        raise not_utf8() from None


def _name(data: bytes) -> str:
    if len(data) > NAME_BYTES:
        raise BadName(f"a name has at most {NAME_CHARACTERS} characters")
    return check_name(_word(data))


def _holder(data: bytes) -> str:
    """Return a name that a session may hold: one that was chosen, or a `ClientN` the server gave."""
    name = _word(data) if len(data) <= NAME_BYTES else ""
    if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise NotFound("nobody here has such a name")
    return name


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


def number(what: str, low: int, high: int) -> Kind:
    """Return the kind of whole numbers from `low` to `high`; `what` is how the refusal begins."""

    def parse(data: bytes) -> int:
        value = int(data) if NUMBER.fullmatch(data) else low - 1
        if not low <= value <= high:
            raise PorticoError(f"{what} is a whole number from {low} to {high:,}")
        return value

    return Kind("integer", parse)


def _file_size(data: bytes) -> int:
    """Return a size; -1 for `?`, one that is not known before the end."""
    if data == b"?":
        return -1
    if not NUMBER.fullmatch(data) or int(data) > FILE_MAX:
        raise PorticoError("the size is a whole number of bytes, or ? when it is not known")
    return int(data)


def _sha256(data: bytes) -> str:
    if not HEXADECIMAL.fullmatch(data):
        raise PorticoError("a SHA-256 is 64 hexadecimal digits")
    return data.decode().lower()


def _instant(data: bytes) -> int:
    try:
        instant = instant_of(_word(data))
    except (ValueError, TypeError, OverflowError):
        instant = LATEST
    if not EARLIEST <= instant < LATEST:
        raise PorticoError("a time is written like 2025-02-10T23:46:52.048084Z")
    return instant


def _version(data: bytes) -> int:
    """Return a protocol version; -1 for what is none, so that HELLO can say NOPROTO."""
    return int(data) if NUMBER.fullmatch(data) else -1


FILE_MAX = 2**53
"""Largest size of a file and offset in one, for the same reason as entry numbers."""

ENTRY_MAX = 2**53
"""Largest entry number that JSON readers hold exactly (RFC 8259 section 6)."""

DATA = Kind("string", raw)
WORD = Kind("string", _word)
MESSAGE = Kind("string", check_message)
KEY = Kind("string", check_key)
NAME = Kind("string", _name, bounded=True)
HOLDER = Kind("string", _holder)
PATH = Kind("string", _path, bounded=True)
PATTERN = Kind("pattern", _pattern)
ENTRY_KIND = Kind("string", _kind)
FILE_SIZE = Kind("string", _file_size)
OFFSET = number("the offset", 0, FILE_MAX)
SHA256 = Kind("string", _sha256)
INSTANT = Kind("string", _instant)
ENTRY = number("the number of an entry", 0, ENTRY_MAX)
VERSION = Kind("integer", _version)
