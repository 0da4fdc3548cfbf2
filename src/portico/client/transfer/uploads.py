"""Which uploads earlier runs began and did not end, so that the next `put` of the same file goes on.

One small JSON file in the user's state directory, replaced at once. It is a convenience: when it cannot be
read or written, files are deposited from their beginning. An upload is found again by the server's log, the
path there, and the file's place, size and time of modification here; a file that has changed is another one.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

KEPT = 1_000
"""Uploads remembered; the oldest go first."""

KEPT_SECONDS = 7 * 24 * 3_600
"""How long: by default the server forgets them after a day, but an operator may say otherwise."""

LONGEST_BYTES = 1_048_576
"""Longest state file that is read: a thousand uploads take a quarter of that."""

ID_BYTES = 16
"""Random bytes of an id: 32 hexadecimal digits, as the server wants them."""


def new_id() -> str:
    """Return an id that no upload ever had."""
    return secrets.token_hex(ID_BYTES)


def state_file() -> Path:
    """Return where uploads are remembered: where this system keeps the state of a user's programs."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - the specification wants relative ones ignored
        return Path(base) / "portico" / "uploads.json"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "portico" / "uploads.json"
    return Path.home() / ".local" / "state" / "portico" / "uploads.json"


class Uploads:
    """The uploads that were begun, by a text that says of what."""

    def __init__(self, file: Path | None = None) -> None:
        """Read nothing yet."""
        self._file = file

    def recall(self, what: str) -> str | None:
        """Return the id of the upload that was begun of this."""
        entry = self._read().get(what)
        return entry[0] if entry is not None else None

    def remember(self, what: str, upload: str) -> None:
        """Take note of an upload."""
        entries = self._read()
        entries.pop(what, None)
        entries[what] = (upload, int(time.time()))
        self._write(dict(list(entries.items())[-KEPT:]))

    def forget(self, what: str) -> None:
        """Take note that an upload is over."""
        entries = self._read()
        if entries.pop(what, None) is not None:
            self._write(entries)

    def _read(self) -> dict[str, tuple[str, int]]:
        """Return what is remembered, oldest first; nothing when it cannot be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError, RuntimeError):
            with self._place().open("rb") as file:
                entries = json.loads(file.read(LONGEST_BYTES))
            oldest = time.time() - KEPT_SECONDS
            return {
                what: (upload, at)
                for what, (upload, at) in entries.items()
                if isinstance(upload, str) and oldest < at
            }
        return {}

    def _write(self, entries: dict[str, tuple[str, int]]) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            place = self._place()
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=place.parent, prefix=".uploads-")
            try:
                with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is open already
                    json.dump(entries, file)
                os.replace(name, place)  # noqa: PTH105 - as above
            except BaseException:
                os.unlink(name)  # noqa: PTH108 - as above
                raise

    def _place(self) -> Path:
        return self._file or state_file()
