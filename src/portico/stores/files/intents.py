"""What is about to be done to the files, noted down before it is done.

An intent is durable before a file gets, changes or loses its name, and stays until the log tells of it. So
after a crash every change that may have been begun is known: it is completed, and told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from portico.model.files import Author, FileChange, FileFacts

UPLOAD, REMOVE, MOVE = "upload", "remove", "move"
"""What the key of a change begins with, before a colon."""


@dataclass(slots=True)
class Intent:
    """One change to come or done: `change` is what will be told of it, its key the intent's.

    `inode` is that of the file meant, which finds out after a crash whether it was done; `replace` whether
    it may take the place of another file; `facts` of the change are there once it is done.
    """

    change: FileChange
    inode: int
    replace: bool = False

    @property
    def key(self) -> str:
        """Return what tells the change from others."""
        return self.change.key

    def done(self, facts: FileFacts | None, kind: str = "") -> FileChange:
        """Take note that it was done, and how: `kind` is `added` or `changed` where that was open."""
        self.change = replace(self.change, facts=facts, change=kind or self.change.change)
        return self.change


def pack(intent: Intent) -> str:
    """Return an intent as text, without its key."""
    change, facts = intent.change, intent.change.facts
    return json.dumps(
        [
            intent.inode,
            intent.replace,
            change.change,
            change.path,
            change.author.session,
            change.author.name,
            change.size,
            change.sha256,
            change.origin,
            facts and [facts.path, facts.size, facts.mtime, facts.etag, facts.sha256, facts.by],
        ]
    )


def unpack(key: str, text: str) -> Intent:
    """Return the intent of a key; raise `ValueError` for what `pack` did not write."""
    try:
        inode, may_replace, kind, path, session, name, size, sha256, origin, facts = json.loads(text)
        known = None if facts is None else FileFacts(*facts)
        change = FileChange(key, kind, path, Author(session, name), size, sha256, origin, 0, known)
    except TypeError as error:
        raise ValueError(f"no intent: {text}") from error
    return Intent(change, inode, may_replace)
