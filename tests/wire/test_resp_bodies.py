"""The bytes of a WRITE: held while they are short, otherwise handed on as they come; the same however cut."""

import pytest

from portico.model.errors import ProtocolError
from portico.model.requests import Body
from portico.wire import resp
from portico.wire.resp import RespCodec
from tests.support.resp import encode

HELD = 8
MOST = 40


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch):
    """Limits so small that every split can be tried."""
    monkeypatch.setattr(resp, "HELD_BYTES", HELD)
    monkeypatch.setattr(resp, "BODY_BYTES", MOST)


class Reader:
    """A connection with somebody who takes the bodies from the socket, or nobody."""

    def __init__(self, *, takes: bool) -> None:
        self.codec, self.takes = RespCodec(), takes
        self.seen = []
        self.body = None

    def feed(self, data):
        if self.body is not None and self.takes:
            data = self._take(data)
        if data:
            for request in self.codec.receive(data):
                self._see(request)

    def _see(self, request):
        if isinstance(request, list) and isinstance(request[-1], Body):
            body = request[-1]
            self.body = [bytearray(body.begun), body.size]
            request[-1] = self.body[0]
            if len(body.begun) == body.size:
                self.body = None
        self.seen.append(request)

    def _take(self, data):
        kept, size = self.body
        part = data[: size - len(kept)]
        kept += part
        self.codec.owed -= len(part)
        if len(kept) == size:
            self.body = None
        return data[len(part) :]


LONG = b"12345\r\n*1\r\n$4\r\nPING\r\n9012"
DIALOGUE = (
    encode("PING")
    + encode("WRITE", "id", "0", LONG)
    + encode("ECHO", "x")
    + encode("write", "id", "9", b"x" * MOST)
    + encode("WRITE", "id", "9", b"short")
    + encode("BYE")
)
MEANING = [
    [b"PING"],
    [b"WRITE", b"id", b"0", LONG],
    [b"ECHO", b"x"],
    [b"write", b"id", b"9", b"x" * MOST],
    [b"WRITE", b"id", b"9", b"short"],
    [b"BYE"],
]


@pytest.mark.parametrize("size", range(1, 40))
def test_taken_bodies_and_what_stands_around_them_are_the_same_in_pieces_of_any_size(size):
    reader = Reader(takes=True)
    for at in range(0, len(DIALOGUE), size):
        reader.feed(DIALOGUE[at : at + size])
    assert reader.seen == MEANING
    assert not reader.codec.owed
    assert not reader.codec.partial


def test_taken_bodies_are_the_same_at_every_split():
    for first in range(1, len(DIALOGUE) - 1):
        for second in range(first, len(DIALOGUE), 23):
            reader = Reader(takes=True)
            for piece in (DIALOGUE[:first], DIALOGUE[first:second], DIALOGUE[second:]):
                reader.feed(piece)
            assert reader.seen == MEANING


def test_bodies_that_nobody_takes_are_skipped_at_every_split():
    for first in range(1, len(DIALOGUE)):
        reader = Reader(takes=False)
        reader.feed(DIALOGUE[:first])
        reader.feed(DIALOGUE[first:])
        assert [request[0] for request in reader.seen] == [request[0] for request in MEANING]
        assert not reader.codec.owed
        assert not reader.codec.partial


@pytest.mark.parametrize("end", [b"xx", b"\rx", b"\n\r", b"\r\r"])
def test_a_body_ends_with_crlf_at_every_split(end):
    frame = encode("WRITE", "id", "0", LONG)[:-2]
    for at in range(1, len(frame) + 1):
        for first in (frame[:at], frame[:at] + end[:1]) if at == len(frame) else (frame[:at],):
            codec = RespCodec()
            whole = [*codec.receive(first), *codec.receive((frame + end)[len(first) :])]
            assert isinstance(whole[-1], ProtocolError)
            assert whole[-1].sentence == "protocol: a bulk string must end with CRLF"
            assert codec.receive(b"*1\r\n$4\r\nPING\r\n") == []


@pytest.mark.parametrize(
    "frame, limit",
    [
        (b"*4\r\n$5\r\nWRITE\r\n$1\r\na\r\n$1\r\n0\r\n$41\r\n", "one WRITE takes at most 16 MiB"),
        (b"*4\r\n$5\r\nWRITE\r\n$1\r\na\r\n$1048577\r\n", "a request has at most 1 MiB"),
        (b"*5\r\n$5\r\nWRITE\r\n$1\r\na\r\n$1\r\n0\r\n$1048577\r\n", "a request has at most 1 MiB"),
        (b"*4\r\n$5\r\nWROTE\r\n$1\r\na\r\n$1\r\n0\r\n$1048577\r\n", "a request has at most 1 MiB"),
    ],
)
def test_what_is_too_long_is_refused_before_it_comes(frame, limit):
    assert [error.sentence for error in RespCodec().receive(frame)] == [f"protocol: {limit}"]
