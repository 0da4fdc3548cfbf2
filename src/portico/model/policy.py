"""What may be done with the files of a room, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

from portico.model.access import ADMIN, MEMBER, Grant
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

LOOK_ONLY = "your token lets you look and fetch, and nothing else; ask for one of a member"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed: `files` is a level, `max_upload` the bytes of one deposit; `reader` says why it is so
    little.
    """

    files: int = ADD
    max_upload: int = NO_LIMIT
    reader: bool = False

    def check(self, needed: int) -> None:
        """Raise `Denied` when the files may not be changed so far."""
        if needed > self.files:
            raise Denied(LOOK_ONLY if self.reader else _NEEDED[needed])

    def granted(self, grant: Grant) -> Policy:
        """Return what is allowed to who has a grant: less to a reader, and to an admin also to change.

        Where files are served for reading only nobody changes any.
        """
        if grant.role < MEMBER:
            return Policy(READ, self.max_upload, reader=True)
        return Policy(CHANGE, self.max_upload) if grant.role == ADMIN and self.files > READ else self


USUAL = Policy()
"""What is allowed unless told otherwise."""
