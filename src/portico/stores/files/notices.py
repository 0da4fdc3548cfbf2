"""Hearing from the kernel which folders have changed, where the package `watchfiles` is installed.

It is only a hint: what has changed is always found out by reading. The folders are watched one by one,
because a watch of the whole tree would follow links to anywhere and wake for every write to the room's
own log. Whatever goes wrong (too many folders, a name that is not UTF-8, at which watchfiles gives up),
the answer is `None`: nobody knows what has changed, so everything is to be read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from pathlib import Path
from threading import Event
from typing import Protocol

MAX_WATCHED = 1_000
"""Folders watched; beginning to watch so many keeps other threads from running for 11 ms."""

REBUILD_SECONDS = 5.0
"""Fewest seconds between two beginnings, when folders come and go."""

STEP_MS = 100
"""How often watchfiles looks whether something came, and whether it shall stop."""


class _Listener(Protocol):
    """`RustNotify` of watchfiles."""

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: Event, /) -> object: ...
    def close(self) -> None: ...


def _listener(folders: list[str]) -> _Listener:
    from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 - an option of the installation

    # debug, force_polling, poll_delay_ms, recursive, ignore_permission_denied
    listener: _Listener = RustNotify(folders, False, False, 300, False, False)  # noqa: FBT003 - takes no names
    return listener


class Notices:
    """Tells which folders below an open root have changed; for one thread."""

    def __init__(self, root: int, path: Path, stop: Event) -> None:
        """Watch the folder that is open as `root`, which may be called `path`."""
        opened = Path(f"/proc/self/fd/{root}")
        # By its descriptor, so that a root that is renamed is watched on.
        self._root = f"{opened}/" if opened.exists() else f"{path}/"
        self._stop = stop
        self._listener: _Listener | None = None
        self._watched: frozenset[str] = frozenset()
        self._next = 0.0

    def watch(self, folders: Collection[str]) -> frozenset[str]:
        """Watch these folders from now on; return those that were not watched before: look at them again."""
        if len(folders) > MAX_WATCHED:
            self.close()
            return frozenset()
        if self._watched == folders or time.monotonic() < self._next:
            return frozenset()
        self._next = time.monotonic() + REBUILD_SECONDS
        wanted, before = frozenset(folders), self._watched
        self.close()
        try:
            self._listener = _listener([self._root + folder for folder in wanted])
        except ImportError:
            self._next = math.inf
        except (OSError, RuntimeError):
            # A folder has just gone, or the system watches no more: until the next try all is read.
            pass
        else:
            self._watched = wanted
        return self._watched - before

    def hear(self, seconds: float) -> set[str] | None:
        """Wait so long for changes; return the folders they were in, or None when nobody knows."""
        if self._listener is None:
            self._stop.wait(seconds)
            return None
        timeout = max(1, int(seconds * 1000))
        try:
            heard = self._listener.watch(timeout, min(STEP_MS, timeout), timeout, self._stop)
        except RuntimeError:
            self.close()
            return None
        return self._folders(heard) if isinstance(heard, set) else set()

    def _folders(self, heard: set[tuple[int, str]]) -> set[str]:
        """Return the folders of paths, and the paths themselves where these are watched folders."""
        found = set()
        for _, path in heard:
            relative = path.removeprefix(self._root)
            folder = relative.rpartition("/")[0]
            found |= {f"{folder}/" if folder else "", f"{relative}/"} & self._watched
        return found

    def close(self) -> None:
        """Watch nothing any more."""
        listener, self._listener, self._watched = self._listener, None, frozenset()
        if listener is not None:
            listener.close()
