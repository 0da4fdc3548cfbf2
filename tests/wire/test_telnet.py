"""Telnet negotiation: taken out of the text, however it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire.telnet import TelnetFilter
from portico.wire.text import TextCodec
from tests.support.cutting import halves, pieces, places

CASES = [
    # what comes, what is text
    (b"Hello\r\n", b"Hello\r\n"),
    (b"\xff\xfd\x01Hello", b"Hello"),
    (b"He\xff\xfb\x18llo", b"Hello"),
    (b"\xff\xfb\x1f\xff\xfa\x1f\x00P\x00\x18\xff\xf0Hello", b"Hello"),
    (b"\xff\xfa\x18\x00xterm\xff\xff\n\xff\xf0Hello", b"Hello"),
    (b"\xff\xfa\x18 \xff\xfb still inside \xff\xf0Hello", b"Hello"),
    (b"\xff\xf4\xff\xfd\x06Hello", b"Hello"),
    (b"Hel\xff\xf9lo", b"Hello"),
    (b"Hel\xff\xfflo", b"Hello"),
    (b"\xff\xf0Hello", b"Hello"),
    (b"\xff\xff\xff\xfd\nHello", b"Hello"),
    ("Gr\u00fc\u00dfe, \U0001f600".encode(), "Gr\u00fc\u00dfe, \U0001f600".encode()),
    (b"", b""),
]

OPEN = [b"\xff", b"Hello\xff\xfd", b"\xff\xfa", b"\xff\xfa\x18\x00xterm\n", b"\xff\xfa\x18\xff"]


@pytest.mark.parametrize("data, text", CASES)
def test_negotiation_is_stripped_wherever_it_is_cut(data, text):
    for packets in halves(data):
        telnet = TelnetFilter()
        assert b"".join(telnet.strip(packet) for packet in packets) == text
        assert not telnet.partial


@pytest.mark.parametrize("data", OPEN)
def test_half_a_negotiation_counts_as_something_incomplete(data):
    telnet, codec = TelnetFilter(), TextCodec()
    telnet.strip(data)
    codec.receive(data)
    assert telnet.partial
    assert codec.partial


@given(st.text())
def test_no_text_is_touched(text):
    assert TelnetFilter().strip(text.encode()) == text.encode()


@given(st.binary(max_size=60), places)
def test_any_bytes_mean_the_same_however_cut(data, cuts):
    telnet = TelnetFilter()
    cut = b"".join(telnet.strip(packet) for packet in pieces(data, cuts))
    assert cut == TelnetFilter().strip(data)
