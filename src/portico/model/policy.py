"""What everybody may do with the files of a room, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

from portico.model.errors import Denied

READ, ADD, CHANGE = 0, 1, 2
"""List and fetch; besides, deposit new names; besides, replace, remove and move."""

LEVELS = {"read": READ, "add": ADD, "change": CHANGE}
NAMES = {level: name for name, level in LEVELS.items()}

NO_LIMIT = 2**53
"""Bytes of one deposit unless told otherwise: what the disk has room for."""

_NEEDED = {
    ADD: "files can only be listed and fetched here; the operator can allow more: --files add",
    CHANGE: "files cannot be replaced, moved or removed here; the operator can allow it: --files change",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed to all: `files` is a level, `max_upload` the bytes of one deposit."""

    files: int = ADD
    max_upload: int = NO_LIMIT

    def check(self, needed: int) -> None:
        """Raise `Denied` when the files may not be changed so far."""
        if needed > self.files:
            raise Denied(_NEEDED[needed])


USUAL = Policy()
"""What is allowed unless told otherwise."""
