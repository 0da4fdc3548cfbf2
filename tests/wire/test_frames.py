"""WebSocket frames of clients, however they are cut, and what ends a connection."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.wire.frames import (
    GOING_AWAY,
    NORMAL,
    PROTOCOL,
    TOO_LONG,
    UNSUPPORTED,
    Close,
    Frames,
    Message,
    Ping,
    close_frame,
    ping_frame,
    pong_frame,
    text_frame,
)
from tests.support.cutting import halves
from tests.support.web import frame, split_frames

LIMIT = 70_000
FIRST, MIDDLE, LAST = 0x01, 0x00, 0x80
"""First bytes of the fragments of a text."""

WHOLE = {
    "a text": (frame("Hello"), [Message(b"Hello")]),
    "an empty text": (frame(""), [Message(b"")]),
    "two": (frame("a") + frame("b"), [Message(b"a"), Message(b"b")]),
    "fragments": (
        frame("He", first=FIRST) + frame("l", first=MIDDLE) + frame("lo", first=LAST),
        [Message(b"Hello")],
    ),
    "a character in two fragments": (
        frame(b"\xc3", first=FIRST) + frame(b"\xbc", first=LAST),
        [Message("ü".encode())],
    ),
    "a ping between fragments": (
        frame("He", first=FIRST) + frame("?", 9) + frame("llo", first=LAST),
        [Ping(b"?"), Message(b"Hello")],
    ),
    "a ping": (frame("x" * 125, 9), [Ping(b"x" * 125)]),
    "a pong nobody asked for": (frame("", 10) + frame("a"), [Message(b"a")]),
    "an end without a reason": (frame("", 8), [Close(NORMAL)]),
    "an end": (frame(b"\x03\xe9bye", 8), [Close(GOING_AWAY)]),
    "an end of its own kind": (frame(b"\x0f\xa0", 8), [Close(4000)]),
    "nothing behind the end": (frame("", 8) + frame("a"), [Close(NORMAL)]),
}

WRONG = {
    "not masked": (text_frame(b"a"), PROTOCOL),
    "a reserved bit": (frame("a", first=0xC1), PROTOCOL),
    "an unknown opcode": (frame("a", 3), PROTOCOL),
    "an unknown control opcode": (frame("a", 11), PROTOCOL),
    "a long ping": (frame("x" * 126, 9), PROTOCOL),
    "a ping in fragments": (frame("", first=0x09), PROTOCOL),
    "a fragment of nothing": (frame("a", first=LAST), PROTOCOL),
    "a text inside another": (frame("a", first=FIRST) + frame("b"), PROTOCOL),
    "bytes": (frame("a", 2), UNSUPPORTED),
    "too long": (frame("x" * (LIMIT + 1)), TOO_LONG),
    "too long by its length alone": (b"\x81\xff" + b"\xff" * 8, TOO_LONG),
    "too long together": (frame("x" * LIMIT, first=FIRST) + frame("x", first=LAST), TOO_LONG),
    "half a code": (frame("a", 8), PROTOCOL),
    "a code nobody may say": (frame(b"\x03\xee", 8), PROTOCOL),
    "a reason that is no text": (frame(b"\x03\xe8\xff", 8), PROTOCOL),
}


def received(packets):
    frames = Frames(LIMIT)
    return [each for packet in packets for each in frames.receive(packet)]


@pytest.mark.parametrize("data, expected", WHOLE.values(), ids=list(WHOLE))
def test_messages_are_whole_wherever_they_are_cut(data, expected):
    for packets in halves(data):
        assert received(packets) == expected
    assert received([data[at : at + 1] for at in range(len(data))]) == expected


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, LIMIT])
def test_lengths_of_every_form_are_read_and_written(size):
    payload = b"x" * size
    assert received([frame(payload)]) == [Message(payload)]
    assert split_frames(text_frame(payload)) == [(1, payload)]


@pytest.mark.parametrize("data, code", WRONG.values(), ids=list(WRONG))
def test_what_breaks_the_rules_ends_it_with_its_code(data, code):
    frames = Frames(LIMIT)
    (*_, end) = frames.receive(data)
    assert isinstance(end, Close)
    assert end.code == code
    assert not frames.receive(frame("more"))
    assert not frames.partial


def test_a_frame_or_message_that_is_not_whole_is_partial():
    frames = Frames(LIMIT)
    assert not frames.partial
    for packet in (frame("He", first=FIRST), frame("?", 9)):
        frames.receive(packet)
        assert frames.partial
    frames.receive(frame("llo", first=LAST)[:-1])
    assert frames.partial


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(0, 2_000), max_size=8))
def test_any_texts_cut_anywhere_come_through(texts, cuts):
    data = b"".join(map(frame, texts))
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    packets = [data[begin:end] for begin, end in itertools.pairwise(places)]
    assert received(packets) == [Message(text) for text in texts]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    whole = received([data])
    assert received([data[at : at + 1] for at in range(len(data))]) == whole


def test_empty_fragments_are_nothing():
    frames = Frames(LIMIT)
    frames.receive(frame("", first=FIRST))
    empty = frame("", first=MIDDLE) * 1_000
    for _ in range(20):
        assert not frames.receive(empty)
    assert frames.receive(frame("a", first=LAST)) == [Message(b"a")]


def test_what_a_server_sends():
    assert split_frames(ping_frame()) == [(9, b"")]
    assert split_frames(pong_frame(Ping(b"?"))) == [(10, b"?")]
    assert split_frames(close_frame(Close())) == [(8, b"\x03\xe8")]
    ((_, payload),) = split_frames(close_frame(Close(GOING_AWAY, "ü" * 100)))
    assert payload == b"\x03\xe9" + ("ü" * 61).encode()
