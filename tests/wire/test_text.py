"""Plain text requests: lines, words, slashes, limits, lost browsers; the same however cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.errors import NotAWebAddress, PorticoError, ProtocolError
from portico.model.requests import Line
from portico.wire.text import LINE_BYTES, WEB_LINES, RefusingCodec, TextCodec
from tests.support.cutting import halves, meaning, pieces, places

GREETING = [Line(b"NAME"), Line(b"FOLLOW", silent=True)]
NO_TEXT = (PorticoError, "text must be UTF-8")
TOO_LONG = (ProtocolError, "line too long")
LOST = (NotAWebAddress, NotAWebAddress().sentence)


def said(text):
    return Line(b"SAY", text)


LINES = [
    (b"Hello\n", [said("Hello")]),
    (b"Hello\r\n", [said("Hello")]),
    (b"Hello", [said("Hello")]),
    (b"Hello\r", [said("Hello")]),
    (b"Hello\r\r\n", [said("Hello\r")]),
    (b"a\nb\r\nc", [said("a"), said("b"), said("c")]),
    (b"\n", []),
    (b"\r\n\n", []),
    (b"a\n\nb\n", [said("a"), said("b")]),
    (b" a \n", [said(" a ")]),
    ("Gr\u00fc\u00dfe\n".encode(), [said("Gr\u00fc\u00dfe")]),
    (b"status\n", [Line(b"STATUS", "COUNT 100")]),
    (b"STATUS\n", [Line(b"STATUS", "COUNT 100")]),
    (b"Status \n", [said("Status ")]),
    (b"status please\n", [said("status please")]),
    (b"list\nhelp\nbye\n", [Line(b"LIST"), Line(b"HELP"), Line(b"BYE")]),
    (b"List\nHELP\nbYe", [Line(b"LIST"), Line(b"HELP"), Line(b"BYE")]),
    (b"lists\n", [said("lists")]),
    (b"/status\n", [Line(b"status")]),
    (b"/say status\n", [Line(b"say", "status")]),
    (b"/history 20\n", [Line(b"history", "20")]),
    (b"/tell Client2 hi there\n", [Line(b"tell", "Client2 hi there")]),
    (b"/name Ann Lee\n", [Line(b"name", "Ann Lee")]),
    (b"/say\thi\tthere\n", [Line(b"say", "hi\tthere")]),
    (b"/\n", [Line(b"")]),
    (b"/ a\n", [Line(b"", "a")]),
    (b"//text\n", [said("/text")]),
    (b"//\n", [said("/")]),
    (b"///a\n", [said("//a")]),
    (b" /name Ann\n", [said(" /name Ann")]),
    (b"Helxx\b\blo\n", [said("Hello")]),
    (b"Helxx\x7f\x7flo\n", [said("Hello")]),
    (b"\b\bHello\n", [said("Hello")]),
    (b"oops\b\b\b\b\n", []),
    ("\u00e9\bHello\n".encode(), [said("Hello")]),
    (b"x\b/name Ann\n", [Line(b"name", "Ann")]),
    (b"statusx\b\n", [Line(b"STATUS", "COUNT 100")]),
    (b"\xff\xfd\x01Hello\xff\xf1\r\n", [said("Hello")]),
    (b"\xc3\x28\nHello\n", [NO_TEXT, said("Hello")]),
    (b"\xed\xa0\x80\n", [NO_TEXT]),
    (b"\xc0\xaf\n", [NO_TEXT]),
    (b"a\x00b\n", [said("a\x00b")]),
    (b"a\x1b[2Jb\n", [said("a\x1b[2Jb")]),
    (b"Client1: forged\n", [said("Client1: forged")]),
]

WEB = [
    b"GET /",
    b"GET / HTTP/1.1",
    b"POST /?say=x HTTP/1.1",
    b"HEAD /",
    b"PUT /files/a",
    b"DELETE /",
    b"OPTIONS /",
    b"PATCH /",
    b"TRACE /",
    b"CONNECT localhost:65432",
    b"Host: localhost:65432",
    b"host: localhost",
    b"Origin: http://evil.example",
    b"User-Agent: Mozilla/5.0",
    b"Content-Length: 5",
    b"content-type: text/plain",
    b"PRI * HTTP/2.0",
]
NOT_WEB = [b"GET a life", b"get / please", b"Hosts: Ann and Bob", b"The Host: Ann", b"I said POST /"]


def names(case):
    return repr(case[:30])[2:-1] if isinstance(case, bytes) else ""


@pytest.mark.parametrize("data, requests", LINES, ids=names)
def test_a_line_is_one_request_and_the_first_one_joins(data, requests):
    assert meaning(TextCodec(), [data]) == GREETING + requests


@pytest.mark.parametrize("data, requests", LINES, ids=names)
def test_every_packet_split_gives_the_same_requests(data, requests):
    for packets in halves(data):
        assert meaning(TextCodec(), packets) == GREETING + requests


@pytest.mark.parametrize("line", WEB, ids=names)
@pytest.mark.parametrize("before", range(WEB_LINES))
def test_a_lost_browser_is_told_so_in_the_first_three_lines_and_nothing_more_is_said(line, before):
    data = b"\r\n" * before + line + b"\r\nContent-Length: 5\r\n\r\nHello\r\nbye"
    expected = (GREETING if before else []) + [LOST]
    assert meaning(TextCodec(), [data]) == expected
    assert meaning(TextCodec(), [data[at : at + 1] for at in range(len(data))]) == expected


@pytest.mark.parametrize("line", WEB, ids=names)
def test_people_may_say_what_browsers_say_from_the_fourth_line_on(line):
    found = meaning(TextCodec(), [b"a\nb\nc\n" + line + b"\n"])
    assert found[-1] == said(line.decode())


@pytest.mark.parametrize("line", NOT_WEB, ids=names)
def test_what_only_resembles_a_browser_is_said(line):
    assert meaning(TextCodec(), [line + b"\n"]) == [*GREETING, said(line.decode())]


LONGEST = b"a" * LINE_BYTES
LENGTHS = [
    (LONGEST + b"\n", [said(LONGEST.decode())]),
    (LONGEST + b"\r\n", [said(LONGEST.decode())]),
    (LONGEST, [said(LONGEST.decode())]),
    (LONGEST + b"\r", [said(LONGEST.decode())]),
    (LONGEST + b"a\n", [TOO_LONG]),
    (LONGEST + b"a\r\n", [TOO_LONG]),
    (LONGEST + b"a", [TOO_LONG]),
    (3 * LONGEST + b"\nHello\n", [TOO_LONG]),
]


@pytest.mark.parametrize("data, requests", LENGTHS, ids=lambda case: str(len(case)))
@pytest.mark.parametrize("size", [1 << 20, 65_537, 65_536, 1_000])
def test_a_line_has_at_most_64_kib_without_its_end(data, requests, size):
    packets = [b"first\n", *(data[at : at + size] for at in range(0, len(data), size))]
    assert meaning(TextCodec(), packets) == [*GREETING, said("first"), *requests]


def test_no_more_than_a_line_is_held():
    codec = TextCodec()
    for _ in range(100):
        codec.receive(b"a" * 10_000)
    assert len(codec._held) <= LINE_BYTES + 10_000
    assert not codec.partial


def test_a_codec_for_what_cannot_be_decided_refuses_once():
    assert meaning(RefusingCodec(), [b"a", b"\nHello\n", b""]) == [TOO_LONG]


@pytest.mark.parametrize("data, partial", [(b"", False), (b"He", True), (b"He\n", False), (b"a\nb", True)])
def test_half_a_line_is_partial(data, partial):
    codec = TextCodec()
    codec.receive(data)
    assert codec.partial is partial


bits = st.sampled_from(
    [b"\n", b"\r", b"\b", b"/", b"//", b"status", b"GET /", b"Host:", b"\xff\xfa", b"\xff\xf0", b"\xc3"]
)


@given(st.lists(st.one_of(bits, st.binary(max_size=5)), max_size=20).map(b"".join), places)
def test_any_bytes_mean_the_same_however_cut(data, cuts):
    assert meaning(TextCodec(), pieces(data, cuts)) == meaning(TextCodec(), [data])
