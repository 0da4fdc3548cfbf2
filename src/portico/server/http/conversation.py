"""A connection that speaks HTTP: what the event loop tells goes to aiohttp's protocol and to the connection.

The connection keeps its place, its deadlines and its streams; aiohttp keeps the messages. A request that does
not come whole is the connection's concern, as on every wire; its body is the concern of who reads it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from aiohttp import web

if TYPE_CHECKING:
    from portico.server.connection import Connection


class Conversation(asyncio.Protocol):
    """The protocol of a transport from the first bytes of HTTP on."""

    def __init__(self, connection: Connection, protocol: web.RequestHandler) -> None:
        """Take over a connection's transport."""
        self.connection, self._protocol = connection, protocol
        self._answering = 0
        connection.transport.set_protocol(self)
        protocol.connection_made(connection.transport)
        if connection.choked:
            protocol.pause_writing()

    def data_received(self, data: bytes) -> None:
        """Hand over what came; a request that has only begun has its time."""
        if not self._answering:
            self.connection.time(partial=True)
        self._protocol.data_received(data)

    def answering(self) -> None:
        """Take note that a request's head is there, and is being answered."""
        self._answering += 1
        self.connection.time(partial=False)

    def answered(self) -> None:
        """Take note that the answer has left."""
        self._answering -= 1

    def eof_received(self) -> bool:
        """Let the transport close: nobody who speaks HTTP ends only the input."""
        self._protocol.eof_received()
        return False

    def pause_writing(self) -> None:
        """Make nobody write on."""
        self._protocol.pause_writing()
        self.connection.pause_writing()

    def resume_writing(self) -> None:
        """Let everybody write on."""
        self._protocol.resume_writing()
        self.connection.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell both."""
        self._protocol.connection_lost(error)
        self.connection.connection_lost(error)


def conversation_of(request: web.BaseRequest) -> Conversation:
    """Return the conversation a request belongs to; raise `ConnectionResetError` once it is over."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client is gone")
    return cast("Conversation", transport.get_protocol())
