"""Files of the repository: what is known of them, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass

from portico.model.access import SHARED
from portico.model.errors import Denied

VISITOR = "visitor"
"""Who puts a file there without being a session, and without saying a name."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one listed file without reading it.

    `path` is relative with `/` between its parts; `size` is in bytes; `mtime` an instant in microseconds;
    `etag` changes whenever the content may have changed; `sha256` is hexadecimal, once it is known; `by` is
    who put it there, where that is known.
    """

    path: str
    size: int
    mtime: int
    etag: str
    sha256: str | None = None
    by: str = ""


CHUNK_BYTES = 65_536
"""Longest range of a file that is a value in memory; a longer one is streamed."""


@dataclass(slots=True)
class Chunk:
    """A few bytes of a file: `data` stands at `offset` in the file with this etag and size."""

    path: str
    etag: str
    size: int
    offset: int
    data: bytes

    def value(self) -> bytes:
        """Return the bytes."""
        return self.data


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a file: a session and its name; session 0 is a visitor, or somebody outside the room.

    `token` is the id of the token that was shown, empty where none was; `everything` tells that what others
    put there may be changed as well.
    """

    session: int = 0
    name: str = ""
    token: str = ""
    everything: bool = True

    def check(self, owner: str, path: str) -> None:
        """Raise `Denied` for a file that was put there with another token, or by other means.

        The token that all share is everybody's, and so is with it what nobody has put there by a token.
        """
        if self.everything or owner == self.token or (self.token == SHARED and not owner):
            return
        raise Denied(f"{path} was not put there with your token; who has put it, or an admin, may change it")


@dataclass(frozen=True, slots=True)
class Order:
    """A deposit that is asked for.

    `size` is None where it is not known before the end; `sha256` empty where it is not announced; `upload`
    the id of the upload that is to be continued or begun, empty for a new one; `mtime` in microseconds, None
    for the time of its end.
    """

    path: str
    size: int | None = None
    sha256: str = ""
    upload: str = ""
    replace: bool = False
    mtime: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come: its id, and the offset the next byte belongs to."""

    upload: str
    offset: int


@dataclass(frozen=True, slots=True)
class UploadFacts:
    """What is known of an upload by its id: what was asked for, and how far it has come.

    `ended` once it has become a file: then the order has its size and SHA-256, and bears no option. `expires`
    is the instant (microseconds) at which one that nobody goes on with is forgotten.
    """

    order: Order
    offset: int
    ended: bool = False
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """Something that has happened to the files and shall stand in the log, once: `key` tells it from others.

    `change` is `added`, `changed`, `removed`, `moved` (from `origin` to `path`), or `many`: `count` changes
    from outside, too many to be told one by one; its path is empty. `facts` are those of the file now, None
    where there is none.
    """

    key: str
    change: str
    path: str
    author: Author
    size: int = 0
    sha256: str = ""
    origin: str = ""
    count: int = 0
    facts: FileFacts | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Somebody has fetched a file to its end: who, from which address, when (microseconds), which content."""

    path: str
    etag: str
    name: str
    address: str
    at: int
