"""What goes wrong on this side, in the words of the other errors."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from portico.model.errors import NoSpace, PorticoError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def doing(what: str, name: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the errors of this machine's disk into ours: `cannot write fw.bin: permission denied`."""
    try:
        yield
    except OSError as error:
        raise local_error(what, name, error) from error


def local_error(what: str, name: str | os.PathLike[str], error: OSError) -> PorticoError:
    """Return the error for what could not be done with a file here."""
    shown = os.fsencode(name).decode("utf-8", "replace")
    why = os.strerror(error.errno).lower() if error.errno else str(error)
    if error.errno in FULL:
        return NoSpace(f"cannot {what} {shown}: this machine's disk is full; make room and try again")
    return PorticoError(f"cannot {what} {shown}: {why}")
