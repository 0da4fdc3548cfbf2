"""What every codec is: the two directions of one wire, for one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from portico.model.entries import Entry
from portico.model.errors import PorticoError
from portico.model.requests import Request


class Codec(Protocol):
    """Bytes of one connection to requests, replies to bytes.

    `protocol` and `pushes` are how its caller begins (see `commands.call.Call`); `family` is equal for codecs
    whose pushes are the same bytes; `echoes` tells whether those who speak it are pushed what they said
    themselves, `greets` whether a session begins with its first line. `closing` is True once the last word
    was said: nothing after it is answered. `owed` is how many bytes of a `Body` that was handed out are still
    to come: they are skipped, unless somebody takes them from the socket and counts them off. `locked` while
    its caller has still to show a token: then it takes less.
    """

    protocol: int
    pushes: bool
    family: str
    echoes: bool
    greets: bool
    closing: bool
    owed: int
    locked: bool

    @property
    def partial(self) -> bool:
        """Whether something incomplete is held."""

    @property
    def held(self) -> int:
        """How many bytes of something incomplete are held."""

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:
        """Take bytes; return the requests they complete. An error among them is to be said, then closed."""

    def end(self) -> Sequence[Request | PorticoError]:
        """Take the end of the stream; return what it completes."""

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return a reply as bytes."""

    def around(self, size: int) -> tuple[bytes, bytes]:
        """Return what stands before and behind so many bytes of a file in a reply."""

    def push(self, entry: Entry) -> bytes:
        """Return an entry as bytes that come unasked."""

    def closing_push(self, sentence: str) -> bytes:
        """Return the word that the server is going, as bytes that come unasked."""
