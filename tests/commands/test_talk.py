"""Saying, telling, reading, following: as programs and people see it."""

import pytest

from portico.model.entries import KINDS
from tests.support.service import InMemory


@pytest.fixture
def room():
    return InMemory()


def seqs(page):
    return [entry["seq"] for entry in page]


# --- SAY and TELL ---------------------------------------------------------------------------------


def test_a_message_joins_and_its_number_comes_back(room):
    program = room.resp(3)
    assert program.call("SAY", "hi") == 2
    assert program.call("SAY", "again") == 3
    joined, said, _ = program.call("HISTORY")
    assert (joined["kind"], joined["change"], joined["sender"]) == ("presence", "joined", "Client1")
    assert (said["text"], said["sender"]) == ("hi", "Client1")


def test_a_full_room_refuses_who_would_join_with_a_message():
    room = InMemory(max_clients=1)
    room.resp().call("SAY", "hi")
    late = room.resp()
    sentence = "FULL Server is full: 1 of 1 clients are connected. Try again later."
    assert late.refusal("SAY", "hi") == late.refusal("NAME") == sentence
    assert room.history.head == 2


def test_the_same_key_and_content_again_is_stored_once(room):
    first, second = room.resp(), room.resp()
    assert first.call("SAY", "hi", "ID", "k1") == 2
    assert first.call("SAY", "hi", "ID", "k1") == 2
    assert second.call("SAY", "hi", "ID", "k1") == 2
    assert second.refusal("SAY", "other", "ID", "k1").startswith("EXISTS ")
    assert second.refusal("TELL", "Client1", "hi", "ID", "k1").startswith("EXISTS ")
    assert room.history.head == 2


def test_a_visitor_speaks_under_a_name_and_takes_no_place(room):
    program = room.resp(3)
    assert program.call("SAY", "hi", "AS", "Script") == 1
    assert program.call("HELLO")["name"] is None
    room.resp().call("NAME", "Ann")
    assert program.refusal("SAY", "hi", "AS", "ANN") == "TAKEN the name ANN is taken; choose another"
    assert program.refusal("SAY", "hi", "AS", "Client9").startswith("BADNAME ")


def test_what_is_told_is_seen_by_two_only(room):
    ann, bob, eve = room.resp(3), room.resp(3), room.resp(3)
    ann.call("NAME", "Ann")
    bob.call("NAME", "Bob")
    assert ann.call("TELL", "bob", "psst") == 3
    for one, seen in ((ann, [1, 2, 3]), (bob, [1, 2, 3]), (eve, [1, 2])):
        assert seqs(one.call("HISTORY")) == seen
    assert ann.call("HISTORY")[-1]["to"] == "Bob"


@pytest.mark.parametrize("name", ["Nobody", "Client9", "a\r\n+OK", "x" * 2_000, ""])
def test_telling_nobody_is_not_found(room, name):
    program = room.resp()
    assert program.refusal("TELL", name, "hi").startswith("NOTFOUND nobody here ")
    assert room.history.head == 0


def test_a_client_without_a_chosen_name_can_be_told_something(room):
    ann, bob = room.text(), room.text()
    ann.type(""), bob.type("")
    ann.heard()
    assert ann.type("/tell Client2 hi there") == ["hi there ACK"]
    assert bob.heard_lines() == ["Client1 (to you): hi there"]


# --- HISTORY --------------------------------------------------------------------------------------


def fill(room, count):
    program = room.resp(3)
    for number in range(count):
        program.call("SAY", f"{number}", "AS", "Script")
    return program


@pytest.mark.parametrize(
    "options, expected",
    [
        ((), range(21, 121)),
        (("COUNT", 3), [118, 119, 120]),
        (("SINCE", 0, "COUNT", 2), [1, 2]),
        (("SINCE", 117), [118, 119, 120]),
        (("SINCE", 120), []),
        (("COUNT", 1, "SINCE", 118), [119]),
        (("KIND", "presence"), []),
        (("kind", "Message", "count", 1), [120]),
        (("COUNT", 1_000), range(1, 121)),
        (("SINCE", 0, "COUNT", 1, "WAIT", 5), [1]),
        (("COUNT", 1, "WAIT", 60_000), [120]),
    ],
)
def test_history_is_the_first_after_a_number_or_the_newest(room, options, expected):
    assert seqs(fill(room, 120).call("HISTORY", *options)) == list(expected)


