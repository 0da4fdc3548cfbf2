"""Replies: what a handler answers, before any wire has put it into bytes.

A reply is a plain value (text, bytes, a number, None, a list, a map), a `Simple` word, a `PorticoError`, or
one of the shapes below. Wires for programs show a shape by its `value()`, all alike; plain text has a view
of its own for each, because people are promised certain words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from portico.model.entries import Entry, as_map
from portico.model.files import FileFacts, Receipt
from portico.model.instants import instant_of, rfc3339


@dataclass(frozen=True, slots=True)
class Simple:
    """A word of the protocol rather than data: RESP's simple string."""

    word: str


OK = Simple("OK")
PONG = Simple("PONG")


class Shape(Protocol):
    """A reply that plain text words in its own way."""

    def value(self) -> Any:  # noqa: ANN401 - whatever the wires can show
        """Return the plain value that programs get."""


@dataclass(slots=True)
class Said:
    """A message has its number; `text` is what was said."""

    seq: int
    text: str

    def value(self) -> int:
        """Return the number."""
        return self.seq


@dataclass(slots=True)
class Named:
    """A session has its name, and this is how full the room is now."""

    name: str
    clients: int
    max_clients: int

    def value(self) -> str:
        """Return the name."""
        return self.name


@dataclass(slots=True)
class Opened:
    """A token was right, and showing it has made a session of who had only this one way to begin."""

    named: Named

    def value(self) -> str:
        """Return the name."""
        return self.named.name


@dataclass(slots=True)
class Greeting:
    """The answer to HELLO; from it on the wire speaks protocol version `protocol`."""

    protocol: int
    facts: dict[str, Any]

    def value(self) -> dict[str, Any]:
        """Return the map."""
        return self.facts


@dataclass(slots=True)
class SessionLine:
    """One line of `status`; instants in microseconds, `disconnected` None while connected."""

    name: str
    host: str
    port: int
    connected: int
    disconnected: int | None
    reason: str

    def value(self) -> dict[str, Any]:
        """Return the map programs get."""
        facts: dict[str, Any] = {
            "name": self.name,
            "address": f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}",
            "connected": rfc3339(self.connected),
            "disconnected": None if self.disconnected is None else rfc3339(self.disconnected),
        }
        if self.reason:
            facts["reason"] = self.reason
        return facts


def session_of(facts: Mapping[str, Any]) -> SessionLine:
    """Return the line of `status` that programs got as this map."""
    host, _, port = facts["address"].rpartition(":")
    gone = facts["disconnected"]
    return SessionLine(
        facts["name"],
        host.removeprefix("[").removesuffix("]"),
        int(port),
        instant_of(facts["connected"]),
        None if gone is None else instant_of(gone),
        facts.get("reason", ""),
    )


@dataclass(slots=True)
class Roll:
    """Who is and was here, oldest first; `left_out` older ones are not shown."""

    sessions: Sequence[SessionLine]
    left_out: int

    def value(self) -> list[dict[str, Any]]:
        """Return a map for each session."""
        return [session.value() for session in self.sessions]


@dataclass(slots=True)
class Page:
    """Entries, oldest first."""

    entries: Sequence[Entry]

    def value(self) -> list[dict[str, Any]]:
        """Return a map for each entry."""
        return [as_map(entry) for entry in self.entries]


@dataclass(slots=True)
class Listing:
    """Files in the order of their paths; `more` further ones match."""

    files: Sequence[FileFacts]
    more: int

    def value(self) -> list[dict[str, Any]]:
        """Return a map for each file."""
        return [file_map(file) for file in self.files]


@dataclass(slots=True)
class FileCard:
    """One file."""

    file: FileFacts

    def value(self) -> dict[str, Any]:
        """Return the file's map."""
        return file_map(self.file)


@dataclass(slots=True)
class CommandLine:
    """One command as `help` shows it."""

    usage: str
    summary: str

    def value(self) -> str:
        """Return it as one line."""
        return f"{self.usage} - {self.summary}"


@dataclass(slots=True)
class Manual:
    """The commands, or one of them with what there is to say about it."""

    commands: Sequence[CommandLine]
    details: str = ""

    def value(self) -> list[str]:
        """Return a line for each command."""
        return [command.value() for command in self.commands] + ([self.details] if self.details else [])


@dataclass(slots=True)
class Farewell:
    """The connection closes after this; `name` is empty for a visitor."""

    name: str

    def value(self) -> Simple:
        """Return OK."""
        return OK


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One file on its way: `get` from the repository or `put` into it.

    `size` is None where it is not known yet; `rate` in bytes a second, lately; `name` and `address` say whose
    it is; `upload` the id that a deposit goes on with, empty for a `get`.
    """

    direction: str
    path: str
    size: int | None
    offset: int
    rate: int
    name: str
    address: str
    upload: str = ""


def transfer_map(line: TransferLine) -> dict[str, Any]:
    """Return a transfer as programs get it."""
    facts: dict[str, Any] = {
        "direction": line.direction,
        "path": line.path,
        "size": line.size,
        "offset": line.offset,
        "rate": line.rate,
        "name": line.name,
        "address": line.address,
    }
    return facts | {"upload": line.upload} if line.upload else facts


def transfer_of(facts: Mapping[str, Any]) -> TransferLine:
    """Return the transfer that programs got as this map."""
    return TransferLine(**facts)


def receipt_map(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as programs get it."""
    return {
        "name": receipt.name,
        "address": receipt.address,
        "at": rfc3339(receipt.at),
        "etag": receipt.etag,
    }


def receipt_of(path: str, facts: Mapping[str, Any]) -> Receipt:
    """Return the receipt for a path that programs got as this map."""
    return Receipt(path, facts["etag"], facts["name"], facts["address"], instant_of(facts["at"]))


def file_map(file: FileFacts) -> dict[str, Any]:
    """Return the facts of a file as programs get them."""
    facts: dict[str, Any] = {
        "path": file.path,
        "size": file.size,
        "mtime": rfc3339(file.mtime),
        "etag": file.etag,
    }
    if file.sha256 is not None:
        facts["sha256"] = file.sha256
    if file.by:
        facts["by"] = file.by
    return facts


def file_of(facts: Mapping[str, Any]) -> FileFacts:
    """Return the facts of a file that programs got as this map."""
    mtime = instant_of(facts["mtime"])
    return FileFacts(
        facts["path"], facts["size"], mtime, facts["etag"], facts.get("sha256"), facts.get("by", "")
    )
