"""The wires: bytes in, requests out; replies in, bytes out. Pure: no waiting, no clock, no sockets.

`sniff` decides once which wire a connection speaks; each wire is one codec (`codec.Codec` says what that is):
`text` for people with netcat, `resp` for programs, `http` for who comes with a browser.
"""

from __future__ import annotations

from collections.abc import Callable

from portico.wire.codec import Codec
from portico.wire.http import HttpCodec
from portico.wire.resp import RespCodec
from portico.wire.sniff import Wire, sniff
from portico.wire.text import RefusingCodec, TextCodec

CODECS: dict[Wire, Callable[[], Codec]] = {
    Wire.RESP: RespCodec,
    Wire.HTTP: HttpCodec,
    Wire.TEXT: TextCodec,
    Wire.TOO_LONG: RefusingCodec,
}
"""What speaks each wire. A first line that is too long is answered as text, the wire of those who type."""

__all__ = ["CODECS", "Codec", "Wire", "sniff"]
