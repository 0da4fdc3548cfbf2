"""Where the server of a directory listens: one small file beside its log, there for as long as it runs.

The server keeps a lock on the file, and the kernel lets go of it however the server ends: a file without a
lock is of one that was killed, and tells nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_BYTES = 65_536
"""Longest file that is read: two paths and two numbers."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What others on this machine may want to know of a server.

    `asks`: whether tokens count there, false with --open. `certificate` is the path of its certificate, empty
    without TLS.
    """

    host: str
    port: int
    asks: bool = True
    certificate: str = ""


@contextlib.contextmanager
def told(path: Path | None, whereabouts: Whereabouts) -> Iterator[None]:
    """Tell where a server listens, where that can be told: nobody has to know."""
    with contextlib.ExitStack() as stack:
        if path is not None:
            with contextlib.suppress(OSError):
                stack.enter_context(_published(path, whereabouts))
        yield


@contextlib.contextmanager
def _published(path: Path, whereabouts: Whereabouts) -> Iterator[None]:
    temporary = path.with_name(f"{path.name}.partial")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.write(file, json.dumps(asdict(whereabouts)).encode())
        # A new file each time: who still reads that of a server before sees that it has no lock.
        temporary.replace(path)
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(file)


def find(path: Path) -> Whereabouts | None:
    """Return where the server of a file listens; None when none is running. Raise what the system refuses."""
    try:
        with path.open("rb") as file:
            if _is_locked(file.fileno()):
                return Whereabouts(**json.loads(file.read(FILE_BYTES)))
    except (FileNotFoundError, ValueError, TypeError):
        pass
    return None


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
