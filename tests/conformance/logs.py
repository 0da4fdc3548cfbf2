"""The logs that the conformance suite runs against; a new one is one more line in `LOGS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portico.ports import Log
from portico.stores.memory import MemoryLog
from portico.stores.sqlite.log import SqliteLog

Reopen = Callable[[], Log]
"""Returns an unopened log on the same place each time: what is there after a restart."""


def _always() -> str:
    return ""


@dataclass(frozen=True)
class Kind:
    """How to make a log of one kind in a directory, and why it cannot be tested here, if it cannot."""

    make: Callable[[Path], Reopen]
    missing: Callable[[], str] = _always


def _memory(_directory: Path) -> Reopen:
    log = MemoryLog()
    return lambda: log


def _sqlite(directory: Path) -> Reopen:
    return lambda: SqliteLog(directory / "log")


def _sqlite_normal(directory: Path) -> Reopen:
    return lambda: SqliteLog(directory / "log", sync="normal")


LOGS = {
    "memory": Kind(_memory),
    "sqlite": Kind(_sqlite),
    "sqlite-normal": Kind(_sqlite_normal),
}
