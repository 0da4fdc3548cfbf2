"""Values in JSON: how replies, entries and errors look in it, on every wire that has JSON.

Source: RFC 8259.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from portico.model.entries import Entry, as_map
from portico.model.errors import PorticoError
from portico.model.files import Chunk
from portico.model.replies import Simple

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: Any) -> Any:  # noqa: ANN401 - any reply
    """Return a reply as a value that JSON has."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return _text(value)
    if isinstance(value, Simple):
        return value.word
    if isinstance(value, Chunk):
        return {"base64": b64encode(value.data).decode()}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return to_json(value.value())


def _text(data: bytes | bytearray) -> Any:  # noqa: ANN401 - a text, or the object that stands for bytes
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode()}


def error_json(error: PorticoError) -> dict[str, str]:
    """Return an error as all of our JSON has it."""
    return {"code": error.code, "message": error.sentence}


def encode(value: Any) -> bytes:  # noqa: ANN401 - what JSON has
    """Return a value as JSON, in one line."""
    return _ENCODER.encode(value).encode()


def entry_json(entry: Entry) -> bytes:
    """Return an entry as JSON, in one line."""
    return encode(as_map(entry))
