r"""RESP, the Redis serialization protocol: requests in, replies and pushes out.

Source: redis.io, "Redis serialization protocol specification", RESP2 and RESP3. Requests are arrays of bulk
strings only, `*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n`.

Plan of attack. A chunk is split at CRLF in one call; while the declared lengths equal the lengths of the
pieces, the pieces are the requests (`_quick`). That is exact: a piece holds no CRLF, so a declared length
that fits it can mean nothing else. What does not fit (a payload with a CRLF in it, a long one, the
incomplete end of the chunk, an error) goes byte by byte through `_careful`, which keeps its place between
chunks and never looks at a byte twice. Limits are on the declared lengths, before memory is taken.

The bytes of a WRITE are the exception: long ones that are not all there are not held. The request is handed
out with a `Body`, and `owed` says how much of it, and of the CRLF behind it, is still to come. Whoever takes
bytes of it from the socket himself counts them off; those that come in here are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portico.model.entries import Entry, Message, as_map
from portico.model.errors import PorticoError, ProtocolError, ShutOut
from portico.model.files import CHUNK_BYTES
from portico.model.replies import OK, Farewell, Greeting
from portico.model.requests import Body, Request
from portico.wire.resp_values import ENCODERS, encode, message_push

ARGUMENTS = 64
"""Words in one request; the longest command here has eight."""

REQUEST_BYTES = 1_048_576
"""Sum of the declared lengths of one request: sixteen messages of the largest size."""

LOCKED_ARGUMENTS, LOCKED_BYTES = 10, 16_384
"""The same before the token that is wanted: enough for HELLO with all it may say, and for nothing else."""

LOCKED = "before a token at most 10 arguments and 16 KiB"

BODY_BYTES = 16 * 1_048_576
"""The bytes of one WRITE: enough that asking costs nothing beside the bytes themselves."""

HELD_BYTES = CHUNK_BYTES
"""Bytes of a WRITE that are held until they are all there, as those of any other request are."""

WRITE_WORDS = 4
"""Words of a WRITE; the last one is its bytes."""

LENGTH_DIGITS = 9
"""Digits of a length: enough for the largest, and `int()` of ten million digits takes minutes."""

DIGITS = re.compile(rb"[0-9]{1,%d}" % LENGTH_DIGITS)

QUICK_LENGTH = 1_024
"""Words up to this long are checked, and written, by table."""

COUNTS = {b"*%d" % count: count for count in range(1, ARGUMENTS + 1)}
LENGTHS = {b"$%d" % length: length for length in range(QUICK_LENGTH)}
HEADS = [b"$%d\r\n" % length for length in range(QUICK_LENGTH)]
OK_LINE = encode(OK, 2)
LINE_BYTES = LENGTH_DIGITS + 3
"""A length's line: its mark, its digits, CRLF."""


def _malformed(what: str) -> ProtocolError:
    return ProtocolError(f"protocol: {what}")


