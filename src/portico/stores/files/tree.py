"""Reading a folder and everything below it, blocking, without ever leaving it.

Three rules keep a reader inside, whatever somebody else does to the folders meanwhile:

* A folder is opened part by part from the root's descriptor, each with O_NOFOLLOW and O_DIRECTORY. There is
  no check that a link could slip behind: what was opened is what is read.
* The attributes of a file are read by name within its opened folder and not through a link. No file is
  opened here, so no FIFO and no device can make the reader wait.
* Only regular files with presentable names exist; hidden names, links and special files do not.

Order: `sorted` on whole paths, which is not the order of sorted folders: `a.txt` stands before `a/b`, as `.`
is less than `/`. So a folder is sorted under its name with the `/`: such a key is never the beginning of
another one beside it, and the first character in which the two differ decides for everything below. The walk
yields the right order as it goes, and stops when a page is full.

A reading holds two descriptors at most, however deep the tree is: a folder is opened again from the root
when the walk comes back to it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from hashlib import blake2b
from heapq import merge
from threading import Event
from types import TracebackType
from typing import Self

from portico.model.errors import Unavailable
from portico.model.files import FileFacts
from portico.model.instants import EARLIEST, LATEST
from portico.model.paths import presentable
from portico.model.patterns import Pattern

RUN = 4096
"""Names sorted in one go, about 1 ms in which no other thread can run; the runs are merged as needed."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_ABSENT = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,  # also what Linux says of a link where a folder was wanted
        errno.ELOOP,  # the same on macOS
        errno.EACCES,
        errno.EPERM,
        errno.ENAMETOOLONG,  # a file system with shorter names than ours holds no such file
        errno.ENXIO,  # a socket, or a device without a driver, that somebody tried to open
        errno.ESTALE,  # vanished from a network file system
    }
)
"""What a disk says of something that is not there for us; all else is a fault, its own or ours."""


class Stopped(Exception):
    """Nobody waits for the outcome any more."""


def etag_of(info: os.stat_result) -> str:
    """Return 16 hexadecimal digits that change whenever the content may have changed.

    A replaced file has another inode, a rewritten one another time. The time of change is in it because
    `cp -p` and `rsync --inplace` put the modification time back, which nobody can do with that one. Rewritten
    in place, at the same length and within one tick of the file system's clock, a file keeps its etag.
    """
    facts = f"{info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
    return blake2b(facts.encode(), digest_size=8).hexdigest()


def facts_of(path: str, info: os.stat_result, sha256: str | None = None, by: str = "") -> FileFacts:
    """Return the facts of a file that its attributes tell, and those that are known besides."""
    # A disk may hold times that no calendar writes; one such file must not spoil a listing.
    mtime = min(max(info.st_mtime_ns // 1000, EARLIEST), LATEST)
    return FileFacts(path, info.st_size, mtime, etag_of(info), sha256 or None, by)


def absent(error: OSError) -> bool:
    """Return True when the error says that there is no file for us; raise `Unavailable` for any other."""
    if error.errno in _ABSENT:
        return True
    raise Unavailable(f"the files cannot be read at present: {error.strerror}") from error


class Tree:
    """One reading of the tree below an open folder; for one thread, in a `with` statement.

    Raises `Unavailable` when the disk fails or descriptors run out, and `Stopped` soon after `stop` is set.
    """

    def __init__(self, root: int, stop: Event) -> None:
        self._root = root
        self._stop = stop
        self._path = ""
        self._folder = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def facts(self, path: str) -> FileFacts | None:
        """Return the facts of a presentable path, None when there is no regular file."""
        info = self.info(path)
        return None if info is None else facts_of(path, info)

    def info(self, path: str) -> os.stat_result | None:
        """Return the attributes of a presentable path, None when there is no regular file."""
        folder, _, name = path.rpartition("/")
        try:
            info = os.stat(name, dir_fd=self._open(folder), follow_symlinks=False)
        except OSError as error:
            absent(error)
            return None
        return info if stat.S_ISREG(info.st_mode) else None

    def paths(self, pattern: Pattern, after: str) -> Iterator[str]:
        """Yield, in order, the matching paths after `after`: regular files when their folder was read."""
        if pattern.exact:
            if pattern.text > after and presentable(pattern.text) and self.facts(pattern.text):
                yield pattern.text
            return
        # No listed path begins with what is not presentable; and `../*` must never be opened.
        start = pattern.prefix.rpartition("/")[0]
        if start and not presentable(start):
            return
        levels = [self._entries(f"{start}/" if start else "", pattern, after)]
        while levels:
            key = next(levels[-1], None)
            if key is None:
                levels.pop()
            elif key.endswith("/"):
                levels.append(self._entries(key, pattern, after))
            else:
                yield key

    def _entries(self, prefix: str, pattern: Pattern, after: str) -> Iterator[str]:
        """Return the keys of one folder in order: paths of files, and paths of folders with a `/` behind."""
        runs: list[list[str]] = [[]]
        for key in self._keys(prefix):
            if not _wanted(key, pattern, after):
                continue
            if len(runs[-1]) == RUN:
                runs[-1].sort()
                runs.append([])
            runs[-1].append(key)
        runs[-1].sort()
        return merge(*runs)

    def _keys(self, prefix: str) -> Iterator[str]:
        for entry in self.entries(prefix):
            key = _key(prefix, entry)
            if key is not None:
                yield key

    def entries(self, prefix: str) -> Iterator[os.DirEntry[str]]:
        """Yield all there is in a folder, unsorted, of any name and kind; nothing where there is no folder.

        Each is good until the next is asked for. `prefix` is empty, or a presentable path with a `/` behind.
        """
        try:
            with os.scandir(self._open(prefix.rstrip("/"))) as entries:
                for entry in entries:
                    self._check()
                    yield entry
        except OSError as error:
            absent(error)

    def _open(self, path: str) -> int:
        """Return a descriptor of a folder of the tree, kept until another folder is wanted."""
        self._check()
        if self._folder < 0 or path != self._path:
            self._close()
            # The root too is opened anew: its descriptor is shared, and so would be the place in its listing.
            self._folder = os.open(".", _FOLDER, dir_fd=self._root)
            self._path = path
            for part in path.split("/") if path else ():
                self._enter(part)
        return self._folder

    def _enter(self, name: str) -> None:
        try:
            inner = os.open(name, _FOLDER, dir_fd=self._folder)
        except OSError:
            self._close()
            raise
        os.close(self._folder)
        self._folder = inner

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _close(self) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


def _key(prefix: str, entry: os.DirEntry[str]) -> str | None:
    """Return the key of an entry that may be shown: a folder's ends in `/`; None for everything else."""
    path = prefix + entry.name
    if not presentable(path):
        return None
    try:
        # The kind comes with the name on most file systems; where it does not, this asks the disk.
        if entry.is_file(follow_symlinks=False):
            return path
        return f"{path}/" if entry.is_dir(follow_symlinks=False) else None
    except OSError as error:
        absent(error)
        return None


def _wanted(key: str, pattern: Pattern, after: str) -> bool:
    """Tell whether a file is meant, or whether a folder may hold files that are."""
    if not key.endswith("/"):
        return key > after and pattern.matches(key)
    if pattern.slashes is not None and key.count("/") > pattern.slashes:
        return False
    literal = pattern.prefix
    return (key > after or after.startswith(key)) and key[: len(literal)] == literal[: len(key)]
