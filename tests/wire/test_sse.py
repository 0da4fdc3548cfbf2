"""Server-sent events, as a browser's EventSource reads them."""

import pytest

from portico.model.entries import Message
from portico.wire.sse import EventsCodec

ENTRY = Message(7, 1_739_231_212_048_084, "Ann", 1, "two\nlines: \u2028\r")
EVENT = (
    'id: 7\nevent: entry\ndata: {"seq":7,"kind":"message","at":"2025-02-10T23:46:52.048084Z",'
    '"sender":"Ann","text":"two\\nlines: \u2028\\r"}\n\n'
).encode()


@pytest.mark.parametrize("chunked", [False, True])
def test_an_entry_is_one_event_whatever_is_in_it(chunked):
    expected = b"%x\r\n%b\r\n" % (len(EVENT), EVENT) if chunked else EVENT
    assert EventsCodec(chunked=chunked).push(ENTRY) == expected


def test_the_closing_word_ends_the_response():
    word = b'event: closing\ndata: "the server is going"\n\n'
    assert EventsCodec(chunked=False).closing_push("the server is going") == word
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(word), word)
    assert EventsCodec(chunked=True).closing_push("the server is going") == framed


def test_a_comment_keeps_it_alive():
    assert EventsCodec(chunked=False).keepalive() == b": still here\n\n"


def test_chunked_streams_are_pushed_the_same_bytes_and_others_are_not():
    assert EventsCodec(chunked=True).family != EventsCodec(chunked=False).family


def test_nothing_is_asked_or_answered():
    codec = EventsCodec(chunked=True)
    assert not codec.receive(b"GET / HTTP/1.1\r\n\r\n")
    assert not codec.end()
    assert not codec.partial
    assert codec.reply("x") == b""
