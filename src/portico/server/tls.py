"""TLS between a connection and its socket.

    socket ── raw transport ──> Tls ── decrypted ──> Connection (or whoever it hands its transport to)
              raw transport <── Secured ── write, close, pause ──┘

The event loops have TLS of their own, which cannot do what a connection here is promised: to end one
direction and go on with the other (RFC 8446 section 6.1). So the records are OpenSSL's, in memory
(`ssl.SSLObject`), and the two halves here are an asyncio protocol below and an asyncio transport above.

An end of the stream without TLS's own end (close_notify) may be somebody else's doing: what came whole is
answered, and what was only begun is not taken for whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any, Protocol, cast

from portico.server.limits import RECEIVE_BYTES

HANDSHAKE = 0x16
"""The first byte of everything that begins with TLS (RFC 8446 section 5.1)."""

RECORD_BYTES = 16_384
"""What OpenSSL hands out at once: a record (RFC 8446 section 5.1)."""


class Upper(Protocol):
    """What stands above: an asyncio protocol that is told a little more."""

    def data_received(self, data: bytes) -> None:
        """Take decrypted bytes."""

    def eof_received(self) -> bool | None:
        """Take note of the end; True keeps the other direction open."""

    def cut_short(self) -> bool | None:
        """Take note of an end that may be somebody else's doing."""

    def pause_writing(self) -> None:
        """Write no more for now."""

    def resume_writing(self) -> None:
        """Go on."""

    def connection_lost(self, error: Exception | None) -> None:
        """Take note that it is over."""

    def shaking_hands(self, *, done: bool) -> None:
        """Take note that a handshake has begun, or is done."""


class Lowest(Upper, Protocol):
    """Who is there from the beginning."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have a transport."""


class Tls(asyncio.Protocol):
    """The lower half: bytes of the socket in, decrypted bytes out."""

    def __init__(self, context: ssl.SSLContext, upper: Lowest) -> None:
        """Begin without a socket."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._records = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._context = context
        self._first = upper
        self.upper: Upper = upper
        self.raw: asyncio.Transport
        self._secured: Secured
        self._begun = self._shaken = self._ended = self._cut = self._parted = False
        self._scheduled = False
        self._unread = b""
        self.paused = self.closing = self._half_closed = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self.raw = cast("asyncio.Transport", transport)
        self._secured = Secured(self)
        self._first.connection_made(self._secured)

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake, or hand out what can be decrypted; what is no TLS gets no word."""
        if self.closing:
            return
        if not self._begun:
            if data[0] != HANDSHAKE:
                self.close()
                return
            self._begun = True
            self.upper.shaking_hands(done=False)
        self._incoming.write(data)
        self._advance()

    def eof_received(self) -> bool:
        """Take note of the end; the socket stays open for what is still to be answered."""
        self._cut = not self._ended
        if not self._shaken:
            return False
        self._advance()
        return True

    def pause_writing(self) -> None:
        """Hand on."""
        self.upper.pause_writing()

    def resume_writing(self) -> None:
        """Hand on."""
        self.upper.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """Hand on, and let go of OpenSSL's memory: we are in a ring with who is above, and may stay long."""
        self.closing = True
        self.upper.connection_lost(error)
        del self._records, self._incoming, self._outgoing
        self._unread = b""

    # From the socket upwards

    def _advance(self) -> None:
        """Do what can be done with what has come."""
        self._scheduled = False
        if self.closing:
            return
        try:
            if not self._shaken and not self._shake():
                return
            self._hand_out()
        except ssl.SSLError:
            # What is no TLS, or not ours: OpenSSL has left an alert that says so.
            self._flush()
            self.closing = True
            self.raw.close()

    def _shake(self) -> bool:
        try:
            self._records.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        self._flush()
        self._shaken = True
        self.upper.shaking_hands(done=True)
        return True

    def _hand_out(self) -> None:
        while not (self.paused or self.closing):
            data = self._unread or self._decrypt()
            self._unread = b""
            if not data:
                break
            self.upper.data_received(data)
        if not (self.paused or self.closing):
            self._hand_out_end()

    def _decrypt(self) -> bytes:
        """Return what has come, so much at most as is taken from a plain socket at once."""
        pieces: list[bytes] = []
        size = 0
        while size < RECEIVE_BYTES:
            try:
                piece = self._records.read(RECORD_BYTES)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                self._ended = True
                break
            pieces.append(piece)
            size += len(piece)
        self._flush()  # a key update is answered
        return b"".join(pieces)

    def _hand_out_end(self) -> None:
        if self._half_closed or not (self._ended or self._cut):
            return
        self._half_closed = True
        goes_on = self.upper.eof_received() if self._ended else self.upper.cut_short()
        if not goes_on:
            self.close()

    # From above to the socket

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send; nothing before the handshake, for there is nobody to say it to."""
        if self._parted or not self._shaken:
            return
        view = memoryview(data)
        # A piece at a time: OpenSSL's memory grows to the longest, and stays so.
        for at in range(0, len(view), RECEIVE_BYTES):
            if self.closing:
                return
            self._encrypt(view[at : at + RECEIVE_BYTES])
            self._flush()

    def _encrypt(self, view: memoryview) -> None:
        try:
            while view:
                view = view[self._records.write(view) :]
        except ssl.SSLError:
            self.abort()

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data and not self._parted:
            self.raw.write(data)

    def write_eof(self) -> None:
        """Say that nothing more will be sent; what still comes is handed out."""
        if not (self.closing or self._parted):
            self._say_goodbye()
            self.raw.write_eof()

    def _say_goodbye(self) -> None:
        """Say it once; what has come is decrypted before, for OpenSSL's goodbye would stumble over it."""
        if self._parted or not self._shaken:
            self._parted = True
            return
        with contextlib.suppress(ssl.SSLError):
            while data := self._decrypt():
                self._unread += data
        with contextlib.suppress(ssl.SSLError):  # it wants the peer's goodbye, which may come or not
            self._records.unwrap()
        self._flush()
        self._parted = True

    def close(self) -> None:
        """Send what is left, say goodbye, and close."""
        if not self.closing:
            self.closing = True
            self._say_goodbye()
            self.raw.close()

    def abort(self) -> None:
        """Close at once."""
        self.closing = True
        self.raw.abort()

    def pause(self) -> None:
        """Take nothing more for now."""
        self.paused = True
        self.raw.pause_reading()

    def resume(self) -> None:
        """Go on; what was decrypted or has come meanwhile is handed out soon."""
        if self.paused and not self.closing:
            self.paused = False
            self.raw.resume_reading()
            if not self._scheduled:
                self._scheduled = True
                asyncio.get_running_loop().call_soon(self._advance)

    def unread(self, data: bytes) -> None:
        """Take back what was handed out and belongs to whoever reads next."""
        self._unread = data + self._unread

    def known(self, name: str, default: Any) -> Any:  # noqa: ANN401 - asyncio's own
        """Return what is known of the connection."""
        if name == "ssl_object":
            return getattr(self, "_records", default)
        if name == "sslcontext":
            return self._context
        return self.raw.get_extra_info(name, default)


