"""What is about to be done to the files, noted down before it is done.

An intent is durable before a file gets, changes or loses its name, and stays until the log tells of it. So
after a crash every change that may have been begun is known: it is completed, and told.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import NamedTuple

from portico.model.files import Author, FileChange, FileFacts

UPLOAD, REMOVE, MOVE = "upload", "remove", "move"
"""What the key of a change begins with, before a colon."""


class Identity(NamedTuple):
    """Which file is meant. Its inode alone does not say: a file system gives it to the next file at once."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, info: os.stat_result) -> Identity:
        """Return that of a file with these attributes."""
        return cls(info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)

    def untouched(self, info: os.stat_result) -> bool:
        """Tell whether it is this file, and nobody has written to it or renamed it since."""
        return self == Identity.of(info)

    def unwritten(self, info: os.stat_result) -> bool:
        """Tell whether it is this file, perhaps renamed, but not written to."""
        return self[:3] == Identity.of(info)[:3]


@dataclass(slots=True)
class Intent:
    """One change to come or done: `change` is what will be told of it, its key the intent's.

    `file` is the one meant, which finds out after a crash whether it was done; `replace` whether
    it may take the place of another file; `facts` of the change are there once it is done.
    """

    change: FileChange
    file: Identity
    replace: bool = False

    @property
    def key(self) -> str:
        """Return what tells the change from others."""
        return self.change.key

    def done(self, facts: FileFacts | None, kind: str = "") -> FileChange:
        """Take note that it was done, and how: `kind` is `added` or `changed` where that was open."""
        self.change = replace(self.change, facts=facts, change=kind or self.change.change)
        return self.change

    def doubt(self) -> None:
        """Take note that it is not known whether it was done: so it is not answered as done."""
        self.change = replace(self.change, facts=None)


def pack(intent: Intent) -> str:
    """Return an intent as text, without its key."""
    change, facts = intent.change, intent.change.facts
    return json.dumps(
        [
            intent.file,
            intent.replace,
            change.change,
            change.path,
            change.author.session,
            change.author.name,
            change.size,
            change.sha256,
            change.origin,
            facts and [facts.path, facts.size, facts.mtime, facts.etag, facts.sha256, facts.by],
            change.author.token,
        ]
    )


def unpack(key: str, text: str) -> Intent:
    """Return the intent of a key; raise `ValueError` for what `pack` did not write."""
    try:
        file, may_replace, kind, path, session, name, size, sha256, origin, facts, *token = json.loads(text)
        known = None if facts is None else FileFacts(*facts)
        change = FileChange(
            key, kind, path, Author(session, name, *token[:1]), size, sha256, origin, 0, known
        )
    except TypeError as error:
        raise ValueError(f"no intent: {text}") from error
    return Intent(change, Identity(*file), may_replace)
