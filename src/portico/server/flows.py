"""The bytes of files that go to and from one connection, past its codec.

Sending: the ready answers with ranges of files among them are handed to a thread as one plan, and until it is
through the connection counts as one whose peer does not read; what others push meanwhile is held for it.
Receiving: from the moment the codec hands out a `Body` the transport does not read; a thread takes what
belongs to the body, then the transport goes on. A body that nobody takes is skipped by the codec.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from portico.model.errors import PorticoError, ProtocolError, Unavailable
from portico.model.later import Later
from portico.model.requests import Body
from portico.ports import Sink, Source
from portico.server.receiving import Receiving
from portico.server.relaying import RelayedReceiving, RelayedSending
from portico.server.sending import Outgoing, Sending, plan_of
from portico.server.streams import Turn
from portico.server.tls import Secured

if TYPE_CHECKING:
    from portico.server.connection import Connection

CUT_SHORT = "protocol: a WRITE was cut short; what came is kept"
TOO_LATE = "protocol: the rest of a WRITE took too long to come; what came is kept"
CROWDED = "the server has too many files open at present; what came is kept, go on in a moment"


class Flows:
    """What is under way on one connection: at most one stream in each direction."""

    __slots__ = ("_answer", "_connection", "_held", "_late", "_receiving", "_sending", "_then")

    def __init__(self, connection: Connection) -> None:
        """Begin with nothing under way."""
        self._connection = connection
        self._sending: Sending | RelayedSending | None = None
        self._then: Callable[[], None] | None = None
        self._held: list[bytes] = []
        self._answer: Later | None = None
        self._receiving: Receiving | RelayedReceiving | None = None
        self._late = False

    @property
    def sending(self) -> bool:
        """Whether a thread has, or shall have, the socket's way out."""
        return self._sending is not None

    @property
    def receiving(self) -> bool:
        """Whether a body has somebody who takes it, now or soon."""
        return self._answer is not None

    def close(self) -> None:
        """End what is under way: the connection is lost. The desk is left once no thread needs it."""
        for stream in (self._sending, self._receiving):
            if stream is not None:
                stream.cut()
        self._leave()

    def _leave(self) -> None:
        if self._sending is None and self._receiving is None:
            self._connection.call.close()

    def _descriptor(self) -> int:
        return self._connection.transport.get_extra_info("socket").fileno()  # type: ignore[no-any-return]

    # Sending

    def around(self, source: Source) -> tuple[bytes, Outgoing, bytes]:
        """Return a range of a file as pieces of a plan."""
        connection, range_ = self._connection, Outgoing(source)
        connection.server.transfers.sending(connection.call, range_)
        head, tail = connection.codec.around(source.count)
        return head, range_, tail

    def send(self, pieces: list[bytes | Outgoing], then: Callable[[], None] | None = None) -> None:
        """Let a thread have the socket, once everything before is written; call `then` when all is sent."""
        connection = self._connection
        self._then = then
        try:
            self._sending = self._sender(plan_of(pieces))
        except OSError:
            for piece in pieces:
                if isinstance(piece, Outgoing):
                    piece.source.close()
            connection.transport.abort()
            return
        if not connection.choked:
            connection.pause_writing()
            self._sending.start()

    def _sender(self, plan: list[bytes | Outgoing]) -> Sending | RelayedSending:
        transport = self._connection.transport
        if isinstance(transport, Secured):
            return RelayedSending(transport, self._sent, plan)
        return Sending(self._connection.server.streams, self._descriptor(), self._sent, plan)

    async def stream(self, source: Source) -> None:
        """Send a range with nothing around it, and return once it is sent."""
        connection, range_ = self._connection, Outgoing(source)
        done = asyncio.get_running_loop().create_future()
        connection.server.transfers.sending(connection.call, range_)
        self.send([range_], lambda: None if done.done() else done.set_result(None))
        await done

    def written(self) -> None:
        """Go on: everything before is written."""
        if self._sending is not None:
            self._sending.start()

    def hold(self, data: bytes) -> None:
        """Keep what is pushed until the socket is free; whoever pushes knows that it is not (`pause`)."""
        self._held.append(data)

    def _sent(self, turn: Turn) -> None:
        """Have the socket again."""
        connection = self._connection
        sending, self._sending = self._sending, None
        if sending is None or connection.transport.is_closing():
            self._leave()
        elif turn is not Turn.DONE:
            connection.transport.abort()
        else:
            for range_ in sending.ranges:
                connection.server.transfers.sent(connection.call, range_.source)
            held, self._held = b"".join(self._held), []
            connection.free(held)
            then, self._then = self._then, None
            if then is not None:
                then()

    # Receiving

    def receive(self, body: Body, sink: Later) -> Later:
        """Let a body go into a `Sink`, once that is there; answer with the offset it has reached."""
        self._answer = answer = Later()
        sink.then(lambda there: self._begin(body, there.value))
        return answer

    def _begin(self, body: Body, sink: Any) -> None:  # noqa: ANN401 - a Sink, or the error in its place
        connection = self._connection
        if isinstance(sink, PorticoError):
            self._conclude(sink)
        elif connection.transport.is_closing():
            sink.close()
        else:
            self._take(body, sink)

    def _take(self, body: Body, sink: Sink) -> None:
        connection = self._connection
        try:
            self._receiving = self._receiver(body, sink)
        except OSError:
            sink.close()
            self._conclude(Unavailable(CROWDED))
            return
        connection.wait_for_bytes()
        self._receiving.start()

    def _receiver(self, body: Body, sink: Sink) -> Receiving | RelayedReceiving:
        transport, watched = self._connection.transport, self._connection.wait_for_bytes
        if isinstance(transport, Secured):
            return RelayedReceiving(transport, self._received, watched, body, sink)
        streams = self._connection.server.streams
        return Receiving(streams, self._descriptor(), self._received, watched, body, sink)

    def time_out(self) -> bool:
        """Give up a body whose bytes do not come; tell whether there is one."""
        if self._receiving is None or not self._receiving.waiting:
            return False
        self._late = True
        self._receiving.stop()
        return True

    def _received(self, turn: Turn) -> None:
        """Let the transport read on behind the body, or find out why it did not come."""
        connection = self._connection
        receiving, self._receiving = self._receiving, None
        if receiving is None or connection.transport.is_closing():
            self._leave()
            return
        connection.codec.owed -= receiving.taken
        connection.wait_for_bytes()
        if turn is Turn.DONE:
            self._conclude(receiving.outcome)
        else:
            self._conclude(ProtocolError(TOO_LATE if self._late else CUT_SHORT))

    def _conclude(self, outcome: Any) -> None:  # noqa: ANN401 - the offset, or an error
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.resolve(outcome)
