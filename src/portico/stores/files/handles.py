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
from portico.stores.files.beneath import open_folder
from portico.stores.files.folders import Folders

HELD = 16
"""Folders that are open at the same time, besides those with changes that are not on the disk yet."""

CHANGED_MOST = 64
"""Folders with new folders in them that stay open until they are put on the disk together; one path alone may
make hundreds, and descriptors are for everybody."""

NO_FOLDER = frozenset({errno.ENOTDIR, errno.ELOOP})
"""What is said of something in the place of a folder that is none, or a link."""


class Handles:
    """The open folders below a root, for one thread, in a `with` statement; methods raise `OSError`."""

    def __init__(self, root: int, folders: Folders) -> None:
        self._root, self._folders = root, folders
        self._open: dict[str, int] = {}
        self._changed: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            if error.errno in NO_FOLDER:
                raise Exists(f"{path}, or something above it, is no folder; choose another path") from None
            raise
        return True

    def changed(self, path: str) -> None:
        """Take note that names in a folder have changed; it is kept open until `sync`."""
        if path not in self._changed:
            handle = self.get(path)
            self._changed[path] = handle
            del self._open[path]

    def sync(self) -> None:
        """Have the changed folders on the disk."""
        for handle in self._changed.values():
            os.fsync(handle)
        self.settle()

    def settle(self) -> None:
        """Forget which folders have changed, and close those that are too many then."""
        for path, handle in self._changed.items():
            if path in self._open:
                os.close(handle)
            else:
                self._open[path] = handle
        self._changed = {}
        while len(self._open) > HELD:
            os.close(self._open.pop(next(iter(self._open))))

    def _make(self, above: str, name: str) -> None:
        folder = self.get(above)
        with (
            reserved(self._folders, folder, name, f"{above}/" if above else ""),
            contextlib.suppress(FileExistsError),
        ):
            os.mkdir(name, dir_fd=folder)
        if len(self._changed) < CHANGED_MOST:
            self.changed(above)
        elif above not in self._changed:
            os.fsync(folder)


def _split(path: str) -> tuple[str, str]:
    above, _, name = path.rpartition("/")
    return above, name


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
