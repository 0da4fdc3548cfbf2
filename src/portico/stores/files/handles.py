"""Open folders, for as long as one batch of work takes: a thousand files of one folder open it once.

A folder that is moved away meanwhile is still the one that was opened, for some milliseconds; that is the
same as having been faster than who moved it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from types import TracebackType
from typing import Self

from portico.model.errors import Exists
from portico.stores.files import modes
from portico.stores.files.beneath import open_folder
from portico.stores.files.folders import Folders

HELD = 16
"""Folders that are open at the same time, besides those with changes that are not on the disk yet."""

CHANGED_MOST = 32
"""Changed folders kept open from which on a folder that got a new one is put on the disk at once."""

NO_FOLDER = frozenset({errno.ENOTDIR, errno.ELOOP})
"""What is said of something in the place of a folder that is none, or a link."""


class Handles:
    """The open folders below a root, for one thread, in a `with` statement; methods raise `OSError`.

    `durable`: whether changed folders are put on the disk at all.
    """

    def __init__(self, root: int, folders: Folders, *, durable: bool) -> None:
        self._root, self._folders, self._durable = root, folders, durable
        self._open: dict[str, int] = {}
        self._changed: dict[str, int] = {}
        self._unsynced: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for handle in (*self._open.values(), *self._changed.values()):
            os.close(handle)
        self._open, self._changed = {}, {}

    def get(self, path: str) -> int:
        """Return the descriptor of a folder that is there."""
        handle = self._open.get(path, -1)
        if handle < 0:
            handle = self._changed.get(path, -1)
        if handle < 0:
            if len(self._open) >= HELD:
                os.close(self._open.pop(next(iter(self._open))))
            handle = self._open[path] = open_folder(self._root, path)
        return handle

    def make(self, path: str) -> int:
        """Return the descriptor of a folder, made if need be with those above; raise `Exists`."""
        missing: list[str] = []
        above = path
        # No recursion: a path may have five hundred folders.
        while not self._there(above):
            missing.append(above)
            above = above.rpartition("/")[0]
        for folder in reversed(missing):
            self._make(*_split(folder))
        return self.get(path)

    def _there(self, path: str) -> bool:
        try:
            self.get(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise no_folder(path, error) from None
        return True

    def changed(self, path: str) -> None:
        """Take note that names in a folder have changed; it is kept open until `sync`."""
        if path not in self._changed:
            handle = self.get(path)
            self._changed[path] = handle
            del self._open[path]

    @property
    def crowded(self) -> bool:
        """Whether so many changed folders are open that they had better be synced."""
        return len(self._changed) >= CHANGED_MOST

    def sync(self) -> None:
        """Have the changed folders on the disk, and keep few of them open; raise `OSError`."""
        for handle in self._changed.values():
            self._sync(handle)
        self._open |= self._changed
        self._changed = {}
        while len(self._open) > HELD:
            os.close(self._open.pop(next(iter(self._open))))
        error, self._unsynced = self._unsynced, None
        if error is not None:
            raise error

    def let_go(self) -> None:
        """Hold no folder open, for want of descriptors; `sync` raises what could not be put on the disk."""
        for handle in self._changed.values():
            try:
                self._sync(handle)
            except OSError as error:
                self._unsynced = error
        self._close()

    def _sync(self, folder: int) -> None:
        if self._durable:
            os.fsync(folder)

    def _make(self, above: str, name: str) -> None:
        folder = self.get(above)
        with (
            reserved(self._folders, folder, name, f"{above}/" if above else ""),
            contextlib.suppress(FileExistsError),
        ):
            os.mkdir(name, dir_fd=folder)
            modes.share_folder(name, folder)
        if self.crowded and above not in self._changed:
            self._sync(folder)
        else:
            self.changed(above)


def _split(path: str) -> tuple[str, str]:
    above, _, name = path.rpartition("/")
    return above, name


def no_folder(path: str, error: OSError) -> Exception:
    """Return the error for a path at which something is no folder; any other error as it is."""
    if error.errno in NO_FOLDER:
        return Exists(f"{path}, or something above it, is no folder; choose another path")
    return error


def reads_the_same(path: str) -> Exists:
    """Return the error for a name that would be mistaken for another one."""
    return Exists(f"{path} is there already and reads the same; choose another name")


class reserved:  # noqa: N801 - used like a function
    """Hold a name while it is made; raise `Exists` when another one there reads the same."""

    def __init__(self, folders: Folders, folder: int, name: str, prefix: str, but: str | None = None) -> None:
        self._folders, self._folder, self._name = folders, folder, name
        found = folders.claim(folder, name)
        if found is not None and found != but:
            raise reads_the_same(prefix + found)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._folders.made(self._folder, self._name)
        else:
            self._folders.gone(self._folder, self._name)
