"""What was last told of the files of a tree, in little memory: for each folder its names, and a mark for
each.

A mark stands for which file it is and what is in it (`mark_of`), in eight bytes. A folder is one `bytes`
object: the marks, then the names. A hundred thousand files with names of twenty letters in a thousand
folders take 3.2 MB, 32 bytes a file; dictionaries would take 160. The price is that a folder is unpacked
to be compared.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, KeysView, Mapping

_COUNT = struct.Struct("<I")
_MARK = struct.Struct("<q")


def mark_of(info: os.stat_result) -> int:
    """Return 64 bits that change with the file behind a name, its size or its time of modification.

    The time of change is not in it: making a link or changing the mode, as backups do with all files at once,
    is nothing to tell; and a file that was moved keeps its mark.
    """
    return hash((info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns))


class Inventory:
    """Marks of files by folder; a folder is named by its path with a `/` behind, the root by nothing."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __contains__(self, folder: str) -> bool:
        return folder in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._packed))

    def folders(self) -> KeysView[str]:
        """Return all folders, as they are at any time."""
        return self._packed.keys()

    def marks(self, folder: str) -> dict[str, int]:
        """Return the marks of a folder's files by name; none for a folder that is not known."""
        packed = self._packed.get(folder)
        return dict(_unpack(packed)) if packed else {}

    def put(self, folder: str, marks: Mapping[str, int]) -> None:
        """Remember a folder as it is."""
        self._packed[folder] = _pack(marks) if marks else b""

    def change(self, folder: str, changes: Mapping[str, int | None]) -> None:
        """Remember new marks of some files of a folder; None for those that are gone."""
        marks = self.marks(folder)
        for name, mark in changes.items():
            if mark is None:
                marks.pop(name, None)
            else:
                marks[name] = mark
        self.put(folder, marks)

    def forget(self, folder: str) -> None:
        """Forget a folder."""
        self._packed.pop(folder, None)

    def empty(self, folder: str) -> bool:
        """Tell whether no files of a folder are remembered."""
        return not self._packed.get(folder)


def _pack(marks: Mapping[str, int]) -> bytes:
    packed = bytearray(_COUNT.pack(len(marks)))
    # One by one, so that no call keeps the interpreter for a folder of a hundred thousand files.
    for mark in marks.values():
        packed += _MARK.pack(mark)
    for name in marks:
        packed += name.encode() + b"/"
    return bytes(packed)


def _unpack(packed: bytes) -> Iterator[tuple[str, int]]:
    (count,) = _COUNT.unpack_from(packed)
    place, name = _COUNT.size, _COUNT.size + count * _MARK.size
    for _ in range(count):
        end = packed.index(b"/", name)
        yield packed[name:end].decode(), _MARK.unpack_from(packed, place)[0]
        place, name = place + _MARK.size, end + 1
