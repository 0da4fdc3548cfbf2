"""What transfers tell: how far they have come, and what became of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from portico.model.errors import PorticoError


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far one file has come.

    `offset` of `size` bytes are there; `size` is None while it is not known. `resumed_from` are those an
    earlier run left, 0 for none. `done` comes once, last, when the file is whole and verified.
    """

    path: str
    offset: int
    size: int | None
    resumed_from: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class TreeProgress:
    """How far many files have come: `files` and `bytes` of those known so far.

    `counted`: all are known, so `of_files` and `of_bytes` are the whole. `path` is the latest one. `done`
    comes once, last.
    """

    path: str
    files: int
    bytes: int
    of_files: int
    of_bytes: int
    failed: int = 0
    counted: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """One of many files that did not make it: its path, in the repository or here, and why."""

    path: str
    error: PorticoError

    @property
    def where(self) -> str:
        """Return what stands before the sentence of the error: `a.txt: `, nothing where it names the file."""
        return "" if self.path in self.error.sentence else f"{self.path}: "


@dataclass(slots=True)
class TreeSummary:
    """What became of many files.

    `files` and `bytes` were moved and verified; `same` were there already; `failures` were not moved.
    """

    files: int = 0
    bytes: int = 0
    same: int = 0
    failures: list[Failure] = field(default_factory=list)

    def progress(
        self, path: str, of_files: int, of_bytes: int, besides: int, *, counted: bool, done: bool
    ) -> TreeProgress:
        """Return how far they have come; `besides` are the bytes of those begun, and of those the same."""
        files, size, failed = self.files + self.same, self.bytes + besides, len(self.failures)
        return TreeProgress(path, files, size, of_files, of_bytes, failed, counted, done)


FileTeller = Callable[[FileProgress], None]
"""Who wants to know how far a file is: called at most ten times a second, and with what is done."""

TreeTeller = Callable[[TreeProgress], None]
"""The same for many files."""
