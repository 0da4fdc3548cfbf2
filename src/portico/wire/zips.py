"""Zip archives, written from front to end: what stands around the bytes of each file, and behind all of them.

The files are stored as they are. Their checksums are known only behind them, so each is followed by a
descriptor; all else depends on names and sizes alone, so the length of an archive is known beforehand. Names
are UTF-8, and times stand there twice: in local time, as zip has it, and in UTC, as Info-ZIP adds it.

Source: PKWARE's APPNOTE.TXT 6.3 (sections 4.3 to 4.5), Info-ZIP's proginfo/extrafld.txt ("UT").
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

LOCAL = struct.Struct("<4s5H3L2H")
DESCRIPTOR, LARGE_DESCRIPTOR = struct.Struct("<4s3L"), struct.Struct("<4sL2Q")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LARGE_END, LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
TIME = struct.Struct("<2HBL")

VERSION, LARGE_VERSION = 20, 45
"""The version of zip that is needed to read: 4.5 for what takes more than 32 bits."""

UNIX = 3 << 8
"""Made on Unix: the upper half of the external attributes is a mode."""

FLAGS = 1 << 3 | 1 << 11
"""A descriptor follows; the name is UTF-8."""

MODE = 0o100644
"""A file that its owner may write and all may read."""

LIMIT, MOST_MEMBERS = 0xFFFFFFFF, 0xFFFF
"""From these values on a field says that the true one stands elsewhere (zip64)."""

FIRST_YEAR, LAST_YEAR = 1980, 2107
"""The years that zip's own times have."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: `mtime` is an instant in microseconds."""

    name: str
    size: int
    mtime: int


class Zip:
    """An archive on its way. `head`, the bytes of the file, `tail`, and so on; `end` in the end."""

    def __init__(self) -> None:
        """Begin at the beginning."""
        self._offset = 0
        self._begun: tuple[Member, int]
        self._directory: list[bytes] = []

    def head(self, member: Member) -> bytes:
        """Return what stands before the bytes of a file."""
        self._begun = member, self._offset
        name, extra = member.name.encode(), _time_field(member)
        large = member.size >= LIMIT
        version, size = (LARGE_VERSION, LIMIT) if large else (VERSION, 0)
        if large:
            extra += _large_field(0, 0)
        fields = (version, FLAGS, 0, *_local_time(member), 0, size, size, len(name), len(extra))
        data = LOCAL.pack(b"PK\x03\x04", *fields) + name + extra
        self._offset += len(data) + member.size
        return data

    def tail(self, checksum: int) -> bytes:
        """Return what stands behind the bytes of the file, whose CRC-32 is known now."""
        member, offset = self._begun
        self._directory.append(_entry(member, offset, checksum))
        descriptor = LARGE_DESCRIPTOR if member.size >= LIMIT else DESCRIPTOR
        data = descriptor.pack(b"PK\x07\x08", checksum, member.size, member.size)
        self._offset += len(data)
        return data

    def end(self) -> bytes:
        """Return what stands behind all files."""
        directory = b"".join(self._directory)
        count, size, offset = len(self._directory), len(directory), self._offset
        large = b""
        if count >= MOST_MEMBERS or size >= LIMIT or offset >= LIMIT:
            version = LARGE_VERSION
            rest = LARGE_END.size - 12
            large = LARGE_END.pack(
                b"PK\x06\x06", rest, UNIX | version, version, 0, 0, count, count, size, offset
            )
            large += LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
        count = min(count, MOST_MEMBERS)
        end = END.pack(b"PK\x05\x06", 0, 0, count, count, min(size, LIMIT), min(offset, LIMIT), 0)
        return directory + large + end

    @property
    def offset(self) -> int:
        """How many bytes come before what is written next."""
        return self._offset


def length_of(members: Iterable[Member]) -> int:
    """Return how many bytes an archive of these files has."""
    archive = Zip()
    for member in members:
        archive.head(member)
        archive.tail(0)
    return archive.offset + len(archive.end())


def _entry(member: Member, offset: int, checksum: int) -> bytes:
    """Return the record of a file in the directory at the end."""
    name, extra = member.name.encode(), _time_field(member)
    sizes = (member.size, member.size) if member.size >= LIMIT else ()
    large = (*sizes, offset) if offset >= LIMIT else sizes
    if large:
        extra += _large_field(*large)
    version = LARGE_VERSION if large else VERSION
    size = min(member.size, LIMIT)
    fields = (UNIX | version, version, FLAGS, 0, *_local_time(member), checksum, size, size)
    rest = (len(name), len(extra), 0, 0, 0, MODE << 16, min(offset, LIMIT))
    return CENTRAL.pack(b"PK\x01\x02", *fields, *rest) + name + extra


def _large_field(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def _time_field(member: Member) -> bytes:
    """Return the time in UTC, of which Info-ZIP keeps whole seconds in 32 bits with a sign."""
    seconds = member.mtime // 1_000_000
    if not -(1 << 31) <= seconds < 1 << 31:
        return b""
    return TIME.pack(0x5455, 5, 1, seconds & LIMIT)


def _local_time(member: Member) -> tuple[int, int]:
    """Return the time of day and the day as DOS had them, in steps of two seconds."""
    try:
        at = datetime.fromtimestamp(member.mtime // 1_000_000)  # noqa: DTZ006 - zip has local time
    except (ValueError, OverflowError):
        at = datetime(LAST_YEAR, 12, 31)  # noqa: DTZ001 - as above
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        at = datetime(min(max(at.year, FIRST_YEAR), LAST_YEAR), 1, 1)  # noqa: DTZ001 - as above
    return at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day
