"""Names of sessions: which are allowed, and when two are the same.

Two names are equal when their NFKC case folding is, so that `Anna`, `ANNA` and the full-width form cannot
stand beside each other. `Client` followed by digits is the server's to give.
"""

from __future__ import annotations

import re
import unicodedata

from portico.model.errors import BadName
from portico.room.limits import NAME_CHARACTERS

FORBIDDEN = frozenset(":/@*")
"""They mean something else where names are shown: `NAME: text`, paths, addresses, `* NAME joined`."""

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories without a shape of their own: controls, invisible formats, line separators."""

BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]")
"""Fillers and joiners that show nothing, although their category is one of letters, marks or symbols."""

VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Variation selectors: emoji are typed with them, but they make no other name."""

NUMBERED = re.compile(r"client\d+")


def fold(name: str) -> str:
    """Return what two names have in common when they are equal (Unicode chapter 3.13, NFKC case folding)."""
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFKC", VARIATION.sub("", name)).casefold()
    return unicodedata.normalize("NFKC", folded)


def numbered(number: int) -> str:
    """Return the name the server gives to its N-th unnamed client."""
    return f"Client{number}"


def check_name(name: str) -> str:
    """Return the name when it may be chosen; raise `BadName` saying which rule it breaks."""
    if not name:
        raise BadName("a name cannot be empty")
    if len(name) > NAME_CHARACTERS:
        raise BadName(f"a name has at most {NAME_CHARACTERS} characters")
    if not unicodedata.is_normalized("NFC", name):
        raise BadName("a name must be in Unicode's composed form (NFC)")
    if name[0].isspace() or name[-1].isspace():
        raise BadName("a name cannot begin or end with a space")
    if any(character in FORBIDDEN for character in name):
        raise BadName("a name cannot contain : / @ or *")
    if any(unicodedata.category(c) in UNSEEN or (c.isspace() and c != " ") for c in name):
        raise BadName("a name cannot contain control characters or invisible ones")
    if BLANK.search(name) or not fold(name):
        raise BadName("a name cannot contain control characters or invisible ones")
    if NUMBERED.fullmatch(fold(name)):
        raise BadName("names like Client1 are given by the server; choose another")
    return name
