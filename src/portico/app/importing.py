"""Importing a log from the lines of an export, into a room that has none yet.

The log is made beside its place and gets its name last, so that a line which cannot be understood leaves
nothing behind. Before that it is opened as a server would open it, and the state that comes of it is compared
with the one that was exported.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from portico.app.exporting import FORMAT, VERSION, understood
from portico.app.place import ROOM, Place, occupied
from portico.app.publishing import published
from portico.app.reading import PAGE, Progress
from portico.model.errors import PorticoError, Refused
from portico.ports import Snapshot
from portico.room.history import open_room
from portico.room.snapshots import freeze, pack
from portico.stores.sqlite.log import SqliteLog
from portico.stores.sqlite.writer import TRIM_STEP

LINE_BYTES = 4 * 1_048_576
"""A line: eight times the longest record, whose every character may be escaped, and any line of a state."""

ReadLine = Callable[[int], bytes]
"""`readline` of a binary file."""


class BadLine(PorticoError):
    """A line that is none of an export."""

    def __init__(self, number: int, why: str) -> None:
        """Name the line and what is wrong with it."""
        super().__init__(f"line {number}: {why}; nothing was imported")


@dataclass(frozen=True, slots=True)
class Header:
    """The first line, as far as an import needs it."""

    log: str
    first: Any
    head: Any
    entries: Any
    state: Any
    digest: Any

    @property
    def sound(self) -> bool:
        """Whether the facts are of their types, and fit each other."""
        numbers = (self.first, self.head, self.entries, self.state)
        return (
            all(type(number) is int and number >= 0 for number in numbers)
            and 1 <= self.first <= self.head + 1
            and isinstance(self.digest, str | None)
        )


async def import_log(read: ReadLine, place: Place, progress: Progress) -> Header:
    """Make a room's log of the lines that `read` returns; raise `Refused` or `BadLine`."""
    if place.log_path.exists():
        raise Refused(f"there is a log already at {place.log_path}; import into a directory that has none")
    with _new_room(place), published(place.log_path) as temporary:
        lines = Lines(read)
        header = _header(lines)
        # The file is synced as a whole before it gets its name.
        log = SqliteLog(temporary, sync="normal")
        try:
            await log.open()
            await _fill(log, lines, header, progress)
            await _settle(log, header)
        finally:
            await log.close()
    return header


@contextlib.contextmanager
def _new_room(place: Place) -> Iterator[None]:
    """Occupy a directory; after an error it is as it was."""
    private = place.lock_path.parent
    known = private.exists()
    try:
        with occupied(place):
            yield
    except BaseException:
        if not known and private.exists():
            place.lock_path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                private.rmdir()
        raise


class Lines:
    """The lines of an export, counted."""

    def __init__(self, read: ReadLine) -> None:
        """Begin before the first line."""
        self._read = read
        self.number = 0

    def next(self) -> dict[str, Any]:
        """Return the next line; raise `BadLine` when it is no object of JSON."""
        self.number += 1
        line = self._read(LINE_BYTES)
        if not line:
            raise self.bad("the export ends too early")
        if not line.endswith(b"\n"):
            raise self.bad("it is cut off" if len(line) < LINE_BYTES else "it is too long")
        try:
            value = json.loads(line)
        except ValueError:
            raise self.bad("it is not JSON") from None
        if not isinstance(value, dict):
            raise self.bad("it is not a JSON object")
        return value

    def end(self) -> None:
        """Raise `BadLine` when there is another line."""
        self.number += 1
        if self._read(1):
            raise self.bad("there should be no more")

    def bad(self, why: str) -> BadLine:
        """Return the error for the line just read."""
        return BadLine(self.number, why)


def _header(lines: Lines) -> Header:
    facts = lines.next()
    if facts.get("format") != FORMAT:
        raise lines.bad("it is not the first line of an export")
    if facts.get("version") != VERSION:
        raise lines.bad(f"this Portico reads exports of version {VERSION}; use a newer one")
    first, head, entries, state = (facts.get(name) for name in ("first", "head", "entries", "state"))
    header = Header(str(facts.get("log")), first, head, entries, state, facts.get("digest"))
    if not header.sound:
        raise lines.bad("the facts of the header do not fit")
    return header


async def _fill(log: SqliteLog, lines: Lines, header: Header, progress: Progress) -> None:
    state = [_dump(_member(lines, "state", list | dict)) for _ in range(header.state)]
    await _skip(log, header.first)
    position, total = header.first, header.head - header.first + 1
    while position <= header.head:
        count = min(PAGE, header.head - position + 1)
        await log.append(ROOM, [_record(lines, position + n) for n in range(count)], f"import {position}")
        position += count
        progress(position - header.first, total)
    lines.end()
    await log.trim(ROOM, header.first)
    if state:
        await log.save_snapshot(ROOM, Snapshot(json.loads(state[0])["position"], pack(state)))


async def _skip(log: SqliteLog, first: int) -> None:
    """Use up the positions below `first`, a few at a time: what is trimmed makes room for the next."""
    for start in range(1, first, TRIM_STEP):
        count = min(TRIM_STEP, first - start)
        await log.append(ROOM, [b"{}"] * count, f"skip {start}")
        await log.trim(ROOM, start + count - 1)


def _record(lines: Lines, position: int) -> bytes:
    line = lines.next()
    if line.get("position") != position:
        raise lines.bad(f"position {position} should stand here")
    record = line.get("record")
    body = _dump(record)
    try:
        understood(body)
    except ValueError as error:
        raise lines.bad(str(error)) from None
    return body


def _member(lines: Lines, name: str, kind: Any) -> object:  # noqa: ANN401 - a type or several
    value = lines.next().get(name)
    if not isinstance(value, kind):
        raise lines.bad(f"{name} is missing")
    return value


def _dump(value: object) -> bytes:
    """Write a value as the log's own writers do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def _settle(log: SqliteLog, header: Header) -> None:
    """Open the room, compare it with the one that was exported, and keep its state."""
    try:
        room, _ = await open_room(log, ROOM, "import")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise Refused(
            "the state or a record of the export cannot be understood; nothing was imported"
        ) from error
    if header.digest is None:
        return
    if (room.state.seq, room.state.digest()) != (header.entries, header.digest):
        raise Refused(
            f"the export was changed: its {header.entries:,} entries do not come to the state it names;"
            " nothing was imported"
        )
    if room.state.position:
        await log.save_snapshot(ROOM, freeze(room.state)())
