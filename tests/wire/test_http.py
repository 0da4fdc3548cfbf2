"""What a connection that speaks HTTP says by itself: that a request did not come in time."""

import json

from portico.model.errors import ProtocolError
from portico.wire.http import HttpCodec


def test_the_last_word_is_a_whole_response():
    codec = HttpCodec()
    assert not codec.closing
    head, body = codec.reply(ProtocolError("protocol: the rest took too long to come")).split(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    assert first == "HTTP/1.1 408 Request Timeout"
    assert f"Content-Length: {len(body)}" in fields
    assert "Connection: close" in fields
    assert json.loads(body)["error"]["message"] == "protocol: the rest took too long to come"
    assert codec.closing


def test_between_requests_nothing_is_read_or_pushed():
    codec = HttpCodec()
    assert not codec.receive(b"GET")
    assert not codec.end()
    assert not codec.partial
    assert not codec.pushes
    assert codec.push(None) == codec.closing_push("the server is going") == b""
