"""The words of plain text: every row of the contract, and that nobody can forge another's line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.entries import ErasedMessage, FileEvent, Message, Presence
from portico.model.errors import Full, NeedResp3, NotAWebAddress, PorticoError, ProtocolError
from portico.model.files import Chunk, FileFacts
from portico.model.instants import local_text
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
)
from portico.wire.text import TextCodec
from portico.wire.views import MANUAL_HEAD, view
from tests.support.service import START

AT = local_text(START)
ANN = SessionLine("Client1", "127.0.0.1", 58596, START, None, "")
BOB = SessionLine("Bob", "::1", 58600, START, START, "")
HI = Message(5, START, "Ann", 1, "hi")


def files(*paths):
    return [FileFacts(path, 21_000, START, "e1") for path in paths]


ANN_LINES = f"""\
Client Name: Client1
Client Address: ('127.0.0.1', 58596)
Client Connection Time: {AT}
Client Disconnect Time: None
-----
"""
BOB_LINES = f"""\
Client Name: Bob
Client Address: ('::1', 58600)
Client Connection Time: {AT}
Client Disconnect Time: {AT}
-----
"""

VIEWS = [
    (Named("Client1", 1, 3), "You are Client1 (1 of 3 clients). Type help for the commands.\n"),
    (Said(5, "Hello"), "Hello ACK\n"),
    (Listing(files("tester1.txt", "tester2.txt"), 0), "Files: tester1.txt | tester2.txt |\n"),
    (Listing(files("a", "notes/b c"), 1_234), "Files: a | notes/b c | and 1,234 more\n"),
    (Listing([], 0), "Files: (none)\n"),
    (Roll([ANN, BOB], 0), ANN_LINES + BOB_LINES),
    (Roll([BOB], 7), BOB_LINES + "(7 earlier clients left out)\n"),
    (Roll([], 0), "(none)\n"),
    (Farewell("Client1"), "Goodbye, Client1.\n"),
    (Farewell(""), "Goodbye.\n"),
    (Full(3, 3), "Server is full: 3 of 3 clients are connected. Try again later.\n"),
    (PorticoError("that was wrong"), "error: that was wrong\n"),
    (ProtocolError("line too long"), "error: line too long\n"),
    (NotAWebAddress(), None),
    (NeedResp3(), None),
    (Page([]), "(nothing)\n"),
    (Page([HI]), f"5 {AT} Ann: hi\n"),
    (Page([Message(5, START, "Ann", 1, "hi", "Bob", 2)]), f"5 {AT} Ann (to Bob): hi\n"),
    (Page([Message(5, START, "Ann", 1, "a\nBob: b")]), f"5 {AT} Ann: a\n  Bob: b\n"),
    (FileCard(files("a.txt")[0]), f"a.txt\n  21,000 bytes, changed {AT}, etag e1\n"),
    (
        FileCard(FileFacts("a.txt", 1, START, "e1", "abc")),
        f"a.txt\n  1 bytes, changed {AT}, etag e1\n  sha256 abc\n",
    ),
    (Manual([CommandLine("TELL name text", "Says")]), f"{MANUAL_HEAD}\n/tell name text - Says\n"),
    (Manual([CommandLine("BYE", "Leaves")], "answers: OK"), "/bye - Leaves\nanswers: OK\n"),
    (Greeting(0, {"server": "portico", "name": None}), "server: portico\nname: None\n"),
    (OK, "OK\n"),
    (None, "(nothing)\n"),
    (7, "7\n"),
    (b"h\xff", "h\ufffd\n"),
    ({}, "(nothing)\n"),
    ([], "(nothing)\n"),
    ([["a", OK], {"b": [1]}], "a OK\nb: 1\n"),
    (Chunk("a", "e1", 9, 0, b"a\r\nb\x1b[2J\xff\n"), "a\nb?[2J\ufffd\n"),
    (Chunk("a", "e1", 9, 9, b""), "(nothing)\n"),
    ("# Server\r\nloading:0\r\n", "# Server\nloading:0\n"),
]

PUSHES = [
    (HI, "Ann: hi\n"),
    (Message(5, START, "Ann", 1, "a\nb\n\nc"), "Ann: a\n  b\n  \n  c\n"),
    (Message(5, START, "Ann", 1, "a\n* Bob left\nBob: b"), "Ann: a\n  * Bob left\n  Bob: b\n"),
    (Message(5, START, "Ann", 1, "a\tb"), "Ann: a\tb\n"),
    (Message(5, START, "Ann", 1, "hi", "Bob", 2), "Ann (to you): hi\n"),
    (Presence(5, START, "Ann", 1, "joined"), "* Ann joined\n"),
    (Presence(5, START, "Ann", 1, "left"), "* Ann left\n"),
    (Presence(5, START, "Ann", 1, "left", reason="crash"), "* Ann left\n"),
    (Presence(5, START, "Ann", 1, "renamed", name="Eve"), "* Ann is now Eve\n"),
    (FileEvent(5, START, "Ann", 1, "added", "a.txt", 1_200), "* Ann put a.txt (1.2 KB)\n"),
    (FileEvent(5, START, "Ann", 1, "changed", "a.txt", 5), "* Ann put a.txt (5 bytes)\n"),
    (FileEvent(5, START, "Ann", 1, "removed", "a.txt"), "* a.txt removed\n"),
    (FileEvent(5, START, "Ann", 1, "moved", "b.txt", 5, origin="a.txt"), "* Ann moved a.txt to b.txt\n"),
    (FileEvent(5, START, "", 0, "moved", "b.txt", 5, origin="a.txt"), "* a.txt moved to b.txt\n"),
    (FileEvent(5, START, "", 0, "added", "a.txt", 5), "* a.txt (5 bytes) added\n"),
    (FileEvent(5, START, "", 0, "many", "", count=2_000), "* 2,000 files changed\n"),
    (ErasedMessage(5, START, "Ann", 1), "* a message of Ann was erased\n"),
]


@pytest.mark.parametrize("reply, lines", VIEWS, ids=lambda case: type(case).__name__)
def test_replies_have_the_words_that_were_promised(reply, lines):
    said = TextCodec().reply(reply).decode()
    if lines is None:
        lines = f"error: {reply.sentence}\n"
    assert said == lines


def test_the_web_sentence_begins_as_promised():
    assert view(NotAWebAddress()).startswith("error: this is not a web address ")


@pytest.mark.parametrize("entry, lines", PUSHES, ids=lambda case: getattr(case, "change", ""))
def test_pushes_are_whole_lines_in_the_promised_words(entry, lines):
    assert TextCodec().push(entry).decode() == lines


@given(st.text(alphabet="ab:* \n\t", min_size=1))
def test_no_message_can_pass_for_the_line_of_another(text):
    first, *further = TextCodec().push(Message(5, START, "Ann", 1, text)).decode().split("\n")[:-1]
    assert first.startswith("Ann: ")
    assert all(line.startswith("  ") for line in further)


@pytest.mark.parametrize(
    "sentence", ["a\nClient1: b", "a\r\nb", "a\x1b[2Jb", "a\x00b", "a\u2029b", "a\ud800b"]
)
def test_an_error_stays_one_line_whatever_it_quotes(sentence):
    (line,) = TextCodec().reply(PorticoError(sentence)).decode().splitlines()
    assert line.startswith("error: a?")


def test_the_word_that_the_server_goes_is_one_line():
    assert TextCodec().closing_push("the server stops\nnow") == b"* the server stops?now\n"


@pytest.mark.parametrize(
    "reply, first, later",
    [
        (Named("Ann", 1, 3), False, False),
        (PorticoError("no"), True, False),
        (Full(3, 3), True, True),
        (ProtocolError("line too long"), True, True),
        (NotAWebAddress(), True, True),
        (Farewell("Ann"), True, True),
    ],
    ids=lambda case: type(case).__name__,
)
def test_who_cannot_join_and_who_says_goodbye_is_closed(reply, first, later):
    fresh, greeted = TextCodec(), TextCodec()
    greeted.reply(Named("Ann", 1, 3))
    fresh.reply(reply)
    greeted.reply(reply)
    assert (fresh.closing, greeted.closing) == (first, later)


def test_bytes_of_a_file_are_shown_as_lines_that_drive_no_terminal():
    chunk = Chunk("a", "e", 99, 0, b"one\r\n\ttwo\x1b[2J\xff\nthree\n")
    assert view(chunk) == "one\n\ttwo?[2J\ufffd\nthree\n"
