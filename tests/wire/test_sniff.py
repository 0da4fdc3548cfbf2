"""Which wire is this? The table of first bytes, and that no cut into packets changes the verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire import CODECS, Wire, sniff
from portico.wire.sniff import SNIFF_BYTES

LINE = SNIFF_BYTES - 1
"""Bytes of the longest line that is decided, its LF not counted."""

DECIDED = [
    (b"*1\r\n$4\r\nPING\r\n", Wire.RESP),
    (b"*0", Wire.RESP),
    (b"*9 GET / HTTP/1.1\r\n", Wire.RESP),
    (b"**\n", Wire.TEXT),
    (b"*\n", Wire.TEXT),
    (b"*\r\n", Wire.TEXT),
    (b"* a list item\n", Wire.TEXT),
    ("*\u0665\n".encode(), Wire.TEXT),
    (b"*GET / HTTP/1.1\n", Wire.HTTP),
    (b"\x16", Wire.TLS),
    (b"\x16\x03\x01\x02\x00\x01", Wire.TLS),
    (b"\x16 GET / HTTP/1.1\r\n", Wire.TLS),
    (b"GET / HTTP/1.1\r\n", Wire.HTTP),
    (b"GET / HTTP/1.1\n", Wire.HTTP),
    (b"GET / HTTP/1.0\r\n\r\n", Wire.HTTP),
    (b"BREW /pot HTTP/1.1\r\n", Wire.HTTP),
    (b"so much for HTTP/1.1\n", Wire.HTTP),
    (b"GET / HTTP/1.1\r\r\n", Wire.TEXT),
    (b"GET / HTTP/1.1 \r\n", Wire.TEXT),
    (b"GET / http/1.1\r\n", Wire.TEXT),
    (b"GET / HTTP/1.2\r\n", Wire.TEXT),
    (b"GET / HTTP/2.0\r\n", Wire.TEXT),
    (b"GET /\tHTTP/1.1\r\n", Wire.TEXT),
    (b"HTTP/1.1\r\n", Wire.TEXT),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Wire.TEXT),
    (b"GET /\r\n", Wire.TEXT),
    (b"Hello\nGET / HTTP/1.1\r\n", Wire.TEXT),
    (b"\nGET / HTTP/1.1\r\n", Wire.TEXT),
    (b"\n", Wire.TEXT),
    (b"\r\n", Wire.TEXT),
    (b"Hello\n", Wire.TEXT),
    (b"PING\r\n", Wire.TEXT),
    (b"$4\r\nPING\r\n", Wire.TEXT),
    (b"\xff\xfd\x01Hello\r\n", Wire.TEXT),
    (b"\x00\n", Wire.TEXT),
    (b"\x80 a TLS record of SSL 2\n", Wire.TEXT),
    (b"a" * LINE + b"\n", Wire.TEXT),
    (b"a" * (LINE - 9) + b" HTTP/1.1" + b"\n", Wire.HTTP),
    (b"a" * SNIFF_BYTES, Wire.TOO_LONG),
    (b"a" * SNIFF_BYTES + b"\n", Wire.TOO_LONG),
    (b"a" * SNIFF_BYTES + b" HTTP/1.1\r\n", Wire.TOO_LONG),
    (b"*" + b"a" * SNIFF_BYTES, Wire.TOO_LONG),
]

UNDECIDED = [
    (b"", Wire.TEXT),
    (b"*", Wire.TEXT),
    (b"* a", Wire.TEXT),
    (b"Hello", Wire.TEXT),
    (b"Hello\r", Wire.TEXT),
    (b"GET / HTTP/1.1", Wire.HTTP),
    (b"GET / HTTP/1.1\r", Wire.HTTP),
    (b"GET / HTTP/1", Wire.TEXT),
    (b"a" * LINE, Wire.TEXT),
]


def names(case):
    return repr(case[:24])[2:-1] if isinstance(case, bytes) else case.name


@pytest.mark.parametrize("data, wire", DECIDED, ids=names)
def test_first_bytes_say_the_wire(data, wire):
    assert sniff(data) is wire


@pytest.mark.parametrize("data, wire", UNDECIDED, ids=names)
def test_too_few_bytes_wait_and_count_as_a_line_at_the_end_of_the_stream(data, wire):
    assert sniff(data) is Wire.MORE
    assert sniff(data, ended=True) is wire


@pytest.mark.parametrize("data, wire", DECIDED, ids=names)
def test_every_packet_split_decides_alike(data, wire):
    verdicts = [sniff(data[:count]) for count in range(len(data) + 1)]
    decided = verdicts.index(wire)
    assert set(verdicts[:decided]) <= {Wire.MORE}
    assert set(verdicts[decided:]) == {wire}


@pytest.mark.parametrize("data, wire", DECIDED, ids=names)
def test_the_end_of_the_stream_takes_no_verdict_back(data, wire):
    for count in range(len(data) + 1):
        early = sniff(data[:count])
        assert early is Wire.MORE or sniff(data[:count], ended=True) is early is wire


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_what_follows_changes_no_verdict(data, more):
    verdict = sniff(data)
    assert verdict is Wire.MORE or sniff(data + more) is verdict


@given(st.binary(max_size=40))
def test_the_end_of_the_stream_always_decides(data):
    assert sniff(data, ended=True) is not Wire.MORE


def test_every_wire_that_answers_has_a_codec():
    assert set(CODECS) == set(Wire) - {Wire.MORE, Wire.TLS}


def test_a_first_line_too_long_is_told_so_whatever_it_holds():
    for first in (b"a" * SNIFF_BYTES, b"\xff\xf1" * SNIFF_BYTES + b"\nHello\n"):
        codec = CODECS[sniff(first)]()
        (error,) = codec.receive(first)
        assert codec.reply(error) == b"error: line too long\n"
        assert codec.closing
        assert list(codec.receive(b"\nHello\n")) == list(codec.end()) == []
