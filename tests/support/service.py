"""A server without sockets: the real room, history, commands and codecs over a log in memory.

    room = InMemory()
    ann = room.text()               # a person with netcat
    ann.type("Hello")               # -> ["You are Client1 ...", "Hello ACK"]
    program = room.resp(protocol=3) # a program
    program.call("SAY", "hi")       # -> 3, or raises RespError

Nothing waits: every proposal is committed before the next request runs, and whoever follows is pushed to at
once. Time stands still unless a test moves `clock.instant`.
"""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from portico.commands.call import Call
from portico.commands.declare import Command
from portico.commands.table import TABLE, perform
from portico.model.access import EVERYBODY, Grant
from portico.model.entries import Entry, visible
from portico.model.errors import PorticoError, WrongToken
from portico.model.files import Chunk
from portico.model.later import Later
from portico.model.policy import USUAL, Policy
from portico.model.requests import Body, Line
from portico.room.history import open_room
from portico.server.transfers import Transfers
from portico.stores.audit import NoAudit
from portico.stores.memory import MemoryLog
from portico.wire import CODECS, Codec, Wire, sniff
from tests.support.ports import START, StillClock
from tests.support.resp import PUSH, Incomplete, Parser, RespError, Value, encode
from tests.support.shelf import FILES, Shelf


class Wicket:
    """The gate, with tokens that are known beforehand; nothing waits."""

    def __init__(self, tokens: Mapping[str, Grant] | None) -> None:
        self.tokens = tokens

    def anonymous(self) -> Grant | None:
        return EVERYBODY if self.tokens is None else None

    def admit(self, host: str, token: str) -> Later:
        later = Later()
        later.resolve(EVERYBODY if self.tokens is None else self.tokens.get(token, WrongToken()))
        return later


class InMemory:
    """What all connections share: `portico.commands.call.Service`."""

    def __init__(
        self,
        max_clients: int = 3,
        files: Sequence[str] = FILES,
        *,
        read_only: bool = False,
        policy: Policy = USUAL,
        tokens: Mapping[str, Grant] | None = None,
    ) -> None:
        self.log = MemoryLog()
        self.room, self.history = finish(open_room(self.log, "main", finish(self.log.open())))
        self.clock = StillClock(lambda: self.history.head)
        self.repository = Shelf(files)
        self.commands: Sequence[Command] = TABLE
        self.log_identity = "0123456789abcdef"
        self.read_only, self.policy = read_only, policy
        self.gate = Wicket(tokens)
        self.audit = NoAudit()
        self.drained = False
        self.transfers = Transfers(self.clock, self.repository)
        self.started = START
        self.guests: list[Guest] = []
        self.room.limit(START, max_clients)
        self.carry()

    def secret(self) -> str:
        return f"secret-{self.room.state.next_session}"

    def connections(self) -> int:
        return len(self.guests)

    def drop(self, session: int) -> None:
        for guest in self.guests:
            if guest.call_state.session == session:
                guest.call_state.session, guest.closed = 0, True

    def drain(self) -> None:
        self.drained = True

    def text(self) -> "Person":
        return Person(self, CODECS[Wire.TEXT]())

    def resp(self, protocol: int = 2) -> "Program":
        program = Program(self, CODECS[Wire.RESP]())
        if protocol != 2:
            program.call("HELLO", protocol)
        return program

    def carry(self) -> None:
        """Commit everything proposed; push, then answer."""
        while (batch := self.room.outbox.next_batch()) is not None:
            applied = self.room.committed(finish(self.log.append(self.room.name, batch.bodies(), batch.key)))
            for position in applied.erase:
                finish(self.history.scrub(position))
            for guest in list(self.guests):
                guest.told(applied.entries)
            for later, outcome in applied.answers:
                later.resolve(outcome)


