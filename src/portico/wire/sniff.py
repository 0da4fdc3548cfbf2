"""Which wire is this? One pure function over the first bytes, asked again until it knows.

1. Nothing yet: need more.
2. A first byte 0x16 is a TLS handshake record (RFC 8446 section 5.1) on a port without TLS: closed.
3. `*` and a digit: RESP. (`*` alone: need more; `*` and anything else is a line like any other.)
4. A line that ends in ` HTTP/1.0` or ` HTTP/1.1`: HTTP.
5. Any other line, ended by LF or CRLF: plain text.
6. No line end within the limit: too long. At the end of the stream what came counts as a line.

The verdict depends on the bytes alone, never on how they were cut into packets.
"""

from __future__ import annotations

from enum import Enum, auto

SNIFF_BYTES = 8_192
"""How much a first line may have before it is decided: nginx's and Node's limit for a request line."""

TLS_HANDSHAKE = 0x16


class Wire(Enum):
    """What the first bytes say."""

    MORE = auto()
    RESP = auto()
    HTTP = auto()
    TEXT = auto()
    TLS = auto()
    TOO_LONG = auto()


def sniff(data: bytes, *, ended: bool = False) -> Wire:
    """Return the wire that a connection's first bytes begin; `ended` when no more will come."""
    if not data:
        return Wire.TEXT if ended else Wire.MORE
    if data[0] == TLS_HANDSHAKE:
        return Wire.TLS
    if data[:1] == b"*":
        if data[1:2].isdigit():
            return Wire.RESP
        if len(data) == 1 and not ended:
            return Wire.MORE
    return _by_line(data, ended=ended)


def _by_line(data: bytes, *, ended: bool) -> Wire:
    end = data.find(b"\n", 0, SNIFF_BYTES)
    if end < 0:
        if len(data) >= SNIFF_BYTES:
            return Wire.TOO_LONG
        if not ended:
            return Wire.MORE
        end = len(data)
    line = data[:end].removesuffix(b"\r")
    return Wire.HTTP if line.endswith((b" HTTP/1.0", b" HTTP/1.1")) else Wire.TEXT
