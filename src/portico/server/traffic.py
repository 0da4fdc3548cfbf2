"""What one connection moves between its socket and files; there is none before the first such request.

    proceed ──send──> (the transport's buffer runs empty) ──> a thread sends ──> _sent: back to normal
    a Body comes ──expect──> a handler asks `receive` ──> a thread receives ──> _received: reading goes on
                        └──> nobody did ──> the codec drops the rest of it

While a thread sends, everything else that would be written waits: answers in their slots, pushes because the
follower is behind, and the little that comes all the same in `write`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from portico.model.errors import PorticoError
from portico.model.later import Later
from portico.model.requests import Body
from portico.ports import Sink
from portico.server.receiving import Receiving
from portico.server.sending import Piece, Sending

if TYPE_CHECKING:
    from portico.server.connection import Connection


class Traffic:
    """The streams of one connection: at most one each way."""

    __slots__ = ("_connection", "_held", "_pieces", "_receiving", "_sending", "body")

    def __init__(self, connection: Connection) -> None:
        """Begin with nothing on its way."""
        self._connection = connection
        self.body: Body | None = None
        self._pieces: Sequence[Piece] = ()
        self._held: list[bytes] = []
        self._sending: Sending | None = None
        self._receiving: Receiving | None = None

    @property
    def sending(self) -> bool:
        """Whether nothing else may be written now."""
        return self._sending is not None or bool(self._pieces)

    @property
    def receiving(self) -> bool:
        """Whether the transport must not be read from, as what comes is part of a body."""
        return self.body is not None

    # Out

    def send(self, pieces: Sequence[Piece]) -> None:
        """Send, in order, as soon as what was written before has left."""
        self._pieces = pieces
        self._connection.server.fanout.pause(self._connection)
        self.go_on()

    def write(self, data: bytes) -> None:
        """Write once what is being sent has left."""
        self._held.append(data)

    def go_on(self) -> None:
        """Begin to send what waits, if the transport has nothing left to write."""
        transport = self._connection.transport
        if self._pieces and not transport.get_write_buffer_size():
            pieces, self._pieces = self._pieces, ()
            sock = transport.get_extra_info("socket")
            self._sending = Sending(sock, pieces, self._sent)
            self._connection.server.streams.begin(self._sending)

    def _sent(self) -> None:
        sending, self._sending = self._sending, None
        connection = self._connection
        if sending is None or sending.broken:
            connection.transport.abort()
            return
        for source in sending.sent:
            connection.server.transfers.sent(connection.call, source)
        held, self._held = self._held, []
        if held:
            connection.write(b"".join(held))
        connection.resume_writing()

    # In

    def expect(self, body: Body) -> None:
        """Take note that a request has a body; it is not read from before a handler wants it, or nobody."""
        self.body = body

    def performed(self, request: object) -> None:
        """Let the body of a request go, if that was not taken by whoever performed it."""
        body = self.body
        if body is not None and type(request) is list and request[-1] is body and not body.taken:
            self._skip(body.size - len(body.begun))

    def receive(self, body: Body, sink: Later) -> Later:
        """Let the body go into a sink once there is one; answer with the offset, or why not."""
        body.taken = True
        answer = Later()
        sink.then(lambda later: self._begin(body, later.value, answer))
        return answer

    def _begin(self, body: Body, sink: Sink | PorticoError, answer: Later) -> None:
        if isinstance(sink, PorticoError):
            self._skip(body.size - len(body.begun))
            answer.resolve(sink)
        elif self._connection.gone:
            sink.close()
        else:
            sock = self._connection.transport.get_extra_info("socket")
            self._receiving = Receiving(sock, body, sink, lambda: self._received(answer))
            self._connection.server.streams.begin(self._receiving)

    def _received(self, answer: Later) -> None:
        receiving, self._receiving = self._receiving, None
        if receiving is None or receiving.broken:
            self._connection.transport.abort()
            return
        if receiving.error is not None:
            self._skip(receiving.left)
            answer.resolve(receiving.error)
        else:
            self.body = None
            self._connection.codec.resume()
            answer.resolve(receiving.offset)
        self._connection.schedule()

    def _skip(self, left: int) -> None:
        self.body = None
        self._connection.codec.skip(left)

    # The end

    def cancel(self) -> None:
        """Give everything up: the connection is lost."""
        for stream in (self._sending, self._receiving):
            if stream is not None:
                self._connection.server.streams.cancel(stream)
        for piece in self._pieces:
            if not isinstance(piece, bytes):
                piece.close()
        self._pieces = ()
