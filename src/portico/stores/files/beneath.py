"""Opening, renaming and syncing below an open folder, without ever leaving it.

Somebody else may put a link in the place of a folder at any moment, so nothing here checks first and opens
then. The kernel is asked to resolve a path without links and without leaving the root (openat2, Linux 5.6);
where it cannot, the path is walked part by part, each opened with O_NOFOLLOW. Both ways give a descriptor,
and what was opened is what is used: names within the folder are resolved from it.

What Python has no function for is called in the C library by ctypes, which lets go of the interpreter
meanwhile and keeps errno.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from portico.model.errors import PorticoError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened."""

FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""How a file is opened: a FIFO does not make us wait, a terminal does not become ours."""

_OPENAT2 = 437
"""The number of the system call, the same on every architecture (it came after they were unified)."""

_BENEATH = 0x02 | 0x04 | 0x08
"""RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH: openat2(2)."""

_NOREPLACE = 1
"""RENAME_NOREPLACE: renameat2(2)."""

_WRITE = 2
"""SYNC_FILE_RANGE_WRITE: sync_file_range(2)."""

_NOT_OFFERED = frozenset({errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP})
"""What an old kernel, a file system or a sandbox says of a call it does not know."""

CROWDED_SECONDS = (0.0, 0.02, 0.1, 0.4)
"""Pauses before something is tried again for which no descriptor was free: others let go of some."""

T = TypeVar("T")

_libc = ctypes.CDLL(None, use_errno=True)


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def patiently(do: Callable[[], T], let_go: Callable[[], None]) -> T:
    """Do something, in a thread; where no descriptor is free for it, let go of some and try again."""
    for pause in CROWDED_SECONDS:
        try:
            return do()
        except (OSError, PorticoError) as error:
            if not _crowded(error):
                raise
        let_go()
        time.sleep(pause)
    return do()


def _crowded(error: Exception) -> bool:
    """Tell whether something failed for want of a descriptor."""
    cause = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    return isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE)


def open_folder(root: int, path: str) -> int:
    """Return a descriptor of a folder below the root; the path may be empty. Raises `OSError`."""
    if not path:
        # Opened anew: the place in its listing belongs to a descriptor.
        return os.open(".", FOLDER, dir_fd=root)
    if "/" not in path:
        return os.open(path, FOLDER, dir_fd=root)
    if _kernel.resolves:
        try:
            return _open_at_once(root, path)
        except OSError as error:
            # EAGAIN: something was renamed meanwhile, and the kernel could not tell whether we stay inside.
            if error.errno not in _NOT_OFFERED | {errno.EAGAIN}:
                raise
            _kernel.resolves = error.errno == errno.EAGAIN
    return _walk(root, path)


def open_file(root: int, path: str, flags: int) -> int:
    """Return a descriptor of what is no link, below the root; the caller looks what it is."""
    folder, _, name = path.rpartition("/")
    if not folder:
        return os.open(name, flags | FILE, dir_fd=root)
    above = open_folder(root, folder)
    try:
        return os.open(name, flags | FILE, dir_fd=above)
    finally:
        os.close(above)


def rename_new(origin: int, name: str, folder: int, new_name: str) -> None:
    """Rename between two open folders; raise `FileExistsError` when the new name is there already."""
    if _kernel.renames:
        done = _libc.renameat2(origin, os.fsencode(name), folder, os.fsencode(new_name), _NOREPLACE)
        if done == 0:
            return
        code = ctypes.get_errno()
        if code not in _NOT_OFFERED:
            raise OSError(code, os.strerror(code), new_name)
    # A link is never made over an existing name. After a crash in between the file has both.
    os.link(name, new_name, src_dir_fd=origin, dst_dir_fd=folder, follow_symlinks=False)
    os.unlink(name, dir_fd=origin)


def start_writing(file: int) -> None:
    """Have what was written to a file on its way to the disk, without waiting for it."""
    if _kernel.writes_ahead:
        _libc.sync_file_range(file, ctypes.c_int64(0), ctypes.c_int64(0), _WRITE)


def sync_data(file: int) -> None:
    """Have the bytes and the size of a file on the disk."""
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - fsync does not reach the disk there

        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(file)


def can_sync_all() -> bool:
    """Tell whether `sync_all` is offered."""
    return _kernel.syncs_all


def sync_all(file: int) -> None:
    """Have everything on the disk that is on the file system of a file."""
    if _libc.syncfs(file) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _open_at_once(root: int, path: str) -> int:
    how = _How(FOLDER, 0, _BENEATH)
    handle: int = _libc.syscall(
        ctypes.c_long(_OPENAT2), root, os.fsencode(path), ctypes.byref(how), ctypes.c_size_t(24)
    )
    if handle < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), path)
    return handle


def _walk(root: int, path: str) -> int:
    folder = os.dup(root)
    for part in path.split("/"):
        try:
            inner = os.open(part, FOLDER, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


class _Kernel:
    """What this machine offers; tests take something away."""

    def __init__(self) -> None:
        self.resolves = sys.platform == "linux"
        self.renames = hasattr(_libc, "renameat2")
        self.writes_ahead = hasattr(_libc, "sync_file_range")
        # Before, it told of no failed write: syncfs(2).
        self.syncs_all = hasattr(_libc, "syncfs") and _release() >= (5, 8)


def _release() -> tuple[int, ...]:
    """Return the first two numbers of the kernel's version."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return tuple(map(int, found.groups())) if found else ()


_kernel = _Kernel()