class RespCodec:
    """RESP for one connection; begins as RESP2, a `Greeting` that is replied switches it."""

    echoes = True
    greets = False

    __slots__ = (
        "_count",
        "_deaf",
        "_held",
        "_needed",
        "_taken",
        "_words",
        "closing",
        "family",
        "locked",
        "owed",
        "protocol",
        "pushes",
    )

    def __init__(self) -> None:
        """Begin with nothing held."""
        self.protocol = 2
        self.pushes = False
        self.family = "resp3"
        self.closing = False
        self.owed = 0
        self.locked = False
        self._deaf = False
        self._held = b""
        self._needed = 0
        self._words: list[bytes] | None = None
        self._count = 0
        self._taken = 0

    @property
    def partial(self) -> bool:
        """Whether the beginning of a request is held."""
        return bool(self._held) or self._words is not None

    # Bytes to requests

    @property
    def held(self) -> int:
        """How many bytes of something incomplete are held."""
        return len(self._held) + self._taken if self.partial else 0

    def receive(self, data: bytes) -> Sequence[Request | PorticoError]:
        """Return the requests that are complete now; a `ProtocolError` last when the bytes are no RESP."""
        requests: list[Request | PorticoError] = []
        if self._deaf:
            return requests
        try:
            if self.owed:
                data = self._skip(data)
            if self._held:
                data = self._join(data)
                if not data:
                    return requests
            at = self._quick(data, requests) if self._words is None and not self.locked else 0
            if at < len(data):
                self._parse(data, at, requests)
        except ProtocolError as error:
            self._held, self._words, self._deaf, self.owed = b"", None, True, 0
            requests.append(error)
        return requests

    def end(self) -> Sequence[Request | PorticoError]:
        """Return nothing: half a request is none."""
        return ()

    def _parse(self, data: bytes, at: int, requests: list[Any]) -> None:
        """Go on carefully; but quickly once behind a request that an earlier chunk began.

        Only once: a chunk in which the two alternate would be split over and over.
        """
        begun = self._words is not None
        while 0 <= at < len(data):
            at = self._careful(data, at, requests)
            if begun and self._words is None and not self.locked:
                begun = False
                at += self._quick(data[at:], requests)

    def _skip(self, data: bytes) -> bytes:
        """Return what stands behind the bytes of a WRITE."""
        owed = self.owed
        end = data[max(0, owed - 2) : owed]
        if not b"\r\n"[max(0, 2 - owed) :].startswith(end):
            raise _malformed("a bulk string must end with CRLF")
        self.owed = max(0, owed - len(data))
        return data[owed:]

    def _join(self, data: bytes) -> bytes:
        """Return what is held with the new bytes, or nothing while they cannot complete a word."""
        held = self._held
        if isinstance(held, bytearray):
            held += data
        else:
            held = self._held = bytearray(held) + data  # type: ignore[assignment]
        if len(held) < self._needed:
            return b""
        self._held = b""
        return bytes(held)

    def _quick(self, data: bytes, requests: list[Any]) -> int:
        """Take the requests whose words are short and hold no CRLF; return where the rest begins."""
        pieces = data.split(b"\r\n")
        last = len(pieces) - 1
        at = 0 if pieces[last] else _alike(pieces, requests)
        while at < last:
            count = COUNTS.get(pieces[at])
            if count is None:
                break
            end = at + 1 + 2 * count
            if end > last:
                break
            words = pieces[at + 2 : end : 2]
            if list(map(LENGTHS.get, pieces[at + 1 : end : 2])) != list(map(len, words)):
                break
            requests.append(words)
            at = end
        return len(data) - len(pieces[last]) if at == last else sum(map(len, pieces[:at])) + 2 * at

    def _careful(self, data: bytes, at: int, requests: list[Any]) -> int:
        """Take one word, or the head of a request; return where to go on, or -1 when more is needed."""
        if self._words is None:
            most, limit = (LOCKED_ARGUMENTS, LOCKED) if self.locked else (ARGUMENTS, "at most 64 arguments")
            count, after = self._length(data, at, b"*", most, limit)
            if after >= 0 and count:
                self._words, self._count, self._taken = [], count, 0
            return after
        most, limit = self._most(self._words)
        length, start = self._length(data, at, b"$", most, limit)
        if start < 0:
            return start
        end = start + length
        if len(data) < end + 2:
            if most == BODY_BYTES and length > HELD_BYTES:
                requests.append([*self._words, self._hand_over(data, start, length)])
                return -1
            return self._hold(data, at, end + 2 - at)
        if data[end : end + 2] != b"\r\n":
            raise _malformed("a bulk string must end with CRLF")
        self._words.append(data[start:end])
        self._taken += length
        if len(self._words) == self._count:
            requests.append(self._words)
            self._words = None
        return end + 2

    def _most(self, words: list[bytes]) -> tuple[int, str]:
        """Return how long the next word may be, and the sentence that says so."""
        if self.locked:
            return LOCKED_BYTES - self._taken, LOCKED
        if self._count == WRITE_WORDS == len(words) + 1 and words[0].upper() == b"WRITE":
            return BODY_BYTES, "one WRITE takes at most 16 MiB"
        return REQUEST_BYTES - self._taken, "a request has at most 1 MiB"

    def _hand_over(self, data: bytes, start: int, length: int) -> Body:
        """Return the bytes of a WRITE as a body, of which the most is still to come."""
        self.owed = length + 2
        self._skip(data[start:])
        self._words = None
        return Body(length, data[start : start + length])

    def _length(self, data: bytes, at: int, mark: bytes, most: int, limit: str) -> tuple[int, int]:
        """Return a declared length and where its line ends, (0, -1) when the line is not complete."""
        if data[at : at + 1] != mark:
            raise _malformed(f"expected {mark.decode()}, requests are arrays of bulk strings")
        end = data.find(b"\r\n", at, at + LINE_BYTES)
        digits = data[at + 1 : end if end >= 0 else at + LINE_BYTES]
        if end < 0 and len(data) - at < LINE_BYTES and DIGITS.fullmatch(digits.removesuffix(b"\r") or b"0"):
            return 0, self._hold(data, at, 0)
        if end < 0 or not DIGITS.fullmatch(digits):
            raise _malformed("a length is 1 to 9 digits and CRLF")
        if int(digits) > most:
            raise _malformed(limit)
        return int(digits), end + 2

    def _hold(self, data: bytes, at: int, needed: int) -> int:
        self._held = data[at:]
        self._needed = needed
        return -1

    # Replies to bytes

    def reply(self, reply: Any) -> bytes:  # noqa: ANN401 - any reply
        """Return a reply as bytes; a `Greeting` decides in which version, from itself on."""
        if type(reply) is bytes and len(reply) < QUICK_LENGTH:
            return HEADS[len(reply)] + reply + b"\r\n"
        if reply is OK:
            return OK_LINE
        encoder = ENCODERS.get(type(reply))
        if encoder is not None:
            return encoder(reply, self.protocol)  # type: ignore[no-any-return]
        if type(reply) is Greeting:
            self.protocol = reply.protocol
        elif isinstance(reply, Farewell | ProtocolError | ShutOut):
            self.closing = True
        return encode(reply, self.protocol)

    def around(self, size: int) -> tuple[bytes, bytes]:
        """Return what stands before and behind so many bytes of a file."""
        return b"$%d\r\n" % size, b"\r\n"

    def push(self, entry: Entry) -> bytes:
        """Return an entry as a RESP3 push."""
        if type(entry) is Message and not entry.to:
            return message_push(entry)
        return b">2\r\n$5\r\nentry\r\n" + encode(as_map(entry), 3)

    def closing_push(self, sentence: str) -> bytes:
        """Return the word that the server is going, as a RESP3 push."""
        return b">2\r\n$7\r\nclosing\r\n" + encode(sentence, 3)


def _alike(pieces: list[bytes], requests: list[Any]) -> int:
    """Take a whole chunk of requests of one shape, as pipelines mostly are, all at once; or nothing."""
    last = len(pieces) - 1
    count = COUNTS.get(pieces[0], 0)
    stride = 1 + 2 * count
    if last % stride or stride in (1, last):
        return 0
    if pieces[:last:stride].count(pieces[0]) * stride != last:
        return 0
    counted = pieces[:last]
    del counted[::stride]
    words = counted[1::2]
    if list(map(LENGTHS.get, counted[::2])) != list(map(len, words)):
        return 0
    requests += map(list, zip(*[iter(words)] * count, strict=True))
    return last
