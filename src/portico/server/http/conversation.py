"""A connection that speaks HTTP: aiohttp's protocol, with the deadlines and manners of all our connections.

aiohttp reads requests and writes responses; the connection keeps its place at the door, its time-outs and the
streams of its files. A request's head has its time like an incomplete line, its body is the concern of who
reads it. Once the connection has a codec that pushes (a WebSocket, an event stream), what comes goes to the
connection as on every wire, and aiohttp only waits for the end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from portico.model.errors import ProtocolError
from portico.server.http.answers import complete, refusal
from portico.server.limits import (
    HEADER_BYTES,
    HEADERS,
    KEEP_OPEN_SECONDS,
    LINE_BYTES,
    LINGER_SECONDS,
    READ_BYTES,
)

if TYPE_CHECKING:
    from portico.server.connection import Connection
    from portico.wire import Codec

HEAD_TOO_LONG = 431
"""Request Header Fields Too Large (RFC 6585 section 5); for the first line, too."""


class Conversation(web.RequestHandler):
    """The protocol of a transport from the first bytes of HTTP on."""

    __slots__ = ("_ended", "answering", "connection", "heard")

    def __init__(self, connection: Connection, manager: web.Server) -> None:
        """Take over a connection's transport."""
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            access_log=cast("Any", None),
            tcp_keepalive=False,
            keepalive_timeout=KEEP_OPEN_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=LINE_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADERS,
            auto_decompress=False,
            read_bufsize=READ_BYTES,
        )
        self.connection = connection
        self.answering = 0
        self.heard = False
        """Whether anything came since somebody set this to False."""
        self._ended = False
        connection.reader = self
        connection.transport.set_protocol(self)
        self.connection_made(connection.transport)
        if connection.choked:
            super().pause_writing()

    def data_received(self, data: bytes) -> None:
        """Hand over what came; a head that has only begun has its time."""
        self.heard = True
        if self.connection.reader is None:
            self.connection.data_received(data)
        elif not self.connection.over:
            super().data_received(data)
            if data and not self.answering:
                self.connection.time(partial=not self._messages)

    def answer_begins(self, request: web.Request) -> None:
        """Take note that a request is being answered."""
        self.answering += 1
        self.connection.time(partial=False)
        if self._ended:
            self._close_behind_last()
            self._cut_off(request)

    def answer_ends(self) -> None:
        """Take note that the answer is there."""
        self.answering -= 1

    def begin(self, codec: Codec) -> None:
        """Let the connection speak by itself from now on."""
        self.connection.speak(codec)
        self.connection.transport.resume_reading()
        begun, self._message_tail = self._message_tail, b""
        if begun:
            self.connection.data_received(begun)

    def hear_no_more(self) -> None:
        """Close behind the present answer at once: who has sent nothing for long is not sending now."""
        self._lingering_time = 0.0

    async def part(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say a last word to a client that is still sending, and hear it out for a while.

        Else what it sends on would be answered with a reset, which takes the last word with it.
        """
        await response.prepare(request)
        await response.write_eof()
        self.connection.finish()
        await asyncio.sleep(LINGER_SECONDS)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what came whole, then close; True while there is something to answer."""
        if self.connection.reader is None:
            return self.connection.eof_received()
        if self._waiter is not None and not self._messages:
            return False
        self._ended = True
        if self._current_request is not None:
            self._cut_off(self._current_request)
        self._close_behind_last()
        return True

    def cut_short(self) -> bool:
        """Answer what came whole: requests say how long they are."""
        if self.connection.reader is None:
            return self.connection.cut_short()
        return self.eof_received()

    def _cut_off(self, request: web.BaseRequest) -> None:
        """Have whoever reads the rest of a body hear that it does not come."""
        if not request.content.is_eof():
            request.content.set_exception(ProtocolError("protocol: the body was cut short"))
            self.hear_no_more()

    def shaking_hands(self, *, done: bool) -> None:
        """Hands were shaken before."""

    def _close_behind_last(self) -> None:
        """Close after the present answer unless more was asked."""
        if not self._messages:
            self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request in words, then close."""
        if request.writer.output_size:
            raise ConnectionError("a part of the answer is sent already")
        if isinstance(exc, LineTooLong):
            status = HEAD_TOO_LONG
            message = f"the first line and each header have at most {LINE_BYTES:,} bytes"
        reason = (message or "it cannot be understood").strip().partition("\n")[0].rstrip(":.")
        error = ProtocolError(f"protocol: this is no request: {reason}")
        self.connection.server.refused(error, self.connection)
        response = refusal(error, status)
        complete(response)
        response.force_close()
        return response

    def pause_writing(self) -> None:
        """Make nobody write on."""
        super().pause_writing()
        self.connection.pause_writing()

    def resume_writing(self) -> None:
        """Let everybody write on."""
        super().resume_writing()
        self.connection.resume_writing()

    def connection_lost(self, error: BaseException | None) -> None:
        """Tell both."""
        super().connection_lost(error)
        self.connection.connection_lost(cast("Exception | None", error))


def conversation_of(request: web.BaseRequest) -> Conversation:
    """Return the conversation a request belongs to."""
    return cast("Conversation", request.protocol)
