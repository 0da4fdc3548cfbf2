"""A file that is not whole yet, beside the place where it will be.

`fw.bin.3f2a90c15be77d04.part` becomes `fw.bin` by one rename, once all is there and verified; so nobody ever
sees half a file under its name. The digits stand for the content (which log, path and etag), so a later run
finds what it can go on with, and knows what is stale. A lock keeps two runs apart; it ends with its process.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import stat

from portico.client.transfer.folders import Folder
from portico.client.transfer.local import doing
from portico.client.transfer.trail import Trail
from portico.model.errors import Busy
from portico.model.paths import MAX_PART_BYTES

try:
    import fcntl
except ImportError:  # Windows locks open files by itself
    fcntl = None  # type: ignore[assignment]

MARK_DIGITS = 16
"""Two contents of one file get the same mark once in 2 ** 64; the digest would still tell them apart."""

END = ".part"

PART = re.compile(rf"\.[0-9a-f]{{{MARK_DIGITS}}}\.part\Z")


def mark_of(log: str, path: str, etag: str) -> str:
    """Return the digits that stand for one content of one file of one server."""
    return hashlib.sha256(f"{log}\n{path}\n{etag}".encode("utf-8", "replace")).hexdigest()[:MARK_DIGITS]


def part_name(name: str, mark: str) -> str:
    """Return the name of a part; that of the file is cut short where both are too long for a disk."""
    kept = os.fsencode(name)[: MAX_PART_BYTES - len(f".{mark}{END}")].decode("utf-8", "ignore")
    return f"{kept}.{mark}{END}"


class Part:
    """One file on its way to a name; `offset` is how much of it is there, `resumed` what was at first."""

    def __init__(self, folder: Folder, name: str, mark: str, *, resume: bool, verify: bool) -> None:
        """Begin a part, or go on with the one of this mark; raise `Busy` when somebody else is at it.

        The folder stays open until this is closed.
        """
        self._folder, self._name, self._part = folder, name, part_name(name, mark)
        self._target = folder.path / name
        with doing("write", self._target):
            _check_replaceable(folder, name)
            self._file = _locked(folder, self._part)
            self._sweep()
            if not resume:
                self._file.truncate(0)
            self.offset = self.resumed = self._file.seek(0, os.SEEK_END)
            self._read = io.FileIO(folder.open(self._part, os.O_RDONLY))
        self._trail = Trail(self._read) if verify else None
        if self._trail is not None:
            self._trail.reach(self.offset)

    def write(self, piece: memoryview) -> None:
        """Add bytes."""
        with doing("write", self._target):
            while piece:
                count = self._file.write(piece)
                piece = piece[count:]
                self.offset += count
        if self._trail is not None:
            self._trail.reach(self.offset)

    def digest(self) -> str:
        """Return the SHA-256 of all that is there; once, at the end."""
        if self._trail is None:
            return ""
        with doing("read", self._target):
            return self._trail.result()

    def appear(self, mtime: int) -> None:
        """Become the file, with this time of modification in microseconds."""
        folder, times = self._folder, (mtime * 1_000, mtime * 1_000)
        with doing("write", self._target):
            os.utime(folder.at(self._part), ns=times, dir_fd=folder.fd)
            if fcntl is None:  # Windows renames no open file
                self._let_go()
            folder.rename(self._part, self._name)
        self._let_go()

    def discard(self) -> None:
        """Throw it away."""
        self.offset = 0
        self.close()

    def close(self) -> None:
        """Let go; nothing is left of a part without a byte. Closing twice is fine."""
        if not self.offset and not self._file.closed:
            with contextlib.suppress(OSError):
                self._folder.unlink(self._part)
        self._let_go()

    def _let_go(self) -> None:
        if self._trail is not None:
            self._trail.close()
        self._read.close()
        self._file.close()

    def _sweep(self) -> None:
        """Remove the parts of earlier contents, unless somebody is at them."""
        for name in self._folder.names():
            mark = name[-MARK_DIGITS - len(END) : -len(END)]
            if PART.search(name) and name == part_name(self._name, mark) != self._part:
                with contextlib.suppress(OSError, Busy):
                    file = _locked(self._folder, name)
                    self._folder.unlink(name)
                    file.close()


def _check_replaceable(folder: Folder, name: str) -> None:
    """Refuse to begin what could not appear: no file takes the place of a folder."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(folder.stat(name).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _locked(folder: Folder, name: str) -> io.FileIO:
    """Open a part for ourselves alone; raise `Busy` when it is not to be had."""
    while True:
        file = io.FileIO(folder.open(name, os.O_RDWR | os.O_CREAT), "r+")
        try:
            if fcntl is None:
                return file
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have renamed or removed it just before.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), folder.stat(name)):
                    return file
        except BlockingIOError:
            file.close()
            raise Busy(f"{name} is being written by another program; wait for its end") from None
        except BaseException:
            file.close()
            raise
        file.close()
