"""The audit log: one JSON object a line, appended by a thread, rotated by size.

Everything in a line is ASCII, and what a client has chosen stands inside a JSON string: no name, path or
address can begin a line of its own. A flood is cut: a rule that speaks too often is counted instead, and when
the disk is slower than what happens, lines are left out, which is said.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from portico.model.instants import rfc3339
from portico.stores.places import prepare_directory

ROTATE_BYTES = 10_485_760
"""A file that has grown to this is put aside: some 80,000 lines, still opened by any editor."""

KEPT_FILES = 5
"""Files put aside before the oldest goes: 60 MiB in all."""

LINES_WAITING = 10_000
"""Lines that wait for the disk; those that come then are left out, and counted."""

LINES_PER_RULE = 100
"""Lines of one event and rule in a second: more say the same."""

MICROSECONDS = 1_000_000


class NoAudit:
    """Implements the `Audit` port by forgetting everything."""

    def note(self, event: str, **facts: object) -> None:
        """Forget an event."""

    def close(self) -> None:
        """Forget everything else, too."""


def line_of(event: str, facts: dict[str, object], at: int | None = None) -> bytes:
    """Return an event as a line."""
    now = time.time_ns() // 1_000 if at is None else at
    return json.dumps({"at": rfc3339(now), "event": event} | facts, default=str).encode("ascii") + b"\n"


def append(path: Path, event: str, **facts: object) -> None:
    """Write one event down, from another process than the server's. Raises `OSError`."""
    prepare_directory(path.parent)
    file = _open(path)
    try:
        os.write(file, line_of(event, facts))
    finally:
        os.close(file)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


class AuditLog:
    """Implements the `Audit` port with a file; `tell` hears, from any thread, when it cannot be written."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        """Begin to write behind what is there; nothing is made before the first event."""
        self._path, self._tell = path, tell
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._second, self._said = 0, Counter[tuple[str, object]]()
        self._lost, self._failing = 0, False
        self._thread = threading.Thread(target=self._work, name="portico-audit", daemon=True)
        self._thread.start()

    def note(self, event: str, **facts: object) -> None:
        """Write down an event soon; on the event loop."""
        now = time.time_ns() // 1_000
        if now // MICROSECONDS != self._second:
            self._sum_up(now)
        rule = (event, facts.get("rule"))
        self._said[rule] += 1
        if self._said[rule] <= LINES_PER_RULE:
            self._put(line_of(event, facts, now))

    def close(self) -> None:
        """Write what is left."""
        self._sum_up(time.time_ns() // 1_000)
        self._queue.put(None)
        self._thread.join()

    def _sum_up(self, now: int) -> None:
        """Tell what was left out of the second that has passed."""
        self._second = now // MICROSECONDS
        for (event, rule), count in self._said.items():
            if count > LINES_PER_RULE:
                facts = {"of": event, "rule": rule, "lines": count - LINES_PER_RULE}
                self._put(line_of("left_out", facts, now))
        self._said.clear()

    def _put(self, line: bytes) -> None:
        if self._queue.qsize() >= LINES_WAITING:
            self._lost += 1
            return
        if self._lost:
            line, self._lost = line_of("left_out", {"lines": self._lost}) + line, 0
        self._queue.put(line)

    # In the thread

    def _work(self) -> None:
        while (line := self._queue.get()) is not None:
            lines = [line]
            while not self._queue.empty() and len(lines) < LINES_PER_RULE:
                further = self._queue.get()
                if further is None:
                    self._write(b"".join(lines))
                    return
                lines.append(further)
            self._write(b"".join(lines))

    def _write(self, data: bytes) -> None:
        try:
            self._append(data)
        except OSError as error:
            if not self._failing:
                self._tell(f"the audit log {self._path} cannot be written: {error.strerror}; lines are lost")
            self._failing = True
        else:
            self._failing = False

    def _append(self, data: bytes) -> None:
        file = _open(self._path)
        try:
            os.write(file, data)
            size = os.fstat(file).st_size
        finally:
            os.close(file)
        if size >= ROTATE_BYTES:
            for number in range(KEPT_FILES - 1, 0, -1):
                older = self._path.with_name(f"{self._path.name}.{number}")
                if older.exists():
                    older.rename(self._path.with_name(f"{self._path.name}.{number + 1}"))
            self._path.rename(self._path.with_name(f"{self._path.name}.1"))
