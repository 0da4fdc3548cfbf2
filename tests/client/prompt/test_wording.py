"""What is shown: the report's dialogue, the words of plain text, and nothing that drives a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.client.prompt.wording import Kind, Shown, answer, arrival, clean, echo, notice
from portico.model.entries import ErasedMessage, Message, Presence
from portico.model.errors import Full, PorticoError
from portico.model.files import FileFacts
from portico.model.replies import Farewell, Listing, Named, Said

FILES = [FileFacts(path, 1, 0, "e") for path in ("tester1.txt", "tester2.txt")]


@pytest.mark.parametrize(
    "reply,shown",
    [
        (Said(1, "Hello"), Shown(Kind.ACK, "Message: Hello ACK")),
        (Said(1, "two\nlines"), Shown(Kind.ACK, "Message: two\n  lines ACK")),
        (Listing(FILES, 0), Shown(Kind.ANSWER, "Message:\nFiles: tester1.txt | tester2.txt |")),
        (Farewell("Client1"), Shown(Kind.ANSWER, "Message:\nGoodbye, Client1.")),
        (
            Named("Ann", 1, 3),
            Shown(Kind.ANSWER, "Message:\nYou are Ann (1 of 3 clients). Type help for the commands."),
        ),
        ("OK", Shown(Kind.ANSWER, "Message:\nOK")),
        (PorticoError("no"), Shown(Kind.REFUSAL, "error: no")),
        (Full(3, 3), Shown(Kind.REFUSAL, "Server is full: 3 of 3 clients are connected. Try again later.")),
    ],
)
def test_an_answer(reply, shown):
    assert answer(reply) == shown


@pytest.mark.parametrize(
    "entry,shown",
    [
        (Message(1, 0, "Bob", 0, "hi"), Shown(Kind.MESSAGE, "Bob: hi", 3)),
        (Message(1, 0, "Bob", 0, "a: b\nc"), Shown(Kind.MESSAGE, "Bob: a: b\n  c", 3)),
        (Message(1, 0, "Bob", 0, "hi", "Ann"), Shown(Kind.MESSAGE, "Bob (to you): hi", 12)),
        (Presence(1, 0, "Bob", 0, "joined"), Shown(Kind.EVENT, "* Bob joined")),
        (Presence(1, 0, "Bob", 0, "renamed", "Rob"), Shown(Kind.EVENT, "* Bob is now Rob")),
        (ErasedMessage(1, 0, "Bob", 0), Shown(Kind.EVENT, "* a message of Bob was erased")),
    ],
)
def test_an_entry(entry, shown):
    assert arrival(entry) == shown


def test_what_was_typed_stands_as_behind_the_prompt():
    assert echo("Client1", "one\ntwo") == Shown(Kind.TYPED, "Client1: one\n  two", 7)


def test_a_notice_is_set_apart():
    assert notice("back") == Shown(Kind.NOTICE, "* back")


@given(st.text())
def test_nothing_drives_the_terminal(text):
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert all(each in "\n\t" or each >= " " for each in cleaned)
    assert not {*cleaned} & {"\x7f", "\x9b", "\u202e", "\ud800"}


def test_an_escape_sequence_of_another_server_is_shown_not_obeyed():
    assert arrival(Message(1, 0, "Bob", 0, "\x1b[2J\x9b2J")).text == "Bob: ?[2J?2J"
