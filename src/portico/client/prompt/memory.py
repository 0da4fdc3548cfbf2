"""The lines typed earlier, kept across runs: bounded, for nobody else to read, and never with a token.

A line of the file is one typed line as a JSON string, so that one with line breaks is still one. A file that
cannot be read or written is as good as none: forgetting is no failure.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from portico.client.prompt.typed import is_secret

KEPT = 1_000
"""Lines that are kept."""

SLACK = 200
"""Lines the file may have beyond: it is written anew once in so many lines."""

LONGEST = 4_096
"""Characters of a line that is still worth keeping."""


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the lines are kept (XDG Base Directory Specification 0.8, state)."""
    state = environment.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "portico" / "typed"


class Memory:
    """The lines of one file, oldest first."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        self.lines = _read(path)[-KEPT:]
        self._in_file = len(self.lines)

    def keep(self, line: str) -> None:
        """Keep a line, unless it may hold a token or is very long."""
        if len(line) > LONGEST or is_secret(line):
            return
        self.lines.append(line)
        with contextlib.suppress(OSError):
            self._append(line)

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(_private(self._path, os.O_APPEND), "w", encoding="utf-8") as file:
            file.write(_encoded(line))
        self._in_file += 1
        if self._in_file > KEPT + SLACK:
            self._shorten()

    def _shorten(self) -> None:
        """Write the newest lines anew; another prompt may have written to the file as well."""
        lines = _read(self._path)[-KEPT:]
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with open(_private(new, os.O_TRUNC), "w", encoding="utf-8") as file:
            file.writelines(map(_encoded, lines))
        new.replace(self._path)
        self._in_file = len(lines)


def _private(path: Path, flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)


def _encoded(line: str) -> str:
    return f"{json.dumps(line)}\n"


def _read(path: Path) -> list[str]:
    """Return the lines of a file; those that make no sense are left out."""
    lines: list[str] = []
    try:
        raw = path.read_bytes().splitlines()
    except OSError:
        return lines
    for each in raw:
        with contextlib.suppress(ValueError):
            line = json.loads(each)
            lines += [line] if isinstance(line, str) else []
    return lines
