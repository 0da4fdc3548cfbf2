"""WebSocket frames as a server sends them: unmasked, whole, not compressed: all followers get the same.

Source: RFC 6455 section 5.2.
"""

from __future__ import annotations

from struct import pack

TEXT, CLOSE = 0x81, 0x88
"""The last fragment, and the only one: FIN with the opcode of a text, and of the end."""

SHORT, MEDIUM = 126, 65_536
"""Payloads below these lengths have it in one byte, in two more, else in eight more."""

GOING_AWAY, NORMAL = 1001, 1000
"""Why a connection closes (RFC 6455 section 7.4.1)."""


def text_frame(payload: bytes) -> bytes:
    """Return a text as one frame."""
    return _head(TEXT, len(payload)) + payload


def close_frame(code: int, sentence: str = "") -> bytes:
    """Return the last frame; of a sentence longer than the 123 bytes allowed, the beginning."""
    reason = sentence.encode()[:123].decode(errors="ignore").encode()
    return _head(CLOSE, 2 + len(reason)) + pack("!H", code) + reason


def _head(opcode: int, size: int) -> bytes:
    if size < SHORT:
        return pack("!BB", opcode, size)
    if size < MEDIUM:
        return pack("!BBH", opcode, SHORT, size)
    return pack("!BBQ", opcode, SHORT + 1, size)
