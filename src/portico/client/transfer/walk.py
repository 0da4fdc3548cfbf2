"""The files of a folder here, as they are to be called in the repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portico.client.transfer.local import local_error
from portico.model.errors import BadPath, PorticoError
from portico.model.paths import check_path


@dataclass(slots=True)
class Found:
    """A file: where it is, which path it gets, and its size; or why it does not get one."""

    source: str
    path: str
    size: int = 0
    error: PorticoError | None = None


def walk(folder: Path, below: str) -> Iterator[Found]:
    """Yield the files of a folder in the order of their names; links to files are followed, others are not.

    `below` is the folder they are to be in, empty for the top. Raise `PorticoError` when there is no such
    folder here.
    """
    try:
        stack = [(str(folder), f"{below}/" if below else "", _entries(str(folder)))]
    except OSError as error:
        raise local_error("read", folder, error) from error
    while stack:
        _, prefix, entries = stack[-1]
        if not entries:
            stack.pop()
            continue
        entry = entries.pop()
        found = _found(entry, prefix + entry.name)
        if found is not None:
            yield found
            continue
        try:
            stack.append((entry.path, f"{prefix}{entry.name}/", _entries(entry.path)))
        except OSError as error:
            yield Found(entry.path, prefix + entry.name, error=local_error("read", entry.path, error))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, the last first."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name, reverse=True)


def _found(entry: os.DirEntry[str], path: str) -> Found | None:
    """Return a file, or what is not deposited; None for a folder that has to be looked into."""
    try:
        path = check_path(path)
        if entry.is_dir(follow_symlinks=False):
            return None
        if entry.is_file():
            return Found(entry.path, path, entry.stat().st_size)
        what = "a link to a folder" if entry.is_dir() else "neither a file nor a folder"
        error: PorticoError = PorticoError(f"{path} is {what}; it was left out")
    except BadPath as refusal:
        error = refusal
    except OSError as refusal:
        error = local_error("read", entry.path, refusal)
    return Found(entry.path, path, error=error)
