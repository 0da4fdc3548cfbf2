"""Names that read the same: `Notes` beside `notes` is one file on the machines of half the readers.

Whoever makes a name in a folder asks first which existing one it would be mistaken for. Reading the folder
each time would make thousands of deposits into it quadratic, so what was read is remembered, as a set of
hashes of folded names: a filter. What is not in it is new. What is in it is looked up on the disk, which has
the last word; so a hash too many does no harm, and takes a third of the memory that names would.

A folder that has changed is read again, but never so often that reading again, whichever folder, takes more
than a small share of the time. Our own changes are told (`made`); a name made by others is overlooked for as
long as twenty readings take, about a millisecond for a folder of a hundred names. Then two names may read the
same, as anybody can have it who works in the folder itself; nothing is overwritten.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock

from portico.model.paths import escaped, fold_part, presentable

SHARE = 20
"""A changed folder is read again when this many times the last reading's duration have passed: 5 %."""

MAX_FOLDERS = 256
"""Folders remembered: more than any client deposits into at the same time."""

MAX_NAMES = 200_000
"""Names remembered in all, at some 75 bytes; the folder used last is kept whatever its size."""

TICK_NS = 20_000_000
"""A file system's clock may stand still as long as this (4 ms on Linux with HZ=250, 10 ms with HZ=100): a
change in the same tick as the reading leaves the folder's time as it was."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class _Known:
    """What is known of one folder; `stamp` is its time of modification when it was read."""

    __slots__ = ("claims", "lock", "read", "seen", "stamp")

    def __init__(self) -> None:
        self.lock = Lock()
        self.stamp = -1
        self.read = False
        self.seen: set[int] = set()
        self.claims: dict[str, str] = {}


class Folders:
    """What is known of the names in folders, for several threads; all methods take an open folder."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._until = 0.0
        self._known: OrderedDict[tuple[int, int], _Known] = OrderedDict()

    def collision(self, folder: int, name: str) -> str | None:
        """Return the name in the folder that reads the same as a name but is another; None without one.

        A name that is there already collides with none. One that may not be shown is returned escaped.
        Raises `OSError` when the folder cannot be read.
        """
        known, mtime_ns = self._look(folder)
        with known.lock:
            return self._collision(known, folder, mtime_ns, name)

    def claim(self, folder: int, name: str) -> str | None:
        """Return what `collision` returns; without one nobody else gets a name that reads the same.

        So it stays until `made` or `gone` is called for the name, which has to happen.
        """
        known, mtime_ns = self._look(folder)
        with known.lock:
            found = self._collision(known, folder, mtime_ns, name)
            if found is None:
                known.claims[fold_part(name)] = name
        return found

    def made(self, folder: int, name: str) -> None:
        """Take note that a name was made in the folder."""
        known, _ = self._look(folder)
        folded = fold_part(name)
        with known.lock:
            known.seen.add(hash(folded))
            known.claims.pop(folded, None)

    def gone(self, folder: int, name: str) -> None:
        """Take note that a name is gone from the folder, or that a claimed one was not made."""
        known, _ = self._look(folder)
        folded = fold_part(name)
        with known.lock:
            if known.claims.get(folded) == name:
                del known.claims[folded]

    def _look(self, folder: int) -> tuple[_Known, int]:
        """Return what is known of a folder, and its time of modification."""
        info = os.fstat(folder)
        key = info.st_dev, info.st_ino
        with self._lock:
            known = self._known.setdefault(key, _Known())
            self._known.move_to_end(key)
        return known, info.st_mtime_ns

    def _forget(self) -> None:
        """Forget the folders unused for longest, but none where a name is claimed and never the last."""
        with self._lock:
            names = sum(len(known.seen) for known in self._known.values())
            for key, known in list(self._known.items())[:-1]:
                if len(self._known) <= MAX_FOLDERS and names <= MAX_NAMES:
                    return
                if not known.claims:
                    names -= len(known.seen)
                    del self._known[key]

    def _collision(self, known: _Known, folder: int, mtime_ns: int, name: str) -> str | None:
        self._refresh(known, folder, mtime_ns)
        folded = fold_part(name)
        claimed = known.claims.get(folded, name)
        if claimed != name:
            return claimed
        if hash(folded) not in known.seen or _there(folder, name):
            return None
        same = (other for other in _names(folder) if fold_part(other) == folded)
        other = min(same, default=None)
        if other is None:
            known.seen.discard(hash(folded))
            return None
        return other if presentable(other) else escaped(other)

    def _refresh(self, known: _Known, folder: int, mtime_ns: int) -> None:
        """Read the folder anew if it has changed and was not read just now."""
        begun = self._now()
        if mtime_ns == known.stamp or (known.read and begun < self._until):
            return
        # A time so recent may be that of later changes as well.
        known.stamp = mtime_ns if time.time_ns() - mtime_ns > TICK_NS else -1
        known.seen = {hash(fold_part(name)) for name in _names(folder)}
        end = self._now()
        known.read = True
        self._until = end + SHARE * (end - begun)
        self._forget()


def _names(folder: int) -> Iterable[str]:
    # Opened anew, because a descriptor's place in the listing is shared by all threads that read from it.
    own = os.open(".", _FOLDER, dir_fd=folder)
    try:
        return os.listdir(own)  # noqa: PTH208 - pathlib takes no descriptors
    finally:
        os.close(own)


def _there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True
