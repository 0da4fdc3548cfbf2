"""One connection: feed the codec, run the commands, write the answers. Nothing here knows which wire it is.

    data_received ──sniff once──> codec.receive ──> requests ──> _run ──> answers ──> one write
                                                     │  hold              ▲
                                                     └─ backlog ──────────┘ as slots come free

HTTP is read and written by a library instead (`reader`), until such a connection becomes one that pushes:
then it speaks a codec as well.

An idle connection is this object and its transport: codec, call, slots and backlog come with the first
bytes. Reading pauses while requests are held back or the peer does not read its answers.

The bytes of files go past all this, in threads (`flows`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from portico.commands.call import Call
from portico.commands.table import find, perform
from portico.model.errors import PorticoError, ProtocolError, Unexpected
from portico.model.files import Chunk
from portico.model.later import Later
from portico.model.requests import Body, Line, Request
from portico.room.room import Address
from portico.server.flows import Flows
from portico.server.limits import (
    BYTES_PER_TURN,
    COMMANDS_PER_TURN,
    PACE_SECONDS,
    SAID_BURST,
    SAID_PER_SECOND,
    WRITE_BUFFER,
)
from portico.server.slots import Slots
from portico.server.sockets import traffic
from portico.wire import CODECS, Codec, Wire, sniff

if TYPE_CHECKING:
    from portico.server.fanout import Follower
    from portico.server.http.conversation import Conversation
    from portico.server.listener import Server


class Connection(asyncio.Protocol):
    """One socket."""

    __slots__ = (
        "_backlog",
        "_deaf",
        "_ended",
        "_head",
        "_paused",
        "_retired",
        "_scheduled",
        "_slots",
        "_slowed",
        "_tasks",
        "_timed",
        "address",
        "call",
        "choked",
        "codec",
        "flows",
        "follower",
        "id",
        "reader",
        "server",
        "transport",
    )

    def __init__(self, server: Server) -> None:
        """Begin unconnected, and without codec, call, slots and flows: they come with the first bytes."""
        self.server = server
        self.transport: asyncio.Transport
        self.codec: Any = None
        self.call: Any = None
        self.follower: Follower | None = None
        self.choked = False
        self.reader: Conversation | None = None
        self._head = b""
        self._slots: Any = None
        self.flows: Any = None
        self._backlog: Sequence[Any] = ()
        self._tasks: set[asyncio.Task[Any]] | None = None
        self._scheduled = False
        self._ended = False
        self._deaf = False
        self._paused = False
        self._retired = False
        self._slowed = False
        self._timed = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the connections, or be turned away."""
        self.transport = transport  # type: ignore[assignment]
        peer = transport.get_extra_info("peername") or ("", 0)
        self.address: Address = (peer[0], peer[1])
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self.id = self.server.door.welcome(self)

    def data_received(self, data: bytes) -> None:
        """Feed, run, write."""
        if self._deaf:
            return
        if self.call is None:
            data = self._open(self._head + data)
            if not data:
                return
        codec: Codec = self.codec
        requests = codec.receive(data)
        if self._timed or codec.partial or codec.owed:
            self.time(partial=codec.partial or codec.owed > 0, afresh=bool(requests) or codec.owed > 0)
        if requests:
            if codec.owed:
                self.pause_reading()
            self._take(requests)

    def shaking_hands(self, *, done: bool) -> None:
        """Let the time of a TLS handshake run; who has shaken hands has still said nothing."""
        self.time(partial=not done)
        if done:
            self.server.door.silent.add(self, self.server.door.time())
        else:
            self.server.door.silent.discard(self)

    def cut_short(self) -> bool:
        """Answer what came whole, then close: nobody has said that what came last is all there is."""
        if self._deaf or self.call is None:
            return False
        self._ended = True
        self.time(partial=False)
        self._take(())
        return True

    def eof_received(self) -> bool:
        """Run what came, answer it, then close; the transport stays open until then.

        Nobody can tell who only ended the input from who is gone, so who then still waits for an answer holds
        no place meanwhile.
        """
        if self._deaf or (self.call is None and not self._head):
            return False
        requests: list[Any] = []
        if self.call is None:
            data = self._open(self._head, ended=True)
            if not data:
                return False
            requests += self.codec.receive(data)
        requests += self.codec.end()
        self._ended = True
        self.time(partial=False)
        self._take(requests)
        return True

    def pause_writing(self) -> None:
        """Stop making answers: the peer does not read those it has."""
        self.choked = True
        self.server.door.hold(self, self.transport.get_write_buffer_size())
        if self.reader is None:
            self.pause_reading()
        self.server.fanout.pause(self)

    def resume_writing(self) -> None:
        """Go on."""
        if self.flows is not None and self.flows.sending:
            self.flows.written()
            return
        self.choked = False
        self.server.door.held.discard(self)
        self.server.fanout.resume(self)
        self._schedule()

    def connection_lost(self, _error: Exception | None) -> None:
        """Leave everything that was joined."""
        self._deaf = True
        if self._slots is not None:
            self._slots.forget()
        self._backlog = ()
        for task in self._tasks or ():
            task.cancel()
        self.server.door.farewell(self)
        self.server.measures.ended += traffic(self.transport.get_extra_info("socket"))
        if self.flows is not None:
            self.server.transfers.gone(self.call)
            self.flows.close()

    # From bytes to answers

    def _open(self, data: bytes, *, ended: bool = False) -> bytes:
        """Decide the wire; return the bytes for its codec, nothing while undecided or when turned away."""
        if not self._head:
            self.server.door.silent.discard(self)
        wire = sniff(data, ended=ended)
        if wire is Wire.MORE:
            self._head = data
            self.time(partial=True)
            return b""
        self._head = b""
        if wire is Wire.TLS:
            self.transport.close()
            return b""
        self.speak(CODECS[wire]())
        if wire is Wire.HTTP:
            self.server.site.take(self, data)
            return b""
        return data

    def speak(self, codec: Codec) -> None:
        """Have a codec from now on, and begin with it as a visitor.

        A codec in the place of another begins with nothing under way: what had to do with the other is over.
        """
        if self.call is not None:
            self.server.transfers.gone(self.call)
            self.call.close()
        before, self.codec, self.reader = self.call, codec, None
        self.call = Call(self.id, self.address, self.server, self, codec.pushes, codec.protocol)
        self.call.paced_at = self.server.door.time()
        if before is not None:
            self.call.may(before.grant)
        codec.locked, self.call.greets = self.call.grant is None, codec.greets
        self._slots, self.flows = Slots(), Flows(self)

    def time(self, *, partial: bool, afresh: bool = False) -> None:
        """Let the time of something half-sent run, from now on if it began just now, or stop."""
        door = self.server.door
        if afresh or not partial:
            door.partial.discard(self)
            door.stalled.discard(self)
        self._timed = partial
        if self.codec is not None:
            door.hold(self, self.codec.held if partial else 0)
        if partial:
            group = door.stalled if self.codec is not None and self.codec.owed else door.partial
            group.add(self, door.time())

    def _take(self, requests: Sequence[Any]) -> None:
        if self._backlog:
            self._backlog = [*self._backlog, *requests]
        elif self._too_fast():
            self._backlog = requests
            self.pause_reading()
        else:
            self._run(requests)

    def _run(self, requests: Sequence[Any]) -> None:
        """Run requests until one has to wait, or others must have a turn; write the answers at once."""
        call, slots, codec = self.call, self._slots, self.codec
        call.now = self.server.clock.now()
        out: list[bytes] = []
        size = done = 0
        waiting = bool(slots)
        for request in requests[:COMMANDS_PER_TURN] if not self.choked else ():
            answer: Any = request
            if type(request) is list or type(request) is Line:
                if waiting and (slots.full or self._must_wait(request)):
                    break
                answer = perform(call, request)
            done += 1
            if type(answer) is CoroutineType:
                answer = self.run(answer)
            if type(answer) is Later:
                answer.then(self._answered)
                waiting = True
            if waiting:
                slots.add(answer)
            elif type(request) is not Line or not request.silent:
                data = self._reply(answer)
                out.append(data)
                size += len(data)
                if size > BYTES_PER_TURN or codec.closing:
                    break
        self._backlog = requests[done:]
        if out:
            self.transport.write(b"".join(out))
        self._after()

    def _too_fast(self) -> bool:
        """Tell whether more was said than one may, and go on by oneself once it is not."""
        call = self.call
        if self._slowed or call.said <= SAID_BURST:
            return self._slowed
        now = self.server.door.time()
        call.said = max(0, call.said - int((now - call.paced_at) * SAID_PER_SECOND))
        call.paced_at = now
        if call.said <= SAID_BURST:
            return False
        self._slowed = True
        self.server.audit.note("limit", rule="pace", address=self.address)
        seconds = (call.said - SAID_BURST) / SAID_PER_SECOND
        asyncio.get_running_loop().call_later(max(seconds, PACE_SECONDS), self._go_on)
        return True

    def _go_on(self) -> None:
        self._slowed = False
        if not self._deaf:
            self._schedule()

    def _reply(self, answer: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return an answer as bytes; count it if it is a refusal."""
        if isinstance(answer, PorticoError):
            self.server.refused(answer, self)
        return self.codec.reply(answer)  # type: ignore[no-any-return]

    def _must_wait(self, request: Request) -> bool:
        """Tell whether a request's turn comes only when all earlier answers are there."""
        command = find(request)
        if command is None:
            return False
        return command.settles or self.call.admitting or (command.joins and self.call.joining)

    def _after(self) -> None:
        """Close, wait or go on, whatever the answers and the backlog call for."""
        if self.flows.sending:
            return
        if self.codec.closing:
            self.finish()
        elif self._backlog:
            self.pause_reading()
            if not (self._slots or self.choked or self._slowed):
                self._schedule()
        elif self._ended:
            if self._slots:
                self.unfollow()
                self.server.door.leave(self)
            else:
                self.transport.close()
        elif self._paused and not (self._retired or self.choked or self._slots.full or self.flows.receiving):
            self._paused = False
            self.transport.resume_reading()

    def pause_reading(self) -> None:
        """Take nothing more for now."""
        self._paused = True
        self.transport.pause_reading()

    def run(self, work: Coroutine[Any, Any, Any]) -> Later:
        """Let what waits for a port run on; return where its answer will be."""
        later = Later()
        task = asyncio.get_running_loop().create_task(self._finish_work(work, later))
        if self._tasks is None:
            self._tasks = set()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began, nobody else would
        return later

    async def _finish_work(self, work: Coroutine[Any, Any, Any], later: Later) -> None:
        try:
            answer = await work
        except PorticoError as error:
            answer = error
        except Exception as error:  # noqa: BLE001 - one connection's trouble is not everybody's
            self.server.report(error)
            answer = Unexpected()
        if type(answer) is Later:
            answer.then(lambda inner: later.resolve(inner.value))
        else:
            later.resolve(answer)

    def _answered(self, _later: Later) -> None:
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self.server.schedule(self.proceed)

    def proceed(self) -> None:
        """Write the answers that are ready now, then go on with what was held back."""
        self._scheduled = False
        if self._deaf or self.codec is None or self.flows.sending:
            return
        self._write_ready()
        if self._backlog and not (self.codec.closing or self.choked or self._too_fast()):
            self._run(self._backlog)
        else:
            self._after()

    def _write_ready(self) -> None:
        """Write the answers that are ready, or let a thread do it when ranges of files are among them."""
        out: list[Any] = []
        ranges = False
        for answer in self._slots.ready():
            if hasattr(answer, "fd"):
                ranges = True
                out += self.flows.around(answer)
            else:
                out.append(self._reply(answer))
                if type(answer) is Chunk:
                    self.server.transfers.sent(self.call, answer)
            if self.codec.closing:
                break
        if ranges:
            self.flows.send(out)
        elif out:
            self.transport.write(b"".join(out))

    # What handlers and the server ask of it

    def attach(self, session: int) -> None:
        """Hold a session that the log has confirmed, and no other."""
        if self.call.session != session:
            self.server.door.leave(self)
        self.call.session = session
        self.server.door.attach(self, session)

    def release(self) -> None:
        """Hold no session any more."""
        self.server.door.release(self)
        self.call.session = 0

    def follow(self, after: int) -> None:
        """Push every visible entry after a number."""
        self.server.fanout.follow(self, after)

    def unfollow(self) -> None:
        """Push nothing any more."""
        self.server.fanout.unfollow(self)

    def unlock(self) -> None:
        """Take as much as from everybody."""
        self.codec.locked = False

    def dismiss(self, sentence: str) -> None:
        """End the session that is held, and the connection, with a word why."""
        self.tell_closing(sentence)
        self.server.door.leave(self)
        self.finish()

    def receive(self, body: Body, sink: Later) -> Later:
        """Let a request's body go into a `Sink`, once that is there."""
        return self.flows.receive(body, sink)  # type: ignore[no-any-return]

    def wait_for_bytes(self) -> None:
        """Let the time of the next bytes of a WRITE run anew."""
        self.time(partial=True, afresh=True)

    def free(self, held: bytes) -> None:
        """Have the socket again, and write first what was held back."""
        self.choked = False
        if held:
            self.transport.write(held)
        if not self.choked:
            self.resume_writing()

    def write(self, data: bytes) -> None:
        """Write pushes between answers; nothing after the last word."""
        if self.flows.sending:
            self.flows.hold(data)
        elif not self._deaf:
            self.transport.write(data)

    @property
    def busy(self) -> bool:
        """Whether answers are still owed."""
        if self.reader is not None:
            return self.reader.answering > 0
        return self.codec is not None and (bool(self._slots) or self.flows.sending)

    @property
    def over(self) -> bool:
        """Whether the last word was said: what still comes is thrown away."""
        return self._deaf

    @property
    def watched(self) -> bool:
        """Whether it matters when the peer vanishes: it holds a place, is not read from, or does not read."""
        return self.call is not None and (bool(self.call.session) or self._paused or self.choked)

    def retire(self) -> None:
        """Take no more requests; what came is answered. One of HTTP is read on, up to its answer."""
        if self.reader is None:
            self._retired = True
            self.transport.pause_reading()
        elif not self.busy:
            self.transport.close()

    def tell_closing(self, sentence: str) -> None:
        """Say why the connection will close, where that can be said unasked."""
        if self.codec is not None and self.call.pushes and not self._deaf:
            self.write(self.codec.closing_push(sentence))

    def time_out(self) -> None:
        """Say that what was begun took too long, and close; unless it is we who do not read."""
        if self.codec is None:
            self.transport.close()
        elif self.flows.time_out():
            return
        elif self._paused:
            self.time(partial=True, afresh=True)
        elif not self._deaf:
            self._take([ProtocolError("protocol: the rest took too long to come")])

    def finish(self) -> None:
        """Close after the last word, gently: what still comes in is thrown away for a while."""
        if self._deaf:
            return
        self._deaf = True
        self.unfollow()
        if self.flows is not None and (self.flows.sending or self.flows.receiving):
            self.transport.abort()
            return
        if self._ended or not self.transport.can_write_eof():
            self.transport.close()
            return
        try:
            self.transport.write_eof()
        except OSError:  # gone already, says asyncio's transport
            self.transport.abort()
            return
        self.transport.resume_reading()
        self.server.door.linger(self)
