"""A file that appears whole or not at all, beside a log or for one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from portico.model.errors import Refused
from portico.stores.places import prepare_directory, sync_directory


@contextlib.contextmanager
def published(destination: Path) -> Iterator[Path]:
    """Give a path to write a file at, which gets its name at the end; after an error nothing remains."""
    made = not destination.parent.exists()
    prepare_directory(destination.parent)
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.partial")
    try:
        yield temporary
        _publish(temporary, destination)
    except BaseException:
        _remove(temporary)
        if made:
            with contextlib.suppress(OSError):
                destination.parent.rmdir()
        raise
    _remove(temporary)


def _remove(temporary: Path) -> None:
    for rest in ("", "-wal", "-shm", ".lock"):
        temporary.with_name(temporary.name + rest).unlink(missing_ok=True)


def _publish(temporary: Path, destination: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link never replaces what another has put there meanwhile.
        destination.hardlink_to(temporary)
    except FileExistsError:
        raise Refused(f"{destination} exists already; give a path where nothing is") from None
    except OSError as error:
        raise Refused(f"{destination} cannot be written: {error.strerror}") from error
    sync_directory(destination.parent)
