"""Values in RESP2 and RESP3: what a reply looks like, by its type.

Source: redis.io, "Redis serialization protocol specification". The versions differ in maps and in null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portico.model.entries import Message
from portico.model.errors import PorticoError
from portico.model.files import Chunk, FileFacts
from portico.model.instants import rfc3339
from portico.model.replies import Listing, Said, Simple
from portico.wire.lines import one_line

MESSAGE_PUSH = (
    b">2\r\n$5\r\nentry\r\n%%5\r\n$3\r\nseq\r\n:%d\r\n$4\r\nkind\r\n$7\r\nmessage\r\n"
    b"$2\r\nat\r\n$%d\r\n%b\r\n$6\r\nsender\r\n$%d\r\n%b\r\n$4\r\ntext\r\n$%d\r\n%b\r\n"
)

FILE_FACTS = (
    b"\r\n$4\r\npath\r\n$%d\r\n%b\r\n$4\r\nsize\r\n:%d\r\n"
    b"$5\r\nmtime\r\n$%d\r\n%b\r\n$4\r\netag\r\n$%d\r\n%b\r\n"
)


def encode(value: Any, protocol: int) -> bytes:  # noqa: ANN401 - any reply
    """Return a value in RESP2 or RESP3."""
    encoder = ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value, protocol)  # type: ignore[no-any-return]
    if isinstance(value, PorticoError):
        return f"-{value.code} {one_line(value.sentence)}\r\n".encode()
    return encode(value.value(), protocol)


def message_push(message: Message) -> bytes:
    """Write by hand what is pushed most, thousands of times a second: the same bytes as the generic way."""
    at, sender, text = rfc3339(message.at).encode(), message.sender.encode(), message.text.encode()
    return MESSAGE_PUSH % (message.seq, len(at), at, len(sender), sender, len(text), text)


def _listing(listing: Listing, protocol: int) -> bytes:
    """Write by hand what there are thousands of: the same bytes as the generic way."""
    return b"*%d\r\n" % len(listing.files) + b"".join([_file(file, protocol) for file in listing.files])


def _file(file: FileFacts, protocol: int) -> bytes:
    path, mtime, etag = file.path.encode(), rfc3339(file.mtime).encode(), file.etag.encode()
    more = _pair(b"sha256", file.sha256) + _pair(b"by", file.by)
    count = 4 + (file.sha256 is not None) + bool(file.by)
    mark, count = (b"%", count) if protocol == 3 else (b"*", 2 * count)  # noqa: PLR2004 - RESP3
    facts = FILE_FACTS % (len(path), path, file.size, len(mtime), mtime, len(etag), etag)
    return b"%b%d%b%b" % (mark, count, facts, more)


def _pair(name: bytes, text: str | None) -> bytes:
    if not text:
        return b""
    value = text.encode()
    return b"$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(value), value)


def _text(value: str, _protocol: int) -> bytes:
    data = value.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)


def _data(value: bytes, _protocol: int) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


def _chunk(value: Chunk, _protocol: int) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value.data), value.data)


def _number(value: int, _protocol: int) -> bytes:
    return b":%d\r\n" % value


def _said(value: Said, _protocol: int) -> bytes:
    return b":%d\r\n" % value.seq


def _simple(value: Simple, _protocol: int) -> bytes:
    return b"+%b\r\n" % value.word.encode()


def _null(_value: None, protocol: int) -> bytes:
    return b"_\r\n" if protocol == 3 else b"$-1\r\n"  # noqa: PLR2004 - RESP3


def _array(value: Sequence[Any], protocol: int) -> bytes:
    return b"*%d\r\n" % len(value) + b"".join([encode(each, protocol) for each in value])


def _map(value: dict[str, Any], protocol: int) -> bytes:
    head = b"%%%d\r\n" % len(value) if protocol == 3 else b"*%d\r\n" % (2 * len(value))  # noqa: PLR2004 - RESP3
    return head + b"".join([_text(key, 3) + encode(each, protocol) for key, each in value.items()])


ENCODERS: dict[type[Any], Any] = {
    str: _text,
    bytes: _data,
    Chunk: _chunk,
    int: _number,
    Simple: _simple,
    Said: _said,
    type(None): _null,
    list: _array,
    tuple: _array,
    dict: _map,
    Listing: _listing,
}
