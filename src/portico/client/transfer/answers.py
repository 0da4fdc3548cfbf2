"""What a server answers about files, taken only when it makes sense."""

from __future__ import annotations

from typing import Any

from portico.model.errors import ProtocolError
from portico.model.files import FileFacts
from portico.model.replies import file_of


def facts_of(answer: Any, path: str = "") -> FileFacts:  # noqa: ANN401 - whatever the server answered
    """Return the facts of a file, of this path when given; raise `ProtocolError` for what is none."""
    try:
        facts = file_of(answer)
    except (TypeError, LookupError, ValueError, ArithmeticError):
        raise ProtocolError("protocol: the server's facts of a file make no sense") from None
    kinds = [type(value) for value in (facts.path, facts.size, facts.etag)]
    if kinds != [str, int, str] or facts.size < 0 or (path and facts.path != path):
        raise ProtocolError("protocol: the server's facts of a file make no sense")
    return facts
