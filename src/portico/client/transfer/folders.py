"""Where files from a server may go: below one folder, and nowhere else.

A server is not believed. Each path is checked as if somebody else had chosen it, on Windows by Windows' rules
too. Below the folder that the user named, folders are opened one inside the other and never through a
symbolic link, so that neither a path nor a link that lies there leads outside.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from portico.model.errors import BadPath
from portico.model.paths import check_path, presentable

WINDOWS = sys.platform == "win32"

# Devices by any extension, characters Win32 has no names with, and ends it silently cuts off.
_FOREIGN = re.compile(
    r"""(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?|.*[<>"|?*:\\].*|.*[. ]""",
    re.IGNORECASE | re.DOTALL,
)


def check_name(name: str, *, windows: bool = WINDOWS) -> str:
    """Return the name of a file; raise `BadPath` for what is none on this machine."""
    if check_path(name) != name or "/" in name or (windows and _FOREIGN.fullmatch(name)):
        raise BadPath(f"{name!r} is no name for a file here; say where to put it")
    return name


def check_parts(path: str, *, windows: bool = WINDOWS) -> list[str]:
    """Return the parts of a path that a server gave; raise `BadPath` when it must not be written to."""
    if windows or not presentable(path):
        return [check_name(part, windows=windows) for part in path.split("/")]
    return path.split("/")


class Folder:
    """One open folder; what is done in it is done by the name alone, wherever its path leads by now.

    Where the system has no such calls, it is done by the whole path.
    """

    __slots__ = ("fd", "fresh", "path")

    def __init__(self, path: Path, fd: int | None, *, fresh: bool = False) -> None:
        """Take over a descriptor; `fresh`: it was just made, so there is nothing in it."""
        self.path, self.fd, self.fresh = path, fd, fresh

    @classmethod
    def top(cls, path: Path) -> Folder:
        """Open a folder that the user named; links are followed, as he may have meant."""
        return cls(path, os.open(path, _FOLDER) if BY_NAME else None)

    def at(self, name: str) -> str:
        """Return what a call with `dir_fd=self.fd` is to be given for a name."""
        return name if self.fd is not None else str(self.path / name)

    def inner(self, name: str) -> Folder:
        """Open a folder in this one, made when it is not there; never a symbolic link to one."""
        path, at = self.path / name, self.at(name)
        fresh = False
        try:
            fd = _open_folder(at, self.fd)
        except FileNotFoundError:
            os.mkdir(at, dir_fd=self.fd)
            fresh = True
            fd = _open_folder(at, self.fd)
        return Folder(path, fd, fresh=fresh)

    def open(self, name: str, flags: int) -> int:
        """Open a file in it, never through a symbolic link."""
        return os.open(self.at(name), flags | _FILE, 0o666, dir_fd=self.fd)

    def stat(self, name: str) -> os.stat_result:
        """Look at what has this name, itself."""
        return os.stat(self.at(name), dir_fd=self.fd, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self.at(name), dir_fd=self.fd)

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, in the place of what has it."""
        os.replace(self.at(name), self.at(new), src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def names(self) -> list[str]:
        """Return what is in it."""
        return os.listdir(self.path if self.fd is None else self.fd)  # noqa: PTH208 - pathlib has no descriptors

    def close(self) -> None:
        """Let go of it; closing twice is fine."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


class Folders:
    """The folders below one, opened as paths come by; a few are open at a time, as paths come in order."""

    def __init__(self, top: Path) -> None:
        """Open the top, made when it is not there."""
        top.mkdir(parents=True, exist_ok=True)
        self._stack = [Folder.top(top)]
        self._parts: list[str] = []

    def __enter__(self) -> Self:
        """Be used in a `with` statement."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all."""
        while self._stack:
            self._stack.pop().close()

    def of(self, parts: list[str]) -> Folder:
        """Return the folder of these checked parts, open until another one is asked for."""
        if parts == self._parts:
            return self._stack[-1]
        common = 0
        while common < min(len(parts), len(self._parts)) and parts[common] == self._parts[common]:
            common += 1
        while len(self._stack) > common + 1:
            self._stack.pop().close()
        del self._parts[common:]
        for part in parts[common:]:
            self._stack.append(self._stack[-1].inner(part))
            self._parts.append(part)
        return self._stack[-1]


BY_NAME = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
"""Whether this system opens a file by its name in an open folder."""

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def _open_folder(at: str, fd: int | None) -> int | None:
    """Open a folder that is one itself; raise `OSError` for anything else that has the name."""
    if BY_NAME:
        return os.open(at, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
    if not stat.S_ISDIR(os.lstat(at).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), at)
    return None
