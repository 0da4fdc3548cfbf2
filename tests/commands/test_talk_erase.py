"""Erasing: who may, what stays, and what cannot even be found."""

import pytest

from tests.support.service import InMemory, finish


@pytest.fixture
def room():
    return InMemory()


def test_the_sender_erases_and_the_entry_stays_as_erased(room):
    ann, bob = room.resp(3), room.resp(3)
    ann.call("SAY", "oops", "ID", "k")
    bob.call("NAME", "Bob")
    assert (
        bob.refusal("ERASE", 2)
        == "DENIED entry 2 was said by Client1; only its sender or an admin may erase it"
    )
    assert ann.call("ERASE", 2) == ann.call("ERASE", 2) == "OK"
    erased = bob.call("HISTORY", "KIND", "erased")
    assert [(each["seq"], each["sender"], "text" in each) for each in erased] == [(2, "Client1", False)]
    assert b"oops" not in b"".join(record.body for record in records(room))
    assert ann.call("SAY", "oops", "ID", "k") == 2


def records(room):
    return finish(room.log.read("main", 0, 100))


def test_a_visitor_erases_nothing_not_even_what_it_said(room):
    program = room.resp()
    program.call("SAY", "hi", "AS", "Script")
    assert program.refusal("ERASE", 1).startswith("DENIED ")


@pytest.mark.parametrize(
    "seq, sentence",
    [
        (0, "NOTFOUND there is no entry 0"),
        (3, "NOTFOUND there is no entry 3"),
        (2**53, "NOTFOUND there is no entry 9007199254740992"),
        (1, "ERR entry 1 is not a message; only messages have a text to erase"),
        ("x", "ERR the number of an entry is a whole number from 0 to 9,007,199,254,740,992"),
    ],
)
def test_only_messages_that_are_there_can_be_erased(room, seq, sentence):
    program = room.resp()
    program.call("SAY", "hi")
    assert program.refusal("ERASE", seq) == sentence


def test_what_others_were_told_cannot_even_be_found(room):
    ann, bob, eve = room.resp(), room.resp(), room.resp()
    ann.call("NAME", "Ann"), bob.call("NAME", "Bob"), eve.call("NAME", "Eve")
    seq = ann.call("TELL", "Bob", "psst")
    assert eve.refusal("ERASE", seq) == f"NOTFOUND there is no entry {seq}"
    assert bob.refusal("ERASE", seq).startswith("DENIED ")
