"""The facts of a file in the repository."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one listed file without reading it.

    `path` is relative with `/` between its parts; `size` is in bytes; `mtime` an instant in microseconds;
    `etag` changes whenever the content may have changed; `sha256` is hexadecimal, once it is known.
    """

    path: str
    size: int
    mtime: int
    etag: str
    sha256: str | None = None
