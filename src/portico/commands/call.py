"""What a handler sees of the one who asks: the caller, and the service it asks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from portico.model.access import ADMIN, EVERYBODY, MEMBER, Grant
from portico.model.errors import NoToken, PorticoError
from portico.model.files import VISITOR, Author, Chunk, Order, Progress
from portico.model.later import Later
from portico.model.policy import USUAL, Policy
from portico.model.replies import TransferLine
from portico.model.requests import Body
from portico.ports import Audit, Clock, Desk, Repository, Source
from portico.room.history import Filter, History
from portico.room.room import Address, Room

if TYPE_CHECKING:
    from portico.commands.declare import Command


Refusal: TypeAlias = Callable[["Call", bytes], PorticoError]
"""What answers a command, of which it gets the name, while commands are not carried out."""


class Service(Protocol):
    """What all calls of one server share."""

    room: Room
    history: History
    commands: Sequence[Command]
    log_identity: str
    read_only: bool
    policy: Policy
    started: int

    @property
    def audit(self) -> Audit:
        """Where it is noted who changed what."""

    @property
    def gate(self) -> Gate:
        """Who may come in."""

    @property
    def repository(self) -> Repository:
        """The shared files."""

    @property
    def transfers(self) -> Transfers:
        """What is under way."""

    @property
    def clock(self) -> Clock:
        """Time, and waiting."""

    def secret(self) -> str:
        """Return a new unguessable secret."""

    def connections(self) -> int:
        """Return how many connections there are."""

    def drop(self, session: int) -> None:
        """Close the connection that holds a session."""

    def drain(self) -> None:
        """Begin to end the server, as a signal does."""


class Gate(Protocol):
    """Who may come in, and as what."""

    def anonymous(self) -> Grant | None:
        """Return what is granted to who shows no token; None when that is nothing."""

    def admit(self, host: str, token: str) -> Later:
        """Return the `Grant` of a token, or `WrongToken`; late where an address has shown many wrong ones."""


class Transfers(Protocol):
    """What is under way; told of each step by the handlers, on the event loop."""

    def put(self, call: Call, order: Order, progress: Progress) -> None:
        """Take note that a caller has begun an upload, or goes on with it."""

    def writing(self, upload: str, offset: int, body: Body) -> None:
        """Take note that the bytes of a body go to an upload, from an offset on."""

    def wrote(self, upload: str, offset: int) -> None:
        """Take note of how far an upload has come."""

    def ended(self, upload: str) -> None:
        """Forget an upload: it was finished or given up."""

    def read(self, call: Call, piece: Chunk | Source) -> None:
        """Take note that a caller is being given a range of a file."""

    def sent(self, call: Call, piece: Chunk | Source) -> None:
        """Take note that a caller has got a range of a file."""

    def lines(self, viewer: Call) -> Sequence[TransferLine]:
        """Return what is under way, with the ids of the viewer's own uploads."""


class Peer(Protocol):
    """What a handler may ask of the connection itself."""

    def attach(self, session: int) -> None:
        """Hold a session that the log has confirmed; an older connection that held it is closed."""

    def release(self) -> None:
        """Hold no session any more: it was left."""

    def follow(self, after: int) -> None:
        """Push every visible entry after a number from now on."""

    def unfollow(self) -> None:
        """Push nothing any more."""

    def run(self, work: Coroutine[Any, Any, Any]) -> Later:
        """Let what waits for a port run on; return where its answer will be."""

    def unlock(self) -> None:
        """Take as much as from everybody: a token was shown."""

    def receive(self, body: Body, sink: Later) -> Later:
        """Let a request's body go into a `Sink`, once that is there; answer with the offset it has reached.

        Where the sink turns out to be an error, that is the answer, and the bytes go nowhere.
        """


@dataclass(slots=True)
class Call:
    """One connection as the commands know it; made once, handed to every handler.

    `session` is 0 for a visitor; `beside` another one, in whose name files are moved over this connection;
    `joining` while a join of its own is on its way to the log; `pushes` tells whether its wire can carry what
    nobody asked for; `protocol` is 0 where there are no versions to choose from; `refusing` answers
    everything in the place of the commands, from MULTI to EXEC or DISCARD and after BYE; `now` is the instant
    of the bytes being worked on.

    `said` counts messages for who keeps an eye on their pace, since the instant `paced_at` of its own clock.

    `grant` is what it may do, None while a token is wanted of it; `mute` and `policy` follow from that.
    `admitting` while a token is being looked at; `greets` where showing one is also how one joins.
    """

    id: int
    address: Address
    service: Service
    peer: Peer
    pushes: bool
    protocol: int
    now: int = 0
    session: int = 0
    beside: int = 0
    joining: bool = False
    admitting: bool = False
    said: int = 0
    paced_at: float = 0.0
    greets: bool = False
    refusing: Refusal | None = None
    grant: Grant | None = EVERYBODY
    mute: bool = False
    policy: Policy = USUAL
    secret: str = field(default="", repr=False)
    _desk: Desk | None = None

    def __post_init__(self) -> None:
        """Begin with what is granted to everybody."""
        self.may(self.service.gate.anonymous())

    def may(self, grant: Grant | None) -> None:
        """Be granted something else from now on; None for nothing but to show a token."""
        self.grant = grant
        if grant is not None:
            if self.refusing is _want_token:
                self.refusing = None
            self.mute = self.service.read_only or grant.role < MEMBER
            self.policy = self.service.policy.granted(grant)
        elif self.refusing is None:
            self.refusing = _want_token

    @property
    def room(self) -> Room:
        """The room that is asked."""
        return self.service.room

    def author(self) -> Author:
        """Return in whose name files are moved."""
        session = self.room.state.open_session(self.session or self.beside)
        number, name = (0, VISITOR) if session is None else (session.id, session.name)
        if self.grant is None or not self.grant.token:
            return Author(number, name)
        return Author(number, name, self.grant.token, everything=self.grant.role == ADMIN)

    @property
    def desk(self) -> Desk:
        """This caller's way to the files; made when it is first used."""
        if self._desk is None:
            self._desk = self.service.repository.desk()
        return self._desk

    def leave(self) -> None:
        """Let others go on with the uploads this caller was at; the next desk is another one."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.close()

    def close(self) -> None:
        """Leave the files: the caller is gone."""
        if self._desk is not None:
            self._desk.close()

    def filter(self, kind: str | None = None) -> Filter:
        """Return what this caller may see of the room's past."""
        return Filter(self.session, kind or "")


def _want_token(call: Call, _name: bytes) -> NoToken:
    return NoToken("AUTH TOKEN") if call.protocol else NoToken()
