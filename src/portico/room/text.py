"""What a message and an idempotency key may contain, on every wire alike."""

from __future__ import annotations

import re

from portico.model.errors import PorticoError, TooBig
from portico.room.limits import KEY_BYTES, MESSAGE_BYTES

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters except TAB and LF (they drive terminals and forge lines), and the bidi overrides and
isolates of Unicode TR 9, which make text read as what it is not."""


def not_utf8() -> PorticoError:
    """Return the error for bytes that are no text."""
    return PorticoError("text must be UTF-8")


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise not_utf8() from None


def check_message(data: bytes) -> str:
    """Return a message from its bytes; raise `TooBig` or `PorticoError`."""
    if len(data) > MESSAGE_BYTES:
        raise TooBig(f"a message has at most {MESSAGE_BYTES:,} bytes; put longer text into a file")
    if not data:
        raise PorticoError("a message cannot be empty")
    text = _decode(data)
    if not text.isprintable() and UNPRINTABLE.search(text):
        raise PorticoError(
            "a message cannot hold control characters (other than TAB and LF) or bidi overrides"
        )
    return text


def check_key(data: bytes) -> str:
    """Return an idempotency key from its bytes; raise `PorticoError`."""
    if not 1 <= len(data) <= KEY_BYTES:
        raise PorticoError(f"a key has 1 to {KEY_BYTES} bytes")
    text = _decode(data)
    if not text.isprintable():
        raise PorticoError("a key cannot hold control characters")
    return text