@pytest.mark.parametrize(
    "options, sentence",
    [
        (("COUNT", 0), "ERR COUNT is a whole number from 1 to 1,000"),
        (("COUNT", 1_001), "ERR COUNT is a whole number from 1 to 1,000"),
        (("COUNT", "9" * 1_000), "ERR COUNT is a whole number from 1 to 1,000"),
        (("WAIT", 60_001), "ERR WAIT is a whole number from 0 to 60,000"),
        (("SINCE", "-1"), "ERR the number of an entry is a whole number from 0 to 9,007,199,254,740,992"),
        (("SINCE", 4), "GONE entries from 1 to 3 are kept"),
        (("SINCE", 4, "WAIT", 10), "GONE entries from 1 to 3 are kept"),
        (("SINCE", 2**53), "GONE entries from 1 to 3 are kept"),
        (("KIND", "rumour"), f"ERR KIND is one of {', '.join(KINDS)}"),
    ],
)
def test_history_says_why_not(room, options, sentence):
    assert fill(room, 3).refusal("HISTORY", *options) == sentence


def test_what_is_not_kept_is_gone_and_never_a_silent_gap(room):
    program = fill(room, 5)
    room.history.first = 3
    assert program.refusal("HISTORY", "SINCE", 1) == "GONE entries from 3 to 5 are kept"
    assert program.refusal("FOLLOW", "SINCE", 1) == "GONE entries from 3 to 5 are kept"
    assert seqs(program.call("HISTORY", "SINCE", 2)) == [3, 4, 5]


def test_waiting_ends_with_the_first_entry_that_counts(room):
    program, other = fill(room, 1), room.resp()
    room.clock.meanwhile = [
        lambda: other.call("NAME", "Ann"),
        lambda: None,
    ]
    began = room.clock.instant
    assert seqs(program.call("HISTORY", "SINCE", 1, "WAIT", 1_000)) == [2]
    assert room.clock.instant == began


def test_waiting_goes_on_past_what_is_not_asked_for(room):
    program, other = fill(room, 1), room.resp()
    room.clock.meanwhile = [lambda: other.call("NAME", "Ann"), lambda: other.call("SAY", "hi")]
    assert seqs(program.call("HISTORY", "SINCE", 1, "KIND", "message", "WAIT", 1_000)) == [3]


def test_waiting_ends_with_the_time(room):
    program = fill(room, 1)
    began = room.clock.instant
    assert program.call("HISTORY", "SINCE", 1, "WAIT", 1_500) == []
    assert room.clock.instant - began == 1_500_000


def test_an_empty_room_is_waited_for_without_a_number(room):
    program, other = room.resp(3), room.resp()
    room.clock.meanwhile = [lambda: other.call("SAY", "hi", "AS", "Script")]
    assert seqs(program.call("HISTORY", "WAIT", 1_000)) == [1]
    assert program.call("HISTORY", "KIND", "erased") == []


# --- FOLLOW and QUIET -----------------------------------------------------------------------------


def test_following_pushes_every_entry_once_from_now_on_or_after_a_number(room):
    program, other = fill(room, 3), room.resp(3)
    assert program.call("FOLLOW", "SINCE", 1) == "OK"
    other.call("SAY", "hi", "AS", "Script")
    assert [push[1]["seq"] for push in program.heard_pushes()] == [2, 3, 4]
    assert other.call("FOLLOW") == "OK"
    assert other.heard_pushes() == []
    assert other.call("QUIET") == "OK"
    program.call("SAY", "ho", "AS", "Script")
    assert other.heard_pushes() == []


def test_resp2_cannot_be_pushed_to(room):
    program = room.resp(2)
    assert program.refusal("FOLLOW").startswith("NEEDRESP3 ")
    assert program.call("QUIET") == "OK"


def test_going_back_to_resp2_ends_the_pushes(room):
    program = room.resp(3)
    program.call("FOLLOW")
    program.call("HELLO", 2)
    room.resp().call("SAY", "hi", "AS", "Script")
    assert program.heard() == b""
    assert not program.following


def test_people_are_pushed_to_from_their_greeting_on_until_they_want_quiet(room):
    ann, bob = room.text(), room.text()
    room.resp().call("SAY", "before", "AS", "Script")
    assert ann.type("Hello") == ["You are Client1 (1 of 3 clients). Type help for the commands.", "Hello ACK"]
    assert bob.type("hi") == ["You are Client2 (2 of 3 clients). Type help for the commands.", "hi ACK"]
    assert ann.heard_lines() == ["* Client2 joined", "Client2: hi"]
    assert bob.type("/name Bob", "bye") == [
        "You are Bob (2 of 3 clients). Type help for the commands.",
        "Goodbye, Bob.",
    ]
    assert ann.heard_lines() == ["* Client2 is now Bob", "* Bob left"]
    assert ann.type("/quiet") == ["OK"]
    room.resp().call("SAY", "after", "AS", "Script")
    assert ann.heard_lines() == []
