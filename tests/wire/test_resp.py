"""RESP requests: well-formed and malformed frames, limits before memory, and the same however cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.model.errors import ProtocolError
from portico.wire.resp import ARGUMENTS, QUICK_LENGTH, REQUEST_BYTES, RespCodec
from tests.support.cutting import halves, meaning, pieces, places
from tests.support.resp import encode

GARBAGE = b"*garbage\r\n" + 64 * b"$1\r\na\r\n"

GOOD = [
    (b"*1\r\n$4\r\nPING\r\n", [[b"PING"]]),
    (b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", [[b"ECHO", b""]]),
    (b"*1\r\n$0\r\n\r\n", [[b""]]),
    (b"*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n", [[b"ECHO", b"\r\n"]]),
    (b"*2\r\n$4\r\nECHO\r\n$14\r\n*1\r\n$4\r\nPING\r\n\r\n", [[b"ECHO", b"*1\r\n$4\r\nPING\r\n"]]),
    (b"*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n", [[b"ECHO", b"a\r\n"]]),
    (b"*2\r\n$4\r\nECHO\r\n$3\r\nab\r\r\n", [[b"ECHO", b"ab\r"]]),
    (b"*2\r\n$4\r\nECHO\r\n$3\r\n\nab\r\n", [[b"ECHO", b"\nab"]]),
    (b"*2\r\n$4\r\nECHO\r\n$4\r\n\x00\xff\xfe\x16\r\n", [[b"ECHO", b"\x00\xff\xfe\x16"]]),
    (b"*0\r\n", []),
    (b"*0\r\n*1\r\n$4\r\nPING\r\n*0\r\n", [[b"PING"]]),
    (b"*01\r\n$04\r\nPING\r\n", [[b"PING"]]),
    (b"*000000001\r\n$000000004\r\nPING\r\n", [[b"PING"]]),
    (
        encode("ECHO", "a") + encode("PING") + encode("ECHO", "b"),
        [[b"ECHO", b"a"], [b"PING"], [b"ECHO", b"b"]],
    ),
    (3 * encode("ECHO", "a") + b"*1\r\n$4\r\nPI", 3 * [[b"ECHO", b"a"]]),
    (encode(*[b"w"] * ARGUMENTS), [[b"w"] * ARGUMENTS]),
    (encode("ECHO", "a" * (REQUEST_BYTES - 4)), [[b"ECHO", b"a" * (REQUEST_BYTES - 4)]]),
]

LENGTH = "a length is 1 to 9 digits and CRLF"
EXPECTED = "expected {}, requests are arrays of bulk strings"
WORDS = "at most 64 arguments"
BYTES = "a request has at most 1 MiB"

BAD = [
    (b"PING\r\n", EXPECTED.format("*")),
    (b"\r\n", EXPECTED.format("*")),
    (b"$4\r\nPING\r\n", EXPECTED.format("*")),
    (b"*1\r\nPING\r\n", EXPECTED.format("$")),
    (b"*1\r\n*1\r\n$4\r\nPING\r\n", EXPECTED.format("$")),
    (b"*1\r\n:4\r\n", EXPECTED.format("$")),
    (b"*1\r\n+PING\r\n", EXPECTED.format("$")),
    (b"*1\r\nfoo\r\n", EXPECTED.format("$")),
    (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", EXPECTED.format("$")),
    (b"*-1\r\n", LENGTH),
    (b"*-10\r\n", LENGTH),
    (b"*+1\r\n", LENGTH),
    (b"*\r\n", LENGTH),
    (b"*x\r\n", LENGTH),
    (b"*1 \r\n", LENGTH),
    (b"* 1\r\n", LENGTH),
    (b"*1_0\r\n", LENGTH),
    (b"*0x1\r\n", LENGTH),
    (b"*1.0\r\n", LENGTH),
    ("*\u0665\r\n".encode(), LENGTH),
    (b"*1\n$4\nPING\n", LENGTH),
    (b"*1\r$4", LENGTH),
    (b"*1\x00\r\n", LENGTH),
    (b"*0000000001\r\n", LENGTH),
    (b"*20000000000\r\n", LENGTH),
    (b"*" + b"1" * 70_000, LENGTH),
    (b"*500000000\r\n", WORDS),
    (b"*1048577\r\n", WORDS),
    (b"*65\r\n", WORDS),
    (b"*1\r\n$-1\r\n", LENGTH),
    (b"*1\r\n$+5\r\nhello\r\n", LENGTH),
    (b"*1\r\n$0_1\r\na\r\n", LENGTH),
    (b"*1\r\n$ 5\r\nhello\r\n", LENGTH),
    (b"*1\r\n$5 \r\nhello\r\n", LENGTH),
    (b"*1\r\n$\r\n", LENGTH),
    (b"*1\r\n$blabla\r\n", LENGTH),
    ("*1\r\n$\uff15\r\nhello\r\n".encode(), LENGTH),
    (b"*1\r\n$2000000000\r\n", LENGTH),
    (b"*1\r\n$1048577\r\n", BYTES),
    (b"*1\r\n$999999999\r\n", BYTES),
    (b"*2\r\n$4\r\nECHO\r\n$1048573\r\n", BYTES),
    (b"*1\r\n$4\r\nPINGxx", "a bulk string must end with CRLF"),
    (b"*1\r\n$4\r\nPING\n\n", "a bulk string must end with CRLF"),
    (b"*1\r\n$3\r\nPING\r\n", "a bulk string must end with CRLF"),
    (GARBAGE, LENGTH),
    (GARBAGE + GARBAGE, LENGTH),
    (2 * (b"*65\r\n" + 64 * b"$1\r\na\r\n"), WORDS),
]


def names(case):
    return repr(case[:40])[2:-1] if isinstance(case, bytes) else ""


def protocol_error(sentence):
    return (ProtocolError, f"protocol: {sentence}")


@pytest.mark.parametrize("data, requests", GOOD, ids=names)
def test_well_formed_frames_are_requests(data, requests):
    assert meaning(RespCodec(), [data]) == requests


@pytest.mark.parametrize("data, requests", [case for case in GOOD if len(case[0]) < 1_000], ids=names)
def test_every_packet_split_gives_the_same_requests(data, requests):
    for packets in halves(data):
        assert meaning(RespCodec(), packets) == requests


@pytest.mark.parametrize("data, sentence", BAD, ids=names)
def test_malformed_frames_are_one_error_that_says_why(data, sentence):
    assert meaning(RespCodec(), [data]) == [protocol_error(sentence)]


@pytest.mark.parametrize("data, sentence", [case for case in BAD if len(case[0]) < 1_000], ids=names)
def test_every_packet_split_gives_the_same_error_after_the_same_requests(data, sentence):
    before = encode("ECHO", "first")
    for packets in halves(before + data):
        assert meaning(RespCodec(), packets) == [[b"ECHO", b"first"], protocol_error(sentence)]


@pytest.mark.parametrize("data, sentence", BAD, ids=names)
def test_nothing_after_a_protocol_error_is_parsed_or_held(data, sentence):
    codec = RespCodec()
    found = meaning(codec, [data + encode("PING"), encode("PING")])
    assert found == [protocol_error(sentence)]
    assert not codec.partial
    (error,) = RespCodec().receive(data)
    assert codec.reply(error) == f"-ERR protocol: {sentence}\r\n".encode()
    assert codec.closing


@pytest.mark.parametrize("data", [b"*500000000\r\n", b"*64\r\n" + b"$1\r\na\r\n" * 63 + b"$1048576\r\n"])
def test_limits_hold_before_memory_is_taken(data):
    codec = RespCodec()
    (error,) = codec.receive(data)
    assert isinstance(error, ProtocolError)
    assert not codec.partial


def test_half_a_request_is_partial_until_it_is_whole_and_none_at_the_end():
    codec = RespCodec()
    whole = encode("ECHO", "hi")
    for count in range(1, len(whole)):
        codec = RespCodec()
        assert (codec.receive(whole[:count]), codec.partial, codec.end()) == ([], True, ())
    assert codec.receive(whole[-1:]) == [[b"ECHO", b"hi"]]
    assert not codec.partial


words = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"", b"\r\n", b"\r", b"\n", b"*1\r\n$1\r\na\r\n", b"$3\r\n", b"PING", b"ECHO"]),
    st.integers(QUICK_LENGTH - 2, QUICK_LENGTH + 2).map(lambda size: b"x" * size),
)
requests = st.lists(st.lists(words, min_size=1, max_size=5), max_size=8)


@given(requests, st.integers(1, 3), places)
def test_any_words_come_back_however_cut(asked, times, cuts):
    data = b"".join(encode(*request) for request in asked * times)
    assert meaning(RespCodec(), pieces(data, cuts)) == asked * times


mutations = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.sampled_from(b"*$\r\n0159 -+ax\x00\xff")), max_size=3
)


@settings(max_examples=200)
@given(requests, mutations, places)
def test_damaged_frames_mean_the_same_however_cut(asked, damage, cuts):
    data = bytearray(b"".join(encode(*request) for request in asked))
    for place, byte in damage if data else ():
        data[place % len(data)] = byte
    whole = meaning(RespCodec(), [bytes(data)])
    assert meaning(RespCodec(), pieces(bytes(data), cuts)) == whole
    assert not any(isinstance(each, tuple) for each in whole[:-1])


class Counting(RespCodec):
    """Counts the bytes that are looked at: those of every piece that the parser is given."""

    looked = 0

    def _quick(self, data, requests):
        self.looked += len(data)
        return super()._quick(data, requests)

    def _careful(self, data, at, requests):
        self.looked += 1
        return super()._careful(data, at, requests)

    def _hold(self, data, at, needed):
        self.looked += len(data) - at
        return super()._hold(data, at, needed)


@pytest.mark.parametrize("size", [1, 7, 100, 1_024, 65_536])
def test_a_long_word_in_many_packets_is_looked_at_a_few_times_only(size):
    codec, data = Counting(), encode("ECHO", "a" * (REQUEST_BYTES - 4))
    packets = [data[at : at + size] for at in range(0, len(data), size)]
    assert [request for packet in packets for request in codec.receive(packet)]
    assert codec.looked < 2 * len(data)


@pytest.mark.parametrize("size", [100, 1_024, 16_020])
def test_a_long_pipeline_in_many_packets_is_looked_at_a_few_times_only(size):
    codec, data = Counting(), 4_000 * (encode("ECHO", "hi") + encode("ECHO", "a\r\nb"))
    packets = [data[at : at + size] for at in range(0, len(data), size)]
    assert sum(len(codec.receive(packet)) for packet in packets) == 8_000
    assert codec.looked < 4 * len(data)
