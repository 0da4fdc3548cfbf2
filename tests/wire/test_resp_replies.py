"""RESP replies: every shape in RESP2 and RESP3, pushes, and errors that stay one line."""

import pytest

from portico.model.entries import ErasedMessage, Message, Presence
from portico.model.errors import Full, NotFound, PorticoError, ProtocolError
from portico.model.files import FileFacts
from portico.model.replies import (
    OK,
    CommandLine,
    Farewell,
    FileCard,
    Greeting,
    Listing,
    Manual,
    Named,
    Page,
    Roll,
    Said,
    SessionLine,
    file_map,
)
from portico.wire.resp import QUICK_LENGTH, RespCodec
from portico.wire.resp_values import encode
from tests.support.resp import Parser
from tests.support.service import START

AT = "2025-02-10T23:46:52.048084Z"
MESSAGE = Message(5, START, "Ann", 1, "hi")
FILE = FileFacts("a.txt", 3, START, "e1")
FILE_MAP = {"path": "a.txt", "size": 3, "mtime": AT, "etag": "e1"}
LINE = SessionLine("Ann", "127.0.0.1", 5, START, None, "")
LINE_MAP = {"name": "Ann", "address": "127.0.0.1:5", "connected": AT, "disconnected": None}
CRASHED = SessionLine("Bob", "::1", 5, START, START, "crash")
CRASHED_MAP = {"name": "Bob", "address": "[::1]:5", "connected": AT, "disconnected": AT, "reason": "crash"}
PLAIN = {"seq": 5, "kind": "message", "at": AT, "sender": "Ann", "text": "hi"}

BYTES = [
    # reply, RESP2, RESP3
    (OK, b"+OK\r\n", b"+OK\r\n"),
    ("h\u00e9", b"$3\r\nh\xc3\xa9\r\n", b"$3\r\nh\xc3\xa9\r\n"),
    (b"\r\n\xff", b"$3\r\n\r\n\xff\r\n", b"$3\r\n\r\n\xff\r\n"),
    (42, b":42\r\n", b":42\r\n"),
    (None, b"$-1\r\n", b"_\r\n"),
    ([], b"*0\r\n", b"*0\r\n"),
    ([1, None], b"*2\r\n:1\r\n$-1\r\n", b"*2\r\n:1\r\n_\r\n"),
    ((1,), b"*1\r\n:1\r\n", b"*1\r\n:1\r\n"),
    ({}, b"*0\r\n", b"%0\r\n"),
    ({"a": 1}, b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
    ({"a": [{"b": None}]}, b"*2\r\n$1\r\na\r\n*1\r\n*2\r\n$1\r\nb\r\n$-1\r\n", None),
    (Said(7, "hi"), b":7\r\n", b":7\r\n"),
    (Named("Ann", 1, 3), b"$3\r\nAnn\r\n", b"$3\r\nAnn\r\n"),
    (Farewell("Ann"), b"+OK\r\n", b"+OK\r\n"),
    (Manual([CommandLine("PING", "Answers")]), b"*1\r\n$14\r\nPING - Answers\r\n", None),
    (NotFound("no such"), b"-NOTFOUND no such\r\n", b"-NOTFOUND no such\r\n"),
]

VALUES = [
    (Page([MESSAGE]), [PLAIN]),
    (Page([]), []),
    (Roll([LINE, CRASHED], 2), [LINE_MAP, CRASHED_MAP]),
    (Listing([FILE], 0), [FILE_MAP]),
    (FileCard(FileFacts("a.txt", 3, START, "e1", "ab")), {**FILE_MAP, "sha256": "ab"}),
]

PUSHES = [
    (MESSAGE, PLAIN),
    (Message(5, START, "Ann", 1, "hi", "Bob", 2), {**PLAIN, "to": "Bob"}),
    (
        Presence(5, START, "Ann", 1, "renamed", name="Eve"),
        {"seq": 5, "kind": "presence", "at": AT, "sender": "Ann", "change": "renamed", "name": "Eve"},
    ),
    (ErasedMessage(5, START, "Ann", 1), {"seq": 5, "kind": "erased", "at": AT, "sender": "Ann"}),
]


def codec(protocol):
    made = RespCodec()
    made.protocol = protocol
    return made


@pytest.mark.parametrize("reply, resp2, resp3", BYTES, ids=lambda case: str(case)[:30])
def test_every_shape_has_its_bytes_in_both_versions(reply, resp2, resp3):
    assert codec(2).reply(reply) == resp2
    assert resp3 is None or codec(3).reply(reply) == resp3


@pytest.mark.parametrize("reply, value", VALUES, ids=lambda case: type(case).__name__)
def test_shapes_for_programs_are_maps_and_arrays(reply, value):
    assert Parser(bytearray(codec(3).reply(reply))).value()[1] == value


@pytest.mark.parametrize("entry, value", PUSHES, ids=lambda case: type(case).__name__)
def test_entries_are_pushed_as_maps(entry, value):
    kind, pushed = Parser(bytearray(RespCodec().push(entry))).value()
    assert (kind, pushed) == (">", ["entry", value])


def test_the_server_says_why_it_goes_in_a_push():
    kind, pushed = Parser(bytearray(RespCodec().closing_push("the server stops"))).value()
    assert (kind, pushed) == (">", ["closing", "the server stops"])


def test_a_greeting_switches_the_version_from_itself_on():
    wire = RespCodec()
    assert wire.reply({"a": 1}).startswith(b"*2")
    assert wire.reply(Greeting(3, {"proto": 3})).startswith(b"%1")
    assert wire.reply({"a": 1}).startswith(b"%1")
    assert wire.reply(Greeting(2, {"proto": 2})).startswith(b"*2")


@pytest.mark.parametrize("length", [0, 1, QUICK_LENGTH - 1, QUICK_LENGTH, 10 * QUICK_LENGTH])
def test_data_of_any_length_is_written_alike(length):
    assert RespCodec().reply(bytes(length)) == b"$%d\r\n%b\r\n" % (length, bytes(length))


@pytest.mark.parametrize(
    "sentence", ["a\r\nb", "a\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\u202eb", "a\ud800b"]
)
def test_an_error_stays_one_line_whatever_it_quotes(sentence):
    said = codec(2).reply(PorticoError(sentence)).decode()
    assert said.startswith("-ERR a?")
    assert said.endswith("b\r\n")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "reply, closing",
    [(ProtocolError("x"), True), (Farewell(""), True), (PorticoError("x"), False), (Full(3, 3), False)],
)
def test_only_the_last_word_closes(reply, closing):
    wire = RespCodec()
    wire.reply(reply)
    assert wire.closing is closing


@pytest.mark.parametrize("protocol", [2, 3])
def test_files_are_listed_in_the_bytes_of_the_generic_way(protocol):
    files = [
        FILE,
        FileFacts("h\u00e9/\U0001f600", 2**53, 0, "e2", "ab" * 32),
        FileFacts("x", 0, 1, "e3", None, "Ann"),
        FileFacts("y", 0, START, "e4", "cd" * 32, "Zo\u00eb"),
    ]
    assert encode(Listing(files, 0), protocol) == encode([file_map(file) for file in files], protocol)
