"""Records: what a server asks the room to do, as it stands in the log.

A record is what was proposed, complete in itself: whoever reads it back needs no state to show it. Whether
it came true is the reducer's word (`portico.room.reducer`). Its bytes are one JSON object which begins
with the version of the record and what it does, `{"v":1,"do":"say",...}`; members at their default are left
out. A record of another version or kind is `Unknown` and changes nothing, so that old and new servers can
share a log.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias, get_type_hints

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
    """A session ends; `reason` is empty, or `crash` when recovery found it open.

    `resumed` is how often the session had been continued when its connection went: once it goes on over
    another one, the end of the older connection means nothing.
    """

    do: ClassVar[str] = "leave"
    at: int
    session: int
    sender: str
    reason: str = ""
    resumed: int = 0


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
class File:
    """Something has happened to the files: `portico.model.files.FileChange` says what the members mean.

    It is true already when it is written, so that nothing but its `key`, if that came before, stops it.
    `session` is 0 for a visitor; then `sender` is what a visitor is called, or empty for what was done
    without Portico.
    """

    do: ClassVar[str] = "file"
    at: int
    session: int
    sender: str
    change: str
    path: str
    key: str
    size: int = 0
    sha256: str = ""
    origin: str = ""
    count: int = 0


@dataclass(slots=True)
class Unknown:
    """A record of a newer server; every server skips it alike."""

    do: ClassVar[str] = "unknown"


Record: TypeAlias = Limits | Join | Resume | Rename | Leave | Say | Erase | Erased | File | Unknown

_KINDS: dict[str, type[Any]] = {
    kind.do: kind for kind in (Limits, Join, Resume, Rename, Leave, Say, Erase, Erased, File)
}
_FIELDS = {kind: tuple((field.name, field.default) for field in fields(kind)) for kind in _KINDS.values()}
_HEADS = {kind: f'{{"v":{VERSION},"do":"{do}"' for do, kind in _KINDS.items()}
_write_text = json.encoder.encode_basestring
_TYPES = {kind: get_type_hints(kind) for kind in _KINDS.values()}


def _written(record: Record) -> str:
    """Write a record by hand: one stands in the path of every message, and `json.dumps` takes longer."""
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


def _said(say: Say) -> str:
    """Write what stands in the log most, in one go: the same text as the general way."""
    sender, text = _write_text(say.sender), _write_text(say.text)
    key = f',"key":{_write_text(say.key)}' if say.key else ""
    return f'{_HEADS[Say]},"at":{say.at},"session":{say.session},"sender":{sender},"text":{text}{key}}}'


def encode(record: Record) -> bytes:
    """Write a record as it stands in the log."""
    if type(record) is Say and not (record.to or record.to_name or record.join):
        return _said(record).encode()
    return _written(record).encode()


def _build(members: dict[str, Any]) -> Record:
    kind = _KINDS.get(members["do"])
    if members["v"] != VERSION or kind is None:
        return Unknown()
    known = {name: members[name] for name, _ in _FIELDS[kind] if name in members}
    if "join" in known:
        join = known["join"] = _build(known["join"])
        if type(join) is Unknown:
            return join
    types = _TYPES[kind]
    for name, value in known.items():
        if not isinstance(value, types[name]) or (type(value) is bool and types[name] is int):
            raise TypeError(name)
    record: Record = kind(**known)
    return record


def decode(body: bytes) -> Record:
    """Read a record back; raise `Unavailable` when the bytes are no record."""
    try:
        return _build(json.loads(body))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unavailable("the log holds a record that cannot be read; run: portico log check") from error
