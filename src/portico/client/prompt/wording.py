"""What is shown: the words of plain text and the prompt's own, nothing that drives a terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from portico.model.entries import Entry, Message
from portico.model.errors import PorticoError
from portico.model.replies import Said
from portico.wire.lines import BREAKING, one_line
from portico.wire.views import message_lines, push_line, view

ANSWER = "Message"
"""How an answer begins, since the report."""


HINT = "bye or Ctrl-D leaves"
"""For somebody who presses Ctrl-C."""


class Kind(Enum):
    """Why something is shown."""

    TYPED = auto()
    MESSAGE = auto()
    EVENT = auto()
    ACK = auto()
    ANSWER = auto()
    REFUSAL = auto()
    NOTICE = auto()


ARRIVED = (Kind.MESSAGE, Kind.EVENT)
"""What others did: it may come in any amount."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Some lines for the screen; the first `head` characters are the name of who speaks, if anybody."""

    kind: Kind
    text: str
    head: int = 0


def _shown(kind: Kind, text: str, head: int = 0) -> Shown:
    return Shown(kind, clean(text.rstrip("\n")), head)


def clean(text: str) -> str:
    """Return the text with a question mark for every control character but the ends of lines, and TAB."""
    if text.isprintable():
        return text
    return BREAKING.sub(lambda found: found[0] if found[0] in "\n\t" else "?", text)


def echo(name: str, text: str) -> Shown:
    """Show what was typed, as it stood behind the prompt."""
    return _shown(Kind.TYPED, message_lines(name, text), len(name))


def arrival(entry: Entry) -> Shown:
    """Show what somebody else did."""
    words = push_line(entry)
    if type(entry) is Message:
        return _shown(Kind.MESSAGE, words, words.index(": ", len(entry.sender)))
    return _shown(Kind.EVENT, words)


def answer(reply: Any) -> Shown:  # noqa: ANN401 - any reply
    """Show the answer to a line."""
    words = view(reply)
    if isinstance(reply, Said):
        return _shown(Kind.ACK, message_lines(ANSWER, words.rstrip("\n")))
    if isinstance(reply, PorticoError):
        return _shown(Kind.REFUSAL, words)
    return _shown(Kind.ANSWER, f"{ANSWER}:\n{words}")


def trouble(sentence: str) -> Shown:
    """Show that something has failed which no line waits for."""
    return _shown(Kind.REFUSAL, f"error: {one_line(sentence)}")


def notice(sentence: str) -> Shown:
    """Show something about the prompt itself."""
    return _shown(Kind.NOTICE, f"* {sentence}")