class Guest:
    """One connection: `portico.commands.call.Peer`. `released` and `attached` tell what handlers asked."""

    def __init__(self, service: InMemory, codec: Codec) -> None:
        self.service, self.codec = service, codec
        self.out = bytearray()
        self.following = False
        self.closed = False
        service.guests.append(self)
        address = ("127.0.0.1", 58_596 + len(service.guests) - 1)
        self.call_state = Call(
            len(service.guests), address, service, self, self.codec.pushes, self.codec.protocol
        )
        self.codec.locked, self.call_state.greets = self.call_state.grant is None, self.codec.greets

    def unlock(self) -> None:
        self.codec.locked = False

    def attach(self, session: int) -> None:
        held = self.call_state.session
        if held not in (0, session):
            self.service.room.leave(self.service.clock.now(), held)
        for guest in self.service.guests:
            if guest is not self and guest.call_state.session == session:
                guest.call_state.session, guest.closed = 0, True
        self.call_state.session = session

    def release(self) -> None:
        self.call_state.session = 0

    def follow(self, after: int) -> None:
        self.following = True
        self.told(finish(self.service.history.after(after, 1_000)))

    def unfollow(self) -> None:
        self.following = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Later:
        later = Later()
        later.resolve(finish(work))
        return later

    def receive(self, body: Body, sink: Later) -> Later:
        raise NotImplementedError("nothing streams in memory")

    def told(self, entries: Sequence[Entry]) -> None:
        session = self.call_state.session
        for entry in entries if self.following else ():
            own = not self.codec.protocol and entry.session == session != 0
            if visible(entry, session) and not own:
                self.out += self.codec.push(entry)

    def feed(self, data: bytes) -> bytes:
        """Take bytes, return what is said: everything new, pushes included."""
        return self._run(self.codec.receive(data))

    def end(self) -> bytes:
        """Take the end of the stream."""
        return self._run(self.codec.end())

    def heard(self) -> bytes:
        """Return what came and was not taken yet."""
        said, self.out = bytes(self.out), bytearray()
        return said

    def _run(self, requests: Sequence[Any]) -> bytes:
        for request in requests:
            if self.codec.closing:
                break
            self.call_state.now = self.service.clock.now()
            reply = self.codec.reply(self.answer(request))
            if not (isinstance(request, Line) and request.silent):
                self.out += reply
        self.closed = self.closed or self.codec.closing
        return self.heard()

    def answer(self, request: Any) -> Any:
        """Carry one request out to its end; return the reply before any codec has seen it."""
        if isinstance(request, PorticoError):
            return request
        answer = perform(self.call_state, request)
        if isinstance(answer, Coroutine):
            try:
                answer = finish(answer)
            except PorticoError as error:
                return error
        if isinstance(answer, Later):
            self.service.carry()
            assert answer.ready
            answer = answer.value
        if isinstance(answer, Chunk):
            self.service.transfers.sent(self.call_state, answer)
        return answer


class Person(Guest):
    """Somebody with netcat."""

    def type(self, *lines: str) -> list[str]:
        """Type lines; return the lines that come back."""
        return self.feed("".join(f"{line}\n" for line in lines).encode()).decode().split("\n")[:-1]

    def heard_lines(self) -> list[str]:
        return self.heard().decode().split("\n")[:-1]


class Program(Guest):
    """A RESP client; `pushes` are those that came with the latest answers."""

    def __init__(self, service: InMemory, codec: Codec) -> None:
        super().__init__(service, codec)
        self.pushes: list[Value] = []

    def call(self, *words: str | bytes | int) -> Value:
        """Ask; return the one reply, or raise RespError."""
        (reply,) = self.replies(self.feed(encode(*words)))
        if isinstance(reply, RespError):
            raise reply
        return reply

    def refusal(self, *words: str | bytes | int) -> str:
        """Ask; return the error, code and sentence."""
        (reply,) = self.replies(self.feed(encode(*words)))
        assert isinstance(reply, RespError), f"expected an error, there came {reply!r}"
        return str(reply)

    def heard_pushes(self) -> list[Value]:
        """Return the pushes that came since asked last."""
        self.replies(self.heard())
        pushes, self.pushes = self.pushes, []
        return pushes

    def replies(self, data: bytes) -> list[Value]:
        """Read replies; put pushes aside."""
        parser = Parser(bytearray(data))
        replies: list[Value] = []
        while parser.at < len(data):
            kind, value = parser.value()
            (self.pushes if kind == PUSH else replies).append(value)
        return replies


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that awaits ports in memory only to its end."""
    while True:
        try:
            work.send(None)
        except StopIteration as end:
            return end.value


def connect(service: InMemory, data: bytes) -> Guest:
    """Return the connection that these first bytes begin."""
    return Guest(service, CODECS[sniff(data, ended=True)]())


__all__ = ["START", "Guest", "InMemory", "Incomplete", "Person", "Program", "RespError", "connect", "finish"]
