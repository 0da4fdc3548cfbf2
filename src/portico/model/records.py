"""Records: what a server asks the room to do, as it stands in the log.

A record is what was proposed, complete in itself: whoever reads it back needs no state to show it. Whether
it came true is the reducer's word (`portico.room.reducer`). Its bytes are one JSON object whose first two
members are the version of the record and what it does, so that a reader can tell kinds apart without
parsing: `{"v":1,"do":"say",...}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias

from portico.model.errors import Unavailable

VERSION = 1


@dataclass(slots=True)
class Limits:
    """How many places the room has from now on."""

    do: ClassVar[str] = "limits"
    at: int
    max_clients: int


@dataclass(slots=True)
class Join:
    """A session begins.

    `number` is the N of a `ClientN` name, 0 for a chosen one; `secret` the SHA-256 of what its client may
    RESUME with, hexadecimal, or empty; `node` the epoch of the server that holds it.
    """

    do: ClassVar[str] = "join"
    at: int
    session: int
    name: str
    number: int
    host: str
    port: int
    secret: str
    node: str


@dataclass(slots=True)
class Resume:
    """A session goes on over another connection; `back` when it had ended and takes a place again."""

    do: ClassVar[str] = "resume"
    at: int
    session: int
    name: str
    host: str
    port: int
    node: str
    back: bool = False


@dataclass(slots=True)
class Rename:
    """A session takes another name; `sender` is the one it had."""

    do: ClassVar[str] = "rename"
    at: int
    session: int
    sender: str
    name: str


@dataclass(slots=True)
class Leave:
    """A session ends; `reason` is empty, or `crash` when recovery found it open."""

    do: ClassVar[str] = "leave"
    at: int
    session: int
    sender: str
    reason: str = ""


@dataclass(slots=True)
class Say:
    """A message: to all, or to session `to` alone.

    `session` is 0 for a visitor, `key` empty for none. With `join`, the session begins with its first
    message: both come true, or neither.
    """

    do: ClassVar[str] = "say"
    at: int
    session: int
    sender: str
    text: str
    key: str = ""
    to: int = 0
    to_name: str = ""
    join: Join | None = None


@dataclass(slots=True)
class Erase:
    """The text of entry `seq`, which stands at `position`, shall be gone."""

    do: ClassVar[str] = "erase"
    at: int
    session: int
    seq: int
    position: int


@dataclass(slots=True)
class Erased:
    """What remains in the place of an erased message: who, when, and the key if there was one."""

    do: ClassVar[str] = "erased"
    at: int
    session: int
    sender: str
    to: int = 0
    key: str = ""
    content: str = ""
    join: Join | None = None


@dataclass(slots=True)
class Unknown:
    """A record of a newer server; every server skips it alike."""

    do: ClassVar[str] = "unknown"
    at: int = 0


Record: TypeAlias = Limits | Join | Resume | Rename | Leave | Say | Erase | Erased | Unknown

_KINDS: dict[str, type[Any]] = {
    kind.do: kind for kind in (Limits, Join, Resume, Rename, Leave, Say, Erase, Erased)
}
_FIELDS = {kind: tuple((field.name, field.default) for field in fields(kind)) for kind in _KINDS.values()}
_HEADS = {kind: f'{{"v":{VERSION},"do":"{do}"' for do, kind in _KINDS.items()}
_write_text = json.encoder.encode_basestring


def _written(record: Record) -> str:
    """Write a record by hand: one stands in the path of every message, and `json.dumps` takes thrice as long."""
    members = [_HEADS[type(record)]]
    for name, default in _FIELDS[type(record)]:
        value = getattr(record, name)
        if value != default:
            members.append(f',"{name}":{_WRITERS[type(value)](value)}')
    members.append("}")
    return "".join(members)


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    int: int.__repr__,
    str: _write_text,
    bool: lambda value: "true" if value else "false",
    Join: _written,
}


def encode(record: Record) -> bytes:
    """Write a record as it stands in the log."""
    return _written(record).encode()


def _build(members: dict[str, Any]) -> Record:
    kind = _KINDS.get(members.pop("do"))
    if members.pop("v") != VERSION or kind is None:
        return Unknown(at=int(members.get("at", 0)))
    if members.get("join"):
        members["join"] = _build(members["join"])
    known = {name: members[name] for name, _ in _FIELDS[kind] if name in members}
    record: Record = kind(**known)
    return record


def decode(body: bytes) -> Record:
    """Read a record back; raise `Unavailable` when the bytes are no record."""
    try:
        return _build(json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unavailable("the log holds a record that cannot be read; run: portico log check") from error
