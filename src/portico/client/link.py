"""The socket under a conversation: connects, feeds it, writes for it, and connects again when it breaks.

Nothing here knows what is being said. What is to be sent is collected and written once per turn of the
event loop, so that many requests asked at once travel together.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import ssl
from collections.abc import Callable

from portico.client.address import Address
from portico.client.conversation import Conversation
from portico.client.limits import CLOSE_SECONDS, CONNECT_SECONDS, FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH
from portico.client.trust import Trust
from portico.model.errors import CannotConnect, PorticoError, ProtocolError, Unavailable, Untrusted

KEEPALIVE = (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""The first question after 20 s of silence, then every 10 s, gone after three without an answer: as the
server does it, and often enough for most NATs to keep the connection."""


class Link(asyncio.Protocol):
    """One socket after another to one address, for one conversation.

    `heard` is called after whatever the server sent, `ended` with the reason each time a connection is over
    or could not be made. `stirred` is the loop's time when the server last sent something, or was last asked
    something while it owed nothing.
    """

    def __init__(
        self,
        address: Address,
        conversation: Conversation,
        heard: Callable[[], None],
        ended: Callable[[PorticoError], None],
        trust: Trust | None = None,
    ) -> None:
        """Begin unconnected; with `trust`, TLS is spoken."""
        self.stirred = 0.0
        self._address, self._conversation = address, conversation
        self._heard, self._ended = heard, ended
        self._trust = trust
        self._silent = True
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._why: PorticoError | None = None
        self._scheduled = self._choked = self._was_ready = False

    # What its owner asks of it

    def start(self) -> None:
        """Connect, and connect again, until `stop`."""
        self._task = self._loop.create_task(self._stay_connected())

    def stop(self) -> None:
        """Disconnect for good; what was written before is still sent."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.close()

    async def gone(self) -> None:
        """Wait until the connection is really closed, a while for what is still to be sent."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._transport is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), CLOSE_SECONDS)
        if self._transport is not None:
            self._transport.abort()
            await self._over.wait()

    def drop(self, why: PorticoError) -> None:
        """Let go of the connection there is, for this reason."""
        self._why = why
        if self._transport is not None:
            self._transport.abort()

    def wake(self) -> None:
        """Write what is to be sent at the end of this turn."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._transport is None or self._choked:
            return
        owed = self._conversation.owed
        data = self._conversation.take()
        if data:
            if not owed:
                self.stirred = self._loop.time()
            self._transport.write(data)

    # One connection after another

    async def _stay_connected(self) -> None:
        pause = FIRST_PAUSE
        while True:
            why = await self._one_connection()
            if self._was_ready:
                pause = FIRST_PAUSE
            self._ended(why)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - apart from each other, no secret
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)

    async def _one_connection(self) -> PorticoError:
        """Connect and stay until it is over; return why it ended, or was not made."""
        self._over.clear()
        self._was_ready = False
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                context = self._trust.context() if self._trust is not None else None
                await self._loop.create_connection(
                    lambda: self, self._address.host, self._address.port, ssl=context
                )
        except TimeoutError:
            return cannot_connect(self._address, f"no answer within {CONNECT_SECONDS:.0f} s")
        except (OSError, ValueError) as error:  # ValueError: no machine can have that name
            return refused_connection(self._address, error, secure=self._trust is not None)
        except PorticoError as error:
            return error
        await self._over.wait()
        return self._why or Unavailable(self._conversation.farewell or self._closed())

    def _closed(self) -> str:
        if self._silent and self._trust is None:
            return "the server closed the connection without a word; if it speaks TLS, use --tls"
        return "the server closed the connection"

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to talk."""
        self._transport = transport  # type: ignore[assignment]
        self._why, self._choked, self._silent = None, False, True
        try:
            self._look_at_key(transport)
        except PorticoError as error:
            self.drop(error)
            return
        keep_alive(transport.get_extra_info("socket"))
        self._conversation.opened()
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Hear, and say what follows from it."""
        self._silent = False
        self.stirred = self._loop.time()
        try:
            self._conversation.receive(data)
        except ProtocolError as error:
            self.drop(error)
        self._heard()
        self._flush()

    def _look_at_key(self, transport: asyncio.BaseTransport) -> None:
        """Raise `Untrusted` when it is another server."""
        if self._trust is not None:
            self._trust.check(self._address, transport.get_extra_info("ssl_object").getpeercert(True))  # noqa: FBT003

    def pause_writing(self) -> None:
        """Keep requests back while the server does not read."""
        self._choked = True

    def resume_writing(self) -> None:
        """Go on."""
        self._choked = False
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """Take note."""
        self._transport = None
        self._was_ready = self._conversation.ready
        self._conversation.lost()
        if error is not None and self._why is None:
            self._why = Unavailable(f"the connection broke: {reason(error)}")
        self._over.set()


def keep_alive(sock: socket.socket) -> None:
    """Have the kernel notice a server that vanished, and send small requests at once."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def reason(error: Exception) -> str:
    """Return what an error of the network says, without numbers and addresses."""
    if isinstance(error, socket.gaierror):
        return "no machine of that name was found"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return (
        "none of its addresses answers" if isinstance(error, OSError) else str(error) or type(error).__name__
    )


def refused_connection(address: Address, error: Exception, *, secure: bool) -> CannotConnect:
    """Return the error for a connection that was not made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Untrusted(f"whoever answers at {address} is not believed: {error.verify_message}")
    if secure and isinstance(error, (ssl.SSLError, ConnectionResetError, ConnectionAbortedError)):
        return cannot_connect(address, "no TLS is spoken there, as far as it can be told")
    return cannot_connect(address, reason(error))


def cannot_connect(address: Address, why: str) -> CannotConnect:
    """Return the error for a server that cannot be reached."""
    return CannotConnect(f"cannot connect to {address}: {why}; is a server running there?")
