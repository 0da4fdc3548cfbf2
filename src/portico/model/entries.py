"""Entries: the numbered history of a room, as people and programs see it.

One record that came true makes one entry, or two when a session begins with its first message, or none when
it only changes limits. `entries_of` is the one place that knows which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from portico.model.instants import instant_of, moment, rfc3339
from portico.model.records import Erased, File, Join, Leave, Record, Rename, Resume, Say


class _Dated:
    """What is common to all entries."""

    __slots__ = ()
    at: int

    @property
    def time(self) -> datetime:
        """When it happened, in UTC; `at` is the same in microseconds since 1970."""
        return moment(self.at)


@dataclass(slots=True)
class Message(_Dated):
    """Something said; `to` is empty for everybody, else the name it was told to.

    `session` and `to_session` are 0 for a visitor and for everybody.
    """

    kind: ClassVar[str] = "message"
    seq: int
    at: int
    sender: str
    session: int
    text: str
    to: str = ""
    to_session: int = 0

    def facts(self) -> dict[str, Any]:
        """Return what is particular to this kind."""
        return {"text": self.text, "to": self.to} if self.to else {"text": self.text}


@dataclass(slots=True)
class Presence(_Dated):
    """Somebody `joined`, `left` or was `renamed` (to `name`).

    `reason` says `crash` where recovery closed what a crash had left open.
    """

    kind: ClassVar[str] = "presence"
    to_session: ClassVar[int] = 0
    seq: int
    at: int
    sender: str
    session: int
    change: str
    name: str = ""
    reason: str = ""

    def facts(self) -> dict[str, Any]:
        """Return what is particular to this kind."""
        facts = {"change": self.change}
        if self.name:
            facts["name"] = self.name
        if self.reason:
            facts["reason"] = self.reason
        return facts


@dataclass(slots=True)
class ErasedMessage(_Dated):
    """A message whose text is gone."""

    kind: ClassVar[str] = "erased"
    seq: int
    at: int
    sender: str
    session: int
    to_session: int = 0

    def facts(self) -> dict[str, Any]:
        """Return what is particular to this kind: nothing is left."""
        return {}


@dataclass(slots=True)
class FileEvent(_Dated):
    """A file was `added`, `changed`, `removed` or `moved` (from `origin` to `path`).

    `many` is for `count` changes at once from outside, too many to be told one by one. The sender is empty
    for what was done without Portico.
    """

    kind: ClassVar[str] = "file"
    to_session: ClassVar[int] = 0
    seq: int
    at: int
    sender: str
    session: int
    change: str
    path: str
    size: int = 0
    sha256: str = ""
    origin: str = ""
    count: int = 0

    def facts(self) -> dict[str, Any]:
        """Return what is particular to this kind."""
        if self.change == "many":
            return {"change": self.change, "count": self.count}
        facts: dict[str, Any] = {"change": self.change, "path": self.path}
        if self.origin:
            facts["from"] = self.origin
        if self.change != "removed":
            facts["size"] = self.size
        if self.sha256:
            facts["sha256"] = self.sha256
        return facts


Entry: TypeAlias = Message | Presence | FileEvent | ErasedMessage

KINDS = ("message", "presence", "file", "erased")
"""What HISTORY may be asked for."""


def as_map(entry: Entry) -> dict[str, Any]:
    """Return an entry as the map that programs get."""
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "at": rfc3339(entry.at),
        "sender": entry.sender,
        **entry.facts(),
    }


def entry_of(facts: Mapping[str, Any]) -> Entry | None:
    """Return the entry that `as_map` made a map of; None for a kind that is not known here.

    Sessions are 0: programs are not told their numbers.
    """
    read = _READERS.get(facts["kind"])
    return None if read is None else read(facts, facts["seq"], instant_of(facts["at"]), facts["sender"])


def _message(facts: Mapping[str, Any], seq: int, at: int, sender: str) -> Entry:
    return Message(seq, at, sender, 0, facts["text"], facts.get("to", ""))


def _presence(facts: Mapping[str, Any], seq: int, at: int, sender: str) -> Entry:
    name, reason = facts.get("name", ""), facts.get("reason", "")
    return Presence(seq, at, sender, 0, facts["change"], name, reason)


def _file_event(facts: Mapping[str, Any], seq: int, at: int, sender: str) -> Entry:
    path, size, sha256 = facts.get("path", ""), facts.get("size", 0), facts.get("sha256", "")
    origin, count = facts.get("from", ""), facts.get("count", 0)
    return FileEvent(seq, at, sender, 0, facts["change"], path, size, sha256, origin, count)


def _nothing_left(_: Mapping[str, Any], seq: int, at: int, sender: str) -> Entry:
    return ErasedMessage(seq, at, sender, 0)


_READERS: dict[str, Callable[[Mapping[str, Any], int, int, str], Entry]] = {
    Message.kind: _message,
    Presence.kind: _presence,
    FileEvent.kind: _file_event,
    ErasedMessage.kind: _nothing_left,
}


def visible(entry: Entry, session: int) -> bool:
    """Tell whether a session (0 for a visitor) may see the entry: what is told is for two only."""
    return not entry.to_session or (session != 0 and session in (entry.session, entry.to_session))


def _joined(join: Join, seq: int) -> Entry:
    return Presence(seq, join.at, join.name, join.session, "joined")


def _back(resume: Resume, seq: int) -> Entry:
    return Presence(seq, resume.at, resume.name, resume.session, "joined")


def _renamed(rename: Rename, seq: int) -> Entry:
    return Presence(seq, rename.at, rename.sender, rename.session, "renamed", name=rename.name)


def _left(leave: Leave, seq: int) -> Entry:
    return Presence(seq, leave.at, leave.sender, leave.session, "left", reason=leave.reason)


def _said(say: Say, seq: int) -> Entry:
    return Message(seq, say.at, say.sender, say.session, say.text, say.to_name, say.to)


def _erased(erased: Erased, seq: int) -> Entry:
    return ErasedMessage(seq, erased.at, erased.sender, erased.session, erased.to)


def _filed(file: File, seq: int) -> Entry:
    return FileEvent(
        seq,
        file.at,
        file.sender,
        file.session,
        file.change,
        file.path,
        file.size,
        file.sha256,
        file.origin,
        file.count,
    )


_VIEWS: dict[type[Any], Callable[[Any, int], Entry]] = {
    Join: _joined,
    Resume: _back,
    Rename: _renamed,
    Leave: _left,
    Say: _said,
    Erased: _erased,
    File: _filed,
}


def entries_of(record: Record, seq: int) -> list[Entry]:
    """Return the entries that a record which came true makes, numbered from `seq`."""
    kind = type(record)
    if kind is Say and record.join is None:  # type: ignore[union-attr]
        return [_said(record, seq)]  # type: ignore[arg-type]
    view = _VIEWS.get(kind)
    if view is None or (type(record) is Resume and not record.back):
        return []
    join = getattr(record, "join", None)
    if join is not None:
        return [_joined(join, seq), view(record, seq + 1)]
    return [view(record, seq)]
