"""What a handler sees of the one who asks: the caller, and the service it asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from portico.model.errors import PorticoError
from portico.model.later import Later
from portico.model.requests import Body
from portico.ports import Clock, Repository
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
    started: int

    @property
    def repository(self) -> Repository:
        """The shared files."""

    @property
    def clock(self) -> Clock:
        """Time, and waiting."""

    def secret(self) -> str:
        """Return a new unguessable secret."""

    def connections(self) -> int:
        """Return how many connections there are."""


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

    def receive(self, body: Body, sink: Later) -> Later:
        """Let a request's body go into a `Sink`, once that is there; answer with the offset it has reached.

        Where the sink turns out to be an error, that is the answer, and the bytes go nowhere.
        """


@dataclass(slots=True)
class Call:
    """One connection as the commands know it; made once, handed to every handler.

    `session` is 0 for a visitor; `joining` while a join of its own is on its way to the log; `pushes` tells
    whether its wire can carry what nobody asked for; `protocol` is 0 where there are no versions to choose
    from; `refusing` answers everything in the place of the commands, from MULTI to EXEC or DISCARD and after
    BYE; `now` is the instant of the bytes being worked on.
    """

    id: int
    address: Address
    service: Service
    peer: Peer
    pushes: bool
    protocol: int
    now: int = 0
    session: int = 0
    joining: bool = False
    refusing: Refusal | None = None
    secret: str = field(default="", repr=False)

    @property
    def room(self) -> Room:
        """The room that is asked."""
        return self.service.room

    def filter(self, kind: str | None = None) -> Filter:
        """Return what this caller may see of the room's past."""
        return Filter(self.session, kind or "")
