"""Where a store may live: on a local disk, in a directory that is there, with one server at a time.

SQLite's WAL needs memory shared between processes and locks that hold; file systems over a network promise
neither, so they are refused by name before anything is written. That a second server keeps away is the
work of `flock` on a file beside the store: the kernel lets go of it however the first one ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from portico.model.errors import Refused

MOUNTS = Path("/proc/self/mountinfo")

NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb2",
        "smb3",
        "smbfs",
        "ncpfs",
        "9p",
        "afs",
        "ceph",
        "lustre",
        "glusterfs",
        "gfs2",
    }
    | {"ocfs2", "beegfs", "gpfs", "orangefs", "pvfs2", "davfs", "coda", "vboxsf", "prl_fs"}
    | {
        f"fuse.{name}"
        for name in ("sshfs", "glusterfs", "ceph", "davfs", "s3fs", "rclone", "juicefs", "vmhgfs-fuse")
    }
)
"""File systems whose locks or shared memory do not reach every machine that sees the file."""

_MOUNT_POINT = 4
"""The field of a line of mountinfo that says where the file system is mounted."""


def network_file_system(path: Path, mounts: str) -> str | None:
    """Return the type of the network file system an absolute path is on, or None when it is local.

    `mounts` is the text of /proc/self/mountinfo (proc(5)): the longest mount point that contains the path
    counts, and of equals the last one, which covers those before it.
    """
    best, kind = -1, ""
    for point, its_kind in _mounts(mounts):
        if len(point) >= best and path.is_relative_to(point):
            best, kind = len(point), its_kind
    return kind if kind in NETWORK else None


def _mounts(text: str) -> Iterator[tuple[str, str]]:
    """Yield where each file system is mounted, and its type."""
    for line in text.splitlines():
        place, _, source = line.partition(" - ")
        fields = place.split(" ")
        if len(fields) > _MOUNT_POINT:
            yield _unescape(fields[_MOUNT_POINT]), source.split(" ")[0]


def _unescape(text: str) -> str:
    for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, sign)
    return text


def refuse_network(path: Path) -> None:
    """Raise `Refused` when the path is on a network file system; where there is no /proc nothing is known."""
    try:
        mounts = MOUNTS.read_text(errors="replace")
    except OSError:
        return
    if kind := network_file_system(path.resolve(), mounts):
        raise Refused(
            f"{path} is on a network file system ({kind}), where a log is not safe; "
            "keep it on a local disk (--ledger PATH)"
        )


def prepare_directory(directory: Path) -> None:
    """Make the directory of a store for its owner alone, unless it is there; its parent must be there."""
    try:
        directory.mkdir(mode=0o700)
        sync_directory(directory.parent)
    except FileExistsError:
        return
    except FileNotFoundError as error:
        raise Refused(f"the directory {directory.parent} does not exist; create it first") from error
    except OSError as error:
        raise Refused(f"the directory {directory} cannot be created: {error.strerror}") from error


def sync_directory(directory: Path) -> None:
    """Have the names in a directory on the disk."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Lock:
    """The right to be the one server of a store, from `take` until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Name the lock file; nothing is taken yet."""
        self._path = path
        self._file: int | None = None

    def take(self, what: Path) -> None:
        """Take the lock of `what` or raise `Refused`, naming the process that holds it."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Refused(
                f"{self._path} cannot be opened: {error.strerror}; check its owner and mode"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(file, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise Refused(
                f"{what} is in use by another server (process {holder}); "
                "stop that one or serve another directory"
            ) from error
        os.ftruncate(file, 0)
        # A full disk must not keep a server from reading; the number is only for the sentence above.
        with contextlib.suppress(OSError):
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Let go; the file stays, because removing it would race with the next one who takes it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
