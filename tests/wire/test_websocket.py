"""JSON over a WebSocket: what is asked, what is answered, in which order; hostile JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.commands.named import words_of
from portico.commands.table import TABLE
from portico.model.entries import Message
from portico.model.errors import NameTaken, PorticoError, ProtocolError
from portico.model.files import Chunk
from portico.model.policy import CHANGE, Policy
from portico.model.replies import OK, Farewell
from portico.wire.frames import Close, Ping
from portico.wire.websocket import JsonCodec
from tests.commands.cases import BEGUN, CASES, WHOLE
from tests.support.service import Guest, InMemory, RespError
from tests.support.web import asking, frame, named, split_frames


@pytest.fixture
def codec():
    return JsonCodec(words_of)


def spoken(data):
    """The JSON of text frames."""
    return [json.loads(payload) for opcode, payload in split_frames(data) if opcode == 1]


class Page(Guest):
    """A page in a browser, without sockets."""

    def __init__(self, room):
        super().__init__(room, JsonCodec(words_of))

    def call(self, *words):
        do, arguments = named(words)
        (answer,) = [each for each in spoken(self.feed(asking(do, 1, **arguments))) if "id" in each]
        if "error" in answer:
            return RespError(answer["error"]["code"], answer["error"]["message"])
        return answer["ok"]


@pytest.mark.parametrize("name", [command.name for command in TABLE])
def test_a_page_gets_what_the_example_of_a_command_says(name):
    room = InMemory(policy=Policy(CHANGE))
    ann = Page(room)
    for words in (
        ("NAME", "Ann"),
        ("SAY", "Hello"),
        ("READ", "tester2.txt", 0, 100),
        ("PUT", "begun.txt", "?", "UPLOAD", BEGUN),
        ("PUT", "whole.txt", 5, "UPLOAD", WHOLE),
        ("WRITE", WHOLE, 0, "Hello"),
    ):
        assert not isinstance(ann.call(*words), RespError)
    room.resp().call("NAME", "Bob")
    came = ann.call(*CASES[name].words)
    if isinstance(came, dict) and set(came) == {"base64"}:
        came = "one byte" if came["base64"] == "b25lIGJ5dGU=" else came
    expected = CASES[name].expected
    assert expected(came) if callable(expected) else came == expected, came


def test_a_long_range_of_a_file_is_refused_with_where_to_get_it():
    refused = Page(InMemory()).call("READ", "tester1.txt", 0, 65_537)
    assert isinstance(refused, RespError)
    assert refused.code == "TOOBIG"
    assert "GET /files" in refused.sentence


def test_answers_have_the_ids_of_their_requests_in_order(codec):
    data = asking("ping", 1) + asking("ping", "two") + frame('{"do": "ping"}') + frame("nonsense")
    requests = codec.receive(data)
    assert requests[:3] == [[b"PING"]] * 3
    answers = b"".join(codec.reply(reply) for reply in ("a", "b", NameTaken("ann"), requests[3]))
    assert [answer["id"] for answer in spoken(answers)] == [1, "two", None, None]
    assert spoken(answers)[2]["error"]["code"] == "TAKEN"


def test_pings_and_the_end_stand_between_the_answers(codec):
    ping, request, end = codec.receive(frame("?", 9) + asking("ping", 1) + frame(b"\x03\xe8", 8))
    assert (ping, request, end) == (Ping(b"?"), [b"PING"], Close())
    assert split_frames(codec.reply(ping)) == [(10, b"?")]
    assert not codec.closing
    assert split_frames(codec.reply(end)) == [(8, b"\x03\xe8")]
    assert codec.closing


@pytest.mark.parametrize("last", [Farewell("Ann"), ProtocolError("protocol: too late")])
def test_the_last_word_is_followed_by_the_last_frame(codec, last):
    codec.receive(asking("bye", 1))
    assert [opcode for opcode, _ in split_frames(codec.reply(last))] == [1, 8]
    assert codec.closing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "null",
        '"say"',
        "{",
        "{}",
        "[" * 500_000,
        '{"do":' * 100_000,
        "9" * 10_000,
        '{"do": "ping", "id": NaN}',
        '{"do": "ping", "id": Infinity}',
        '{"do": "ping", "id": 1e999}',
        '{"do": "ping", "id": 9007199254740993}',
        '{"do": "ping", "id": 1.5}',
        '{"do": "ping", "id": true}',
        '{"do": "ping", "id": [1]}',
        '{"do": "ping", "id": {}}',
        '{"do": "ping", "id": "\\ud800"}',
        '{"do": "ping", "id": "' + "x" * 65 + '"}',
        '{"do": 7}',
        '{"do": ["ping"]}',
        '{"do": "ping", "args": [1]}',
        '{"do": "ping", "args": {"text": "\\udc00"}}',
        '{"do": "\\ud800"}',
        '{"do": "' + "x" * 100_000 + '"}',
        '{"do": "ping", "args": {"text": ' + "9" * 4_000 + "0.5}}",
        '\ufeff{"do": "ping"}',
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_request_is_refused_and_the_connection_goes_on(codec, text):
    (refused,) = codec.receive(frame(text))
    assert isinstance(refused, PorticoError)
    assert not isinstance(refused, ProtocolError)
    (answer,) = spoken(codec.reply(refused))
    assert answer["error"]["code"] == "ERR"
    assert not codec.closing
    assert codec.receive(asking("ping", 2)) == [[b"PING"]]


def test_text_that_is_not_utf8_ends_it(codec):
    assert codec.receive(frame(b'{"do": "\xff"}')) == [Close(1007, "a text is UTF-8")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    json_values,
    json_values | st.sampled_from([command.name.lower() for command in TABLE]),
    json_values | st.dictionaries(st.sampled_from(["text", "id", "as", "count", "since"]), json_values),
)
def test_any_json_is_a_request_or_refused_and_always_answered(number, do, args):
    codec = JsonCodec(words_of)
    (asked,) = codec.receive(frame(json.dumps({"id": number, "do": do, "args": args})))
    assert isinstance(asked, (list, PorticoError))
    assert len(spoken(codec.reply(asked if isinstance(asked, PorticoError) else OK))) == 1


def test_pushes_are_entries_and_the_closing_word(codec):
    entry = Message(7, 1_739_231_212_048_084, "Ann", 1, "Grüße", "Bob")
    (push,) = spoken(codec.push(entry))
    assert push == {
        "push": "entry",
        "data": {
            "seq": 7,
            "kind": "message",
            "at": "2025-02-10T23:46:52.048084Z",
            "sender": "Ann",
            "text": "Grüße",
            "to": "Bob",
        },
    }
    (_, word), (opcode, end) = split_frames(codec.closing_push("the server is going"))
    assert json.loads(word) == {"push": "closing", "data": "the server is going"}
    assert (opcode, end) == (8, b"\x03\xe9the server is going")
    assert split_frames(codec.keepalive()) == [(9, b"")]


def test_bytes_of_a_file_go_in_base64(codec):
    codec.receive(asking("read", 1, path="a", offset=0, count=2))
    (answer,) = spoken(codec.reply(Chunk("a", "etag", 2, 0, b"\0\xff")))
    assert answer == {"id": 1, "ok": {"base64": "AP8="}}
