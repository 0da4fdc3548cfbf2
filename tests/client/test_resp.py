"""The client's side of RESP: values of every type however cut, what is refused, and what is sent."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portico.client.resp import (
    BULK_BYTES,
    DEPTH,
    HEADER_BYTES,
    REQUEST_BYTES,
    REQUEST_WORDS,
    Push,
    ReplyParser,
    Value,
    encode,
)
from portico.model.errors import (
    Exists,
    Full,
    Gone,
    NeedResp3,
    NoProto,
    NotFound,
    PorticoError,
    ProtocolError,
    TooBig,
    Unavailable,
)
from portico.model.replies import Simple
from portico.wire.resp import RespCodec
from portico.wire.resp_values import encode as answered
from tests.support.cutting import halves, pieces, places
from tests.support.talk import entry_push, message


def plain(value: Value) -> Value:
    """A value with its errors and pushes told apart, to be compared."""
    if isinstance(value, PorticoError):
        return (type(value), value.code, value.sentence)
    if type(value) is Push:
        return ("push", [plain(each) for each in value])
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return (type(value), value)


def parsed(*packets: bytes) -> list[Value]:
    parser = ReplyParser()
    return [plain(value) for packet in packets for value in parser.feed(packet)]


VALUES = [
    (b"+OK\r\n", "OK"),
    (b"+\r\n", ""),
    (b"+na\xc3\xafve\r\n", "naïve"),
    (b":7\r\n", 7),
    (b":-7\r\n", -7),
    (b":+7\r\n", 7),
    (b":999999999999999999\r\n", 999_999_999_999_999_999),
    (b"$5\r\nhello\r\n", "hello"),
    (b"$0\r\n\r\n", ""),
    (b"$4\r\n\r\n\r\n\r\n", "\r\n\r\n"),
    (b"$3\r\n:1\r\r\n", ":1\r"),
    (b"$3\r\n:12\r\n", ":12"),
    (b"$3\r\n+OK\r\n", "+OK"),
    (b"$7\r\n:1\r\n:23\r\n", ":1\r\n:23"),
    (b"$2\r\n\xff\xfe\r\n", "\udcff\udcfe"),
    (b"$-1\r\n", None),
    (b"*-1\r\n", None),
    (b"_\r\n", None),
    (b"#t\r\n", True),
    (b"#f\r\n", False),
    (b"*0\r\n", []),
    (b"%0\r\n", {}),
    (b"~2\r\n:1\r\n:2\r\n", [1, 2]),
    (b"*3\r\n:1\r\n$1\r\na\r\n*1\r\n_\r\n", [1, "a", [None]]),
    (b"%2\r\n+a\r\n:1\r\n$1\r\nb\r\n%1\r\n+c\r\n*0\r\n", {"a": 1, "b": {"c": []}}),
    (b"*2\r\n*-1\r\n$-1\r\n", [None, None]),
    (DEPTH * b"*1\r\n" + b":1\r\n", [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]),
]


@pytest.mark.parametrize("data,value", VALUES)
def test_a_value_at_every_cut(data, value):
    for packets in halves(data):
        assert parsed(*packets) == [plain(value)]


@pytest.mark.parametrize("data,value", VALUES)
def test_values_beside_each_other_at_every_cut(data, value):
    for packets in halves(b":1\r\n" + data + b"+x\r\n"):
        assert parsed(*packets) == [(int, 1), plain(value), (str, "x")]


ERRORS = [
    (b"-ERR no\r\n", PorticoError, "ERR", "no"),
    (b"-NOTFOUND there is no such thing\r\n", NotFound, "NOTFOUND", "there is no such thing"),
    (b"-FULL Server is full: 3 of 3\r\n", Full, "FULL", "Server is full: 3 of 3"),
    (b"-EXISTS key\r\n", Exists, "EXISTS", "key"),
    (b"-GONE entries from 3 to 4 are kept\r\n", Gone, "GONE", "entries from 3 to 4 are kept"),
    (b"-NEEDRESP3 \r\n", NeedResp3, "NEEDRESP3", ""),
    (b"-NOPROTO\r\n", NoProto, "NOPROTO", ""),
    (b"-UNAVAILABLE later\r\n", Unavailable, "UNAVAILABLE", "later"),
    (b"-NOAUTH token\r\n", PorticoError, "NOAUTH", "token"),
    (b"-WHATEVER it is\r\n", PorticoError, "WHATEVER", "it is"),
]


@pytest.mark.parametrize("data,kind,code,sentence", ERRORS)
def test_an_error_stands_in_the_place_of_the_value(data, kind, code, sentence):
    for packets in halves(data):
        (error,) = parsed(*packets)
        assert error[1:] == (code, sentence)
        assert issubclass(error[0], PorticoError)
        assert issubclass(error[0], kind)


def test_an_error_within_a_list():
    one, error, two = ReplyParser().feed(b"*3\r\n:1\r\n-NOTFOUND none\r\n:2\r\n")[0]
    assert (one, type(error), two) == (1, NotFound, 2)


def test_a_push_is_told_from_a_list():
    data = b"*1\r\n:1\r\n" + entry_push(8) + b":2\r\n"
    for packets in halves(data):
        listed, pushed, number = parsed(*packets)
        assert listed == [(int, 1)]
        assert pushed[0] == "push"
        assert pushed[1] == [plain("entry"), plain(message(8))]
        assert number == (int, 2)


NONSENSE = [
    b"HTTP/1.1 400 Bad Request\r\n",
    b"hello\r\n",
    b"\r\n",
    b"$x\r\n",
    b"$\r\n",
    b"$-2\r\n",
    b"$+1\r\n",
    b"$1 \r\n",
    b"$%d\r\n" % (BULK_BYTES + 1),
    b"$999999999999999999999999\r\n",
    b"$1\r\nab\r\n",
    b"$1\r\na\rb\n",
    b"*x\r\n",
    b"*-2\r\n",
    b"*99999999999999\r\n",
    b"%1\r\n*1\r\n:1\r\n:2\r\n",
    b"%1\r\n%0\r\n:2\r\n",
    b":\r\n",
    b":x\r\n",
    b":1.5\r\n",
    b":1_000\r\n",
    b": 1\r\n",
    b":--1\r\n",
    b":" + b"9" * 5_000 + b"\r\n",
    b"!5\r\nERR x\r\n",
    b"$?\r\n",
    (DEPTH + 1) * b"*1\r\n",
    b"x" * (HEADER_BYTES + 1),
    b"+" + b"x" * (HEADER_BYTES + 1),
]


@pytest.mark.parametrize("data", NONSENSE, ids=lambda data: repr(data[:20]))
def test_what_is_no_resp_is_refused(data):
    with pytest.raises(ProtocolError):
        parsed(data)
    if len(data) < 100:
        for packets in halves(data):
            with pytest.raises(ProtocolError):
                parsed(*packets)


@given(st.binary(max_size=60) | st.text("*$:+-%>_#019\r\n", max_size=60).map(str.encode))
@example(b"%1\r\n>0\r\n:1\r\n")
@example(b"~1\r\n%1\r\n-E x\r\n+\r\n")
def test_anything_is_either_values_or_a_protocol_error(data):
    try:
        parsed(data)
    except ProtocolError:
        return


# --- the server's own encoder ---------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8"), max_size=12)
leaves = st.none() | words | st.integers(-(10**17), 10**17) | st.sampled_from(["OK", ":1", "+OK", "\r\n"])
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(words, inner, max_size=5),
    max_leaves=15,
)


@given(st.lists(values | st.just(Simple("OK")), max_size=4), places)
def test_what_the_server_says_is_what_the_client_hears(said, cuts):
    data = b"".join(answered(value, 3) for value in said)
    expected = [plain("OK" if type(value) is Simple else value) for value in said]
    assert parsed(*pieces(data, cuts)) == expected


@given(values, places)
def test_and_on_resp2_maps_are_lists(said, cuts):
    def flat(value):
        if isinstance(value, dict):
            return [flat(each) for pair in value.items() for each in pair]
        return [flat(each) for each in value] if isinstance(value, list) else value

    assert parsed(*pieces(answered(said, 2), cuts)) == [plain(flat(said))]


@given(st.lists(words | st.integers() | st.binary(max_size=12), min_size=1, max_size=8))
def test_what_the_client_says_is_what_the_server_hears(request_words):
    (heard,) = RespCodec().receive(encode(request_words))
    assert heard == [word if isinstance(word, bytes) else str(word).encode("utf-8") for word in request_words]


# --- limits ---------------------------------------------------------------------------------------


def test_bytes_that_are_no_text_come_back_as_they_went():
    (heard,) = RespCodec().receive(encode(["ECHO", b"\xff\xfe".decode("utf-8", "surrogateescape")]))
    assert heard == [b"ECHO", b"\xff\xfe"]


@pytest.mark.parametrize(
    "request_words,kind",
    [
        ([], PorticoError),
        (["x"] * (REQUEST_WORDS + 1), PorticoError),
        (["SAY", "\ud800"], PorticoError),
        (["SAY", "x" * REQUEST_BYTES], TooBig),
    ],
)
def test_what_no_server_would_take_is_not_sent(request_words, kind):
    with pytest.raises(PorticoError) as refused:
        encode(request_words)
    assert type(refused.value) is kind


def test_the_largest_request():
    assert RespCodec().receive(encode(["x"] * REQUEST_WORDS)) == [[b"x"] * REQUEST_WORDS]
    text = "x" * (REQUEST_BYTES - 100)
    assert RespCodec().receive(encode(["ECHO", text])) == [[b"ECHO", text.encode()]]


class Counted(bytearray):
    """A buffer that counts the bytes that are moved or looked through."""

    work = 0

    def find(self, *arguments):
        Counted.work += len(self) - (arguments[1] if len(arguments) > 1 else 0)
        return super().find(*arguments)


@pytest.mark.parametrize("size", [100, 400])
def test_nothing_is_read_twice_however_small_the_pieces(size, monkeypatch):
    """A page of entries byte by byte: the bytes looked through grow with its length, not its square."""
    page = answered([message(seq, "x" * 50) for seq in range(size)], 3)
    parser = ReplyParser()
    parser._buffer, Counted.work = Counted(), 0
    found = []
    for at in range(len(page)):
        found += parser.feed(page[at : at + 1])
    assert len(found[0]) == size
    assert Counted.work < 15 * len(page)


def test_nothing_is_kept_of_what_was_read():
    parser = ReplyParser()
    for _ in range(100):
        parser.feed(b"$10000\r\n" + b"x" * 10_000 + b"\r\n$5\r\nab")
        parser.feed(b"cde\r\n")
    assert len(parser._buffer) == 0
