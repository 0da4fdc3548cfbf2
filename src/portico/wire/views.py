"""How plain text words each kind of reply, and each entry that is pushed.

The contract fixes most of these words; what is not special is shown generically.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portico.model.entries import Entry, FileEvent, Message, Presence
from portico.model.errors import Full, PorticoError
from portico.model.files import Chunk
from portico.model.instants import local_text
from portico.model.quantities import size
from portico.model.replies import (
    OK,
    CommandLine,
    Farewell,
    FileCard,
    Greeting,
    Listing,
    Manual,
    Named,
    Opened,
    Page,
    Roll,
    Said,
    SessionLine,
    Simple,
)
from portico.room.text import UNPRINTABLE
from portico.wire.lines import one_line

NOTHING = "(nothing)"
"""An answer that would otherwise be no line at all."""


def view(reply: Any) -> str:  # noqa: ANN401 - any reply
    """Return a reply as the lines a person reads, each with its end."""
    words = _VIEWS.get(type(reply))
    if words is not None:
        return f"{words(reply)}\n"
    if isinstance(reply, Full):
        return f"{reply.sentence}\n"
    if isinstance(reply, PorticoError):
        return f"error: {one_line(reply.sentence)}\n"
    return f"{_plain(reply)}\n"


def message_lines(sender: str, text: str) -> str:
    """Return a message so that none of its lines can pass for another's: further ones are indented."""
    return f"{sender}: {text}".replace("\n", "\n  ")


def push_line(entry: Entry, reader: str = "you") -> str:
    """Return an entry as a person is told of it; `reader` is how one is called who was told something."""
    if type(entry) is Message:
        sender = f"{entry.sender} (to {reader})" if entry.to else entry.sender
        return message_lines(sender, entry.text)
    if type(entry) is Presence:
        change = f"is now {entry.name}" if entry.change == "renamed" else entry.change
        return f"* {entry.sender} {change}"
    if type(entry) is FileEvent:
        return f"* {file_line(entry)}"
    return f"* a message of {entry.sender} was erased"


def file_line(event: FileEvent) -> str:
    """Return what has happened to the files as a person is told of it."""
    match event.change:
        case "many":
            return f"{event.count:,} files changed"
        case "removed":
            return f"{event.path} removed"
        case "moved":
            mover = f"{event.sender} moved {event.origin}" if event.sender else f"{event.origin} moved"
            return f"{mover} to {event.path}"
        case change:
            what = f"{event.path} ({size(event.size)})"
            return f"{event.sender} put {what}" if event.sender else f"{what} {change}"


def _said(reply: Said) -> str:
    return f"{reply.text} ACK"


def _opened(reply: Opened) -> str:
    return f"{_named(reply.named)}\n{OK.word}"


def _named(reply: Named) -> str:
    places = f"{reply.clients} of {reply.max_clients} clients"
    return f"You are {reply.name} ({places}). Type help for the commands."


def _farewell(reply: Farewell) -> str:
    return f"Goodbye, {reply.name}." if reply.name else "Goodbye."


def session_lines(session: SessionLine) -> str:
    """Return what `status` shows of one session."""
    gone = "None" if session.disconnected is None else local_text(session.disconnected)
    return (
        f"Client Name: {session.name}\n"
        f"Client Address: ('{session.host}', {session.port})\n"
        f"Client Connection Time: {local_text(session.connected)}\n"
        f"Client Disconnect Time: {gone}\n"
        "-----"
    )


def _roll(reply: Roll) -> str:
    lines = [session_lines(session) for session in reply.sessions]
    if reply.left_out:
        lines.append(f"({reply.left_out} earlier clients left out)")
    return "\n".join(lines) or "(none)"


def _listing(reply: Listing) -> str:
    if not reply.files:
        return "Files: (none)"
    more = f" and {reply.more:,} more" if reply.more else ""
    return "Files:" + "".join(f" {file.path} |" for file in reply.files) + more


def _page(reply: Page) -> str:
    return "\n".join(map(past_line, reply.entries)) or NOTHING


def past_line(entry: Entry) -> str:
    """Return an entry as history shows it: the reader may be the one who told, or the one who was told."""
    return f"{entry.seq} {local_text(entry.at)} {push_line(entry, getattr(entry, 'to', ''))}"


def _card(reply: FileCard) -> str:
    file = reply.file
    lines = [f"{file.path}", f"  {file.size:,} bytes, changed {local_text(file.mtime)}, etag {file.etag}"]
    return "\n".join(lines + ([f"  sha256 {file.sha256}"] if file.sha256 else []))


def _chunk(chunk: Chunk) -> str:
    """Return a piece of a file as text that drives no terminal."""
    text = chunk.data.decode(errors="replace").replace("\r\n", "\n")
    return UNPRINTABLE.sub("?", text).removesuffix("\n") or NOTHING


def _command(line: CommandLine) -> str:
    name, space, arguments = line.usage.partition(" ")
    return f"/{name.lower()}{space}{arguments} - {line.summary}"


MANUAL_HEAD = """\
Any line you type is said to everybody. The words status, list, help and bye alone, and lines that begin
with /, are commands; // at the start says a line that begins with /. What stands in [ ] may be left out;
text goes on to the end of the line."""


def _manual(reply: Manual) -> str:
    lines = [_command(command) for command in reply.commands]
    return "\n".join([*lines, reply.details] if reply.details else [MANUAL_HEAD, *lines])


def _simple(reply: Simple) -> str:
    return reply.word


def _greeting(reply: Greeting) -> str:
    return _plain(reply.facts)


def _plain(value: Any) -> str:  # noqa: ANN401 - any plain value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_flat(each)}" for key, each in value.items()) or NOTHING
    if isinstance(value, list | tuple):
        return "\n".join(_flat(each) for each in value) or NOTHING
    return NOTHING if value is None else str(value).replace("\r\n", "\n").rstrip("\n")


def _flat(value: Any) -> str:  # noqa: ANN401 - any plain value
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_flat(each) for each in value)
    return value.word if isinstance(value, Simple) else str(value)


_VIEWS: dict[type[Any], Callable[[Any], str]] = {
    Said: _said,
    Named: _named,
    Opened: _opened,
    Farewell: _farewell,
    Roll: _roll,
    Listing: _listing,
    Page: _page,
    FileCard: _card,
    Chunk: _chunk,
    Manual: _manual,
    Simple: _simple,
    Greeting: _greeting,
}
