"""What is measured, and the server it is measured at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import ServerProcess


@dataclass(frozen=True, slots=True)
class Figure:
    """What came out, beside what was promised."""

    sound: bool
    text: str

    def __str__(self) -> str:
        return self.text


@contextlib.contextmanager
def served(folder: Path, **flags: object) -> Iterator[ServerProcess]:
    """A server on a new directory."""
    directory = folder / "served"
    directory.mkdir(exist_ok=True)
    server = ServerProcess(directory, quiet=True, **flags).start()  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.stop()
