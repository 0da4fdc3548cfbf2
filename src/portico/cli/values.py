"""Values that are given as text, in flags or in the environment; `ValueError` says what is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DIGITS = re.compile("[0-9]{1,18}")

SIZE = re.compile("([0-9]{1,15})([KMGT]?)(i?)B?", re.IGNORECASE)

HOST = re.compile("[a-z0-9_-]{1,63}([.][a-z0-9_-]{1,63})*")

DURATION = re.compile("([0-9]{1,9})([smhdw])")

DAY_SECONDS = 86_400

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": DAY_SECONDS, "w": 7 * DAY_SECONDS}

LONGEST_SECONDS = 3_650 * DAY_SECONDS
"""Ten years: who wants it longer means for ever."""

LABEL_CHARACTERS = 64
"""Longest name of a token: a line of a list holds it."""


def number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers in a range."""

    def parse(text: str) -> int:
        if not DIGITS.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low:,} to {high:,} is wanted")
        return int(text)

    return parse


def byte_size(text: str) -> int:
    """Return a number of bytes: `500000000`, `500M`, `2G` (powers of 1,000), `2GiB` (of 1,024)."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise ValueError("a size like 500000000, 500M, 2G or 2GiB is wanted")
    power = " KMGT".index((match[2] or " ").upper())
    unit = 1_024 if match[3] else 1_000
    value: int = int(match[1]) * unit**power
    return value


def seconds(text: str) -> float:
    """Return a duration in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= DAY_SECONDS:
        raise ValueError(f"a number of seconds from 0 to {DAY_SECONDS:,} is wanted")
    return value


def duration(text: str) -> int:
    """Return a number of seconds: `90s`, `30m`, `12h`, `7d`, `4w`."""
    match = DURATION.fullmatch(text)
    value = int(match[1]) * UNITS[match[2]] if match else 0
    if not 0 < value <= LONGEST_SECONDS:
        raise ValueError("a time like 30m, 12h, 7d or 4w is wanted, of ten years at most")
    return value


def label(text: str) -> str:
    """Return what people call a thing: short, and nothing that drives a terminal."""
    name = text.strip()
    if not 0 < len(name) <= LABEL_CHARACTERS or not name.isprintable():
        raise ValueError(f"1 to {LABEL_CHARACTERS} characters are wanted that can be shown")
    return name


def truth(text: str) -> bool:
    """Return what an environment variable says of a switch."""
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("", "0", "false", "no", "off"):
        return False
    raise ValueError("1 or 0 is wanted")


def not_empty(text: str) -> str:
    """Return a text of at least one character: an empty one is mostly a variable that was not set."""
    if not text:
        raise ValueError("it cannot be empty")
    return text


def host_names(text: str) -> tuple[str, ...]:
    """Return names of hosts, separated by commas."""
    names = tuple(name.strip().lower().removesuffix(".") for name in text.split(","))
    if not all(map(HOST.fullmatch, names)):
        raise ValueError("names like files.example.org are wanted, without port, separated by commas")
    return names


def flag(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return a parser whose sentence argparse shows."""

    def wrapped(text: str) -> T:
        from argparse import ArgumentTypeError

        try:
            return parse(text)
        except ValueError as error:
            raise ArgumentTypeError(f"{text!r}: {error}") from None

    return wrapped
