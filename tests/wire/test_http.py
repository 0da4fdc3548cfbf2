"""HTTP for now: a whole head is answered 501 with a sentence, what is none 400; then closed."""

import pytest

from portico.model.errors import NotOffered, ProtocolError
from portico.wire.http import HEAD_BYTES, NOT_YET, HttpCodec
from tests.support.cutting import halves, meaning

OFFERED_LATER = (NotOffered, NOT_YET)
NO_LINE = (ProtocolError, "this is not an HTTP request line")
INCOMPLETE = (ProtocolError, "the request's head is incomplete")
TOO_LONG = (ProtocolError, "the request's head is longer than 8,192 bytes")

HEADS = [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", OFFERED_LATER),
    (b"GET / HTTP/1.1\n\n", OFFERED_LATER),
    (b"GET / HTTP/1.0\r\n\r\n", OFFERED_LATER),
    (b"BREW /pot?a=b HTTP/1.1\r\n\r\n", OFFERED_LATER),
    (b"POST /messages HTTP/1.1\r\nContent-Length: 5\r\n\r\nHello", OFFERED_LATER),
    (b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", OFFERED_LATER),
    (b"so much for HTTP/1.1\r\n\r\n", NO_LINE),
    (b" GET / HTTP/1.1\r\n\r\n", NO_LINE),
    (b"GET  / HTTP/1.1\r\n\r\n", NO_LINE),
    ("GET /\u00e9 HTTP/1.1\r\n\r\n".encode(), NO_LINE),
    (b"GET / HTTP/1.1", INCOMPLETE),
    (b"GET / HTTP/1.1\r\nHost: x", INCOMPLETE),
    (b"HEAD / HTTP/1.1\r\n", INCOMPLETE),
]


def head_of(size):
    return b"GET / HTTP/1.1\r\nX: ".ljust(size - 4, b"a") + b"\r\n\r\n"


@pytest.mark.parametrize("data, answer", HEADS)
def test_a_head_has_one_answer_wherever_it_is_cut(data, answer):
    for packets in halves(data):
        assert meaning(HttpCodec(), packets) == [answer]


@pytest.mark.parametrize("size, answer", [(HEAD_BYTES, OFFERED_LATER), (HEAD_BYTES + 1, TOO_LONG)])
@pytest.mark.parametrize("step", [1 << 20, HEAD_BYTES, 1_000, 97])
def test_a_head_has_at_most_8_kib(size, answer, step):
    data = head_of(size) + b"body" * 10_000
    assert meaning(HttpCodec(), [data[at : at + step] for at in range(0, len(data), step)]) == [answer]


RESPONSES = [
    (b"GET / HTTP/1.1\r\n\r\n", b"501 Not Implemented", NOT_YET),
    (b"so much for HTTP/1.1\r\n\r\n", b"400 Bad Request", NO_LINE[1]),
]


@pytest.mark.parametrize("data, status, sentence", RESPONSES)
def test_the_answer_is_a_status_and_a_sentence_then_closed(data, status, sentence):
    codec = HttpCodec()
    (error,) = codec.receive(data)
    head, body = codec.reply(error).split(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 " + status
    assert body.decode() == f"{sentence}\n"
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Connection: close" in head
    assert codec.closing


@pytest.mark.parametrize("data", [b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\n"])
def test_head_gets_the_head_alone(data):
    codec = HttpCodec()
    (error,) = [*codec.receive(data), *codec.end()]
    assert codec.reply(error).endswith(b"Connection: close\r\n\r\n")


def test_half_a_head_is_partial_and_a_whole_one_is_not():
    codec = HttpCodec()
    codec.receive(b"GET / HTTP/1.1\r\n")
    assert codec.partial
    codec.receive(b"\r\n")
    assert not codec.partial


def test_nothing_is_pushed():
    assert HttpCodec().push(None) == HttpCodec().closing_push("the server stops") == b""