class Secured(asyncio.Transport):
    """The upper half: a transport like any other."""

    def __init__(self, tls: Tls) -> None:
        """Stand above a lower half."""
        super().__init__()
        self._tls = tls

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's own
        """Return what is known of the connection; `socket` is the one that carries the records."""
        return self._tls.known(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand out to another one from now on."""
        self.upper = cast("Upper", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return to whom is handed out."""
        return cast("asyncio.BaseProtocol", self.upper)

    @property
    def upper(self) -> Upper:
        """To whom is handed out."""
        return self._tls.upper

    @upper.setter
    def upper(self, upper: Upper) -> None:
        self._tls.upper = upper

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        self._tls.write(data)

    def writelines(self, list_of_data: Any) -> None:  # noqa: ANN401 - asyncio's own
        """Encrypt and send together."""
        self._tls.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        """End this direction alone."""
        self._tls.write_eof()

    def can_write_eof(self) -> bool:
        """Tell that this is possible."""
        return self._tls.raw.can_write_eof()

    def close(self) -> None:
        """Close behind what is still to be sent."""
        self._tls.close()

    def abort(self) -> None:
        """Close at once."""
        self._tls.abort()

    def is_closing(self) -> bool:
        """Tell whether it is over."""
        return self._tls.closing or self._tls.raw.is_closing()

    def pause_reading(self) -> None:
        """Hand out nothing for now."""
        self._tls.pause()

    def resume_reading(self) -> None:
        """Hand out again."""
        self._tls.resume()

    def is_reading(self) -> bool:
        """Tell whether it is handed out."""
        return not (self._tls.paused or self.is_closing())

    def unread(self, data: bytes) -> None:
        """Take back what belongs to whoever reads next."""
        self._tls.unread(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say how many encrypted bytes may wait."""
        self._tls.raw.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return how many encrypted bytes wait."""
        return self._tls.raw.get_write_buffer_size()
