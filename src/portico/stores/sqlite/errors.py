"""What SQLite's result codes mean to a room: whether something is stored, and what to do.

Full is certain (the transaction is undone), everything else leaves the outcome unknown: a commit whose
fsync failed may or may not be found after a crash, so the same batch is said again with the same key.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from portico.model.errors import NoSpace, PorticoError, Refused, TooBig, Unavailable

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_WAITING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def primary_code(error: sqlite3.Error) -> int:
    """Return the primary result code (the low byte), or `SQLITE_ERROR` for an error of the Python module."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the file is a database, but not a whole one."""
    return primary_code(error) == sqlite3.SQLITE_CORRUPT


def damaged(path: Path, what: str) -> Unavailable:
    """Return the error for bytes of a log in use that are not what was written."""
    return Unavailable(f"the log {path} is damaged ({what}); run: portico log check {path}")


def port_error(error: sqlite3.Error, path: Path) -> PorticoError:
    """Translate an error met while the log is in use."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL:
        return NoSpace(
            "the disk under the log is full; free some space, nothing that was acknowledged is lost"
        )
    if code == sqlite3.SQLITE_TOOBIG:
        return TooBig("a record of the log can have at most 1,000,000,000 bytes")
    if code in _DAMAGE:
        return damaged(path, str(error))
    if code in _WAITING:
        return Unavailable(
            f"the log {path} is locked by another program; close that one, the server tries again"
        )
    return Unavailable(f"the log {path} cannot be written or read at present: {error}")


@contextlib.contextmanager
def in_port_terms(path: Path) -> Iterator[None]:
    """Let errors of SQLite leave the block as those the port names."""
    try:
        yield
    except sqlite3.Error as error:
        raise port_error(error, path) from error


@contextlib.contextmanager
def opening(path: Path) -> Iterator[None]:
    """Let errors of SQLite leave the block as `Refused`."""
    try:
        yield
    except sqlite3.Error as error:
        raise Refused(_why_not(error, path)) from error


def _why_not(error: sqlite3.Error, path: Path) -> str:
    if primary_code(error) == sqlite3.SQLITE_NOTADB:
        return f"{path} is not a log of Portico; give another path or move that file away"
    if is_damage(error):
        return damage_sentence(path, str(error))
    if primary_code(error) in _WAITING:
        return f"the log {path} is locked by another program; close that one and start again"
    if primary_code(error) == sqlite3.SQLITE_FULL:
        return f"the disk under {path} is full; free some space and start again"
    return f"the log {path} cannot be opened: {error}; check its owner and mode"


def damage_sentence(path: Path, what: str) -> str:
    """Return the sentence for a log that is damaged before anything was done with it."""
    return f"the log {path} is damaged ({what}); run: portico log check {path}, then restore a backup"
