"""A client's talk with a server, over as many connections as it takes. No sockets, no clock.

    opened ──> HELLO (RESUME secret | SETNAME name | NAME) ──> introduced ──> FOLLOW SINCE n, unanswered
       ^                                                          │            requests again, new ones
       └──────────────────────── lost <───────────────────────────┘

Bytes go in by `receive` and come out by `take`. Requests are sent in the order they were asked, and when a
connection breaks, those without an answer are sent again in the same order over the next one, before newer
ones. That nothing is done twice is up to what is asked: reading can be repeated, SAY and TELL carry keys.
What must not be repeated (`again=False`) fails with `Lost`.

Entries that the server pushes have rising numbers; one that is not above the last is dropped, so that
whatever a resumed FOLLOW repeats is not seen twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from portico.client.requests import Request, Step
from portico.client.resp import Push, ReplyParser, Value, encode
from portico.model.entries import Entry, entry_of
from portico.model.errors import Lost, NotFound, PorticoError, ProtocolError

IN_FLIGHT = 1_000
"""Requests sent and not answered yet: below the 1,024 after which the server stops to read."""

Word = str | bytes | int


class Listener(Protocol):
    """Who hears what the conversation has to tell."""

    def introduced(self) -> None:
        """Hear that the connection is ready: `facts`, `name` and `secret` are those of HELLO."""

    def refused(self, error: PorticoError) -> None:
        """Hear that the server did not accept the introduction."""

    def entry(self, entry: Entry) -> None:
        """Take an entry that was pushed."""

    def skipped(self) -> None:
        """Hear that pushes are missing: what was to be followed is not kept, or the log is another one."""


class Conversation:
    """One client's requests, identity and place in the log.

    `wanted` is whom it wants to be: None for a visitor, an empty string for any name. `facts` is what HELLO
    last answered, `farewell` the server's word when it closed. `joined_unknowingly`: a connection broke while
    it was joining, so a session that nobody holds may still take the name, or the last place, for a while.
    """

    def __init__(self, listener: Listener, wanted: str | None = None, token: str = "") -> None:
        """Begin without a connection."""
        self.wanted = wanted
        self.token = token
        self.name: str | None = None
        self.secret = ""
        self.facts: dict[str, Any] = {}
        self.farewell = ""
        self.ready = False
        self._listener = listener
        self._open = False
        self._parser = ReplyParser()
        self._own: list[tuple[bytes, Step]] = []
        self._waiting: deque[Request] = deque()
        self._sent: deque[Request | Step] = deque()
        self._following: int | None = None
        self._turns = 0
        self._joining = False
        self.joined_unknowingly = False

    # Connections come and go

    def opened(self) -> None:
        """Begin on a new connection: say who we are first."""
        self._open, self.farewell = True, ""
        self._parser = ReplyParser()
        self._introduce()

    def receive(self, data: bytes) -> None:
        """Take bytes; answer requests. Raise `ProtocolError` when the server makes no sense."""
        sent = self._sent
        for value in self._parser.feed(data):
            if not self._open:
                return
            if type(value) is Push:
                self._pushed(value)
            elif sent:
                sent.popleft().answer(value)
            else:
                raise ProtocolError("protocol: the server answered what was not asked")

    def lost(self) -> None:
        """Take note that the connection is gone."""
        asked = any(type(each) is Step for each in self._sent)
        self.joined_unknowingly = self.joined_unknowingly or (self._joining and asked)
        self._open = self.ready = self._joining = False
        self._own.clear()
        wanted = [each for each in self._sent if isinstance(each, Request) and not each.slot.done()]
        self._sent.clear()
        self._turns = 0
        for request in reversed(wanted):
            if request.again:
                self._waiting.appendleft(request)
            else:
                request.answer(Lost("the connection was lost before the answer came; it may have been done"))

    def take(self) -> bytes:
        """Return what is to be sent now."""
        waiting, sent = self._waiting, self._sent
        out = [data for data, _ in self._own]
        sent.extend(step for _, step in self._own)
        self._own.clear()
        if self.ready:
            while waiting and len(sent) < IN_FLIGHT:
                request = waiting.popleft()
                if not request.slot.done():
                    out.append(request.data)
                    sent.append(request)
        return b"".join(out)

    # Requests

    @property
    def unanswered(self) -> int:
        """How many requests have no answer."""
        return len(self._waiting) + len(self._sent)

    @property
    def owed(self) -> bool:
        """Whether the server has something to answer."""
        return bool(self._sent)

    def pending(self) -> list[Request]:
        """Return the requests that have no answer, in their order."""
        return [each for each in self._sent if isinstance(each, Request)] + list(self._waiting)

    def ask(self, request: Request) -> None:
        """Send a request when its turn comes."""
        self._waiting.append(request)

    def probe(self) -> None:
        """Ask for a sign of life."""
        self._step(["PING"], lambda _: None)

    def give_up(self, now: float, late: Callable[[], PorticoError]) -> None:
        """Refuse what should have been answered by now; forget what nobody waits for and was not sent."""
        for request in self.pending():
            if request.deadline < now:
                request.answer(late())
        if any(request.slot.done() for request in self._waiting):
            self._waiting = deque(request for request in self._waiting if not request.slot.done())

    def fail(self, error: PorticoError) -> None:
        """Answer everything with an error."""
        for request in self.pending():
            request.answer(error)
        self._waiting.clear()

    # Who we are

    def join(self, name: str) -> None:
        """Become a session, under this name or (when it is empty) any; `introduced` or `refused` follows."""
        self.wanted = name
        if self.ready:
            self._introduce()

    def renamed(self, name: str) -> None:
        """Take note of a new name."""
        self.wanted = self.name = name

    def forget_name(self) -> None:
        """Be a visitor from the next connection on."""
        self.wanted = self.name = None
        self.secret = ""
        self.joined_unknowingly = False

    def _introduce(self) -> None:
        """Say who we are; the answer to the last HELLO holds everything. A token is shown only once."""
        show = bool(self.token) and not self.ready
        hello: list[Word] = ["HELLO", 3, *(["AUTH", "default", self.token] if show else [])]
        if self.secret:
            self._step([*hello, "RESUME", self.secret], self._resumed)
        elif self.wanted is None:
            self._step(hello, self._greeted)
        elif self.wanted and not self.ready:
            self._joining = True
            self._step([*hello, "SETNAME", self.wanted], self._greeted)
        else:
            if not self.ready:
                self._step(hello, self._checked)
            self._joining = True
            self._step(["NAME", *([self.wanted] if self.wanted else [])], self._checked)
            self._step(["HELLO", 3], self._greeted)

    def _step(self, words: Sequence[Word], then: Callable[[Value], None]) -> None:
        self._own.append((encode(words), Step(then)))

    def _checked(self, value: Value) -> None:
        """Look at an answer that only matters when it is a refusal; what it was for is then over."""
        if isinstance(value, PorticoError):
            self._refused(value)

    def _refused(self, error: PorticoError) -> None:
        """Pass a refusal on; one of the introduction ends this connection."""
        self._joining = False
        if not self.ready:
            self._open = False
        self._listener.refused(error)

    def _resumed(self, value: Value) -> None:
        if isinstance(value, NotFound):
            # More than a day has passed, or the room begins anew: the session is over for good.
            self.secret = ""
            self._introduce()
        else:
            self._greeted(value)

    def _greeted(self, value: Value) -> None:
        if isinstance(value, PorticoError):
            self._refused(value)
            return
        if not isinstance(value, dict) or value.get("server") != "portico":
            raise ProtocolError("protocol: what answers there is not Portico")
        first, self.ready = not self.ready, True
        other_log = bool(self.facts) and self.facts["log"] != value["log"]
        self._learn(value)
        if other_log and self._following is not None:
            self._begin_anew()
        elif first and self._following is not None:
            self._turn(["FOLLOW", "SINCE", self._following], self._followed)
        self._listener.introduced()

    def _learn(self, facts: dict[str, Any]) -> None:
        """Take note of what HELLO answered."""
        self.facts, self.name = facts, facts["name"]
        if self.name is not None:
            self.secret, self._joining, self.joined_unknowingly = facts["resume"], False, False

    def learn_head(self, facts: dict[str, Any]) -> None:
        """Take note of how far the log reaches; who we are may have changed since that was answered."""
        if facts["log"] == self.facts["log"]:
            self.facts["head"] = max(self.facts["head"], facts["head"])

    # The place in the log

    def follow(self) -> None:
        """Have every entry pushed from now on, and again after each reconnection from the last one on."""
        if self._following is not None:
            return
        if self.ready:
            self._from_now()
        else:
            self._following = self.facts.get("head", 0)

    def unfollow(self) -> None:
        """Have nothing pushed any more."""
        self._following = None
        if self.ready:
            self._turn(["QUIET"], lambda _: None)

    def _from_now(self) -> None:
        """Follow; what HELLO told of is the past, wherever the newest entry is by now."""
        self._following = self.facts["head"]
        self._turn(["FOLLOW"], lambda _: None)

    def _turn(self, words: Sequence[Word], then: Callable[[Value], None]) -> None:
        """Change what is pushed. What comes before that is answered is of before, and may end with a gap."""
        self._turns += 1
        self._step(words, lambda value: self._turned(value, then))

    def _turned(self, value: Value, then: Callable[[Value], None]) -> None:
        self._turns -= 1
        then(value)

    def _followed(self, value: Value) -> None:
        if isinstance(value, PorticoError) and self._following is not None:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._from_now()
        self._listener.skipped()

    def _pushed(self, push: Push) -> None:
        try:
            kind, content = push[0], push[1]
            entry = self._read_entry(content) if kind == "entry" else None
        except (LookupError, TypeError, ValueError):
            raise ProtocolError("protocol: the server pushed what makes no sense") from None
        if kind == "closing":
            self.farewell = content
        elif entry is not None:
            self._listener.entry(entry)

    def _read_entry(self, content: Value) -> Entry | None:
        """Move on to an entry; return it when it is new and known here."""
        if self._turns or self._following is None or content["seq"] <= self._following:
            return None
        entry = entry_of(content)
        self._following = content["seq"]
        return entry
