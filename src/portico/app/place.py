"""Where a room lives: the directory it serves, its log, and the lock that keeps a second server away."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portico.stores.places import Lock, prepare_directory
from portico.stores.sqlite.schema import Sync

ROOM = "main"
"""The one room of a server."""

PRIVATE = ".portico"
"""Where a room keeps its own things, inside the directory it serves."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a room lives, and how durably; `ledger` None means inside the directory.

    `keep_uploads`: seconds that an unfinished deposit can be gone on with. `audit`: where the audit log is,
    empty for inside the directory, `off` for nowhere.
    """

    directory: Path
    ledger: Path | None = None
    sync: Sync = "full"
    keep_uploads: float = 86_400.0
    audit: str = ""

    @property
    def log_path(self) -> Path:
        """Return where the log stands."""
        return self.ledger or self.directory / PRIVATE / "log.sqlite3"

    @property
    def files_path(self) -> Path | None:
        """Return where the repository keeps its own things; None in a directory that must not change."""
        return self.directory / PRIVATE if self.changes else None

    @property
    def changes(self) -> bool:
        """Whether anything in the directory may change."""
        return self.ledger is None or os.access(self.directory, os.W_OK)

    @property
    def private(self) -> Path:
        """Return where the room keeps its own things."""
        return self.directory / PRIVATE

    @property
    def tokens_path(self) -> Path:
        """Return where the tokens stand."""
        return self.private / "tokens.json"

    @property
    def audit_path(self) -> Path | None:
        """Return where the audit log stands; None when there is none."""
        if self.audit:
            return None if self.audit == "off" else Path(self.audit)
        return self.private / "audit.jsonl" if self.changes else None

    @property
    def whereabouts_path(self) -> Path:
        """Return the file that tells where the server listens."""
        return self.private / "address.json"

    @property
    def lock_path(self) -> Path:
        """Return the file whose lock means: this directory is being served."""
        return self.directory / PRIVATE / "lock"


@contextlib.contextmanager
def occupied(place: Place) -> Iterator[None]:
    """Be the one server of a directory, whatever its log; raise `Refused` when there is another.

    A directory that cannot be written to, with its log elsewhere, may be served by several: none changes it.
    """
    if not place.changes:
        yield
        return
    lock = Lock(place.lock_path)
    prepare_directory(place.lock_path.parent)
    lock.take(place.directory)
    try:
        yield
    finally:
        lock.release()
