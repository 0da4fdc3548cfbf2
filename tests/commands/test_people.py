"""Names, status and goodbyes."""

import pytest

from tests.support.resp import encode
from tests.support.service import InMemory, RespError


@pytest.fixture
def room():
    return InMemory()


def test_name_joins_renames_and_tells(room):
    program = room.resp()
    assert program.call("NAME") == "Client1"
    assert program.call("NAME") == "Client1"
    assert program.call("NAME", "Ann") == "Ann"
    assert program.call("name", "ANN") == "ANN"
    assert program.call("NAME") == "ANN"
    assert room.resp().call("NAME") == "Client2"


@pytest.mark.parametrize(
    "name, code",
    [
        ("Bob", "TAKEN"),
        ("bOB", "TAKEN"),
        ("\uff22ob", "TAKEN"),
        ("", "BADNAME"),
        ("Client1", "BADNAME"),
        ("a:b", "BADNAME"),
        ("a\r\n+OK", "BADNAME"),
        ("x" * 2_000, "BADNAME"),
        (b"\xff", "ERR"),
    ],
)
def test_a_name_that_cannot_be_had_changes_nothing(room, name, code):
    room.resp().call("NAME", "Bob")
    visitor, ann = room.resp(), room.resp()
    ann.call("NAME", "Ann")
    assert visitor.refusal("NAME", name).split()[0] == code
    assert ann.refusal("NAME", name).split()[0] == code
    assert ann.call("NAME") == "Ann"
    assert (visitor.call_state.session, visitor.call_state.joining) == (0, False)
    assert len(room.room.state.names) == 2


@pytest.mark.parametrize("line", ["/name Ann Lee", "/name  Ann Lee ", '/name "Ann Lee"', "/NAME Ann Lee"])
def test_people_take_a_name_of_several_words(room, line):
    person = room.text()
    person.type("")
    assert person.type(line) == ["You are Ann Lee (1 of 3 clients). Type help for the commands."]


def test_the_first_line_is_greeted_before_it_is_answered(room):
    assert room.text().type("/name Ann") == [
        "You are Client1 (1 of 3 clients). Type help for the commands.",
        "You are Ann (1 of 3 clients). Type help for the commands.",
    ]
    assert room.text().type("") == ["You are Client2 (2 of 3 clients). Type help for the commands."]


def test_a_full_room_says_so_and_closes(room):
    for _ in range(3):
        room.text().type("")
    late = room.text()
    assert late.type("Hello", "Hello") == ["Server is full: 3 of 3 clients are connected. Try again later."]
    assert late.closed


def test_status_shows_every_session_oldest_first(room):
    ann, bob = room.resp(3), room.resp(3)
    ann.call("NAME", "Ann")
    bob.call("NAME", "Bob")
    ann.call("BYE")
    gone, here = bob.call("STATUS")
    assert gone == {
        "name": "Ann",
        "address": "127.0.0.1:58596",
        "connected": "2025-02-10T23:46:52.048084Z",
        "disconnected": "2025-02-10T23:46:52.048084Z",
    }
    assert (here["name"], here["disconnected"]) == ("Bob", None)
    assert bob.call("STATUS", "ONLINE") == bob.call("STATUS", "COUNT", 1) == [here]
    assert room.resp(2).call("STATUS", "COUNT", "1", "ONLINE")[0][:2] == ["name", "Bob"]


@pytest.mark.parametrize("count", [0, 10_001, "x", "9" * 99])
def test_status_refuses_counts_out_of_range(room, count):
    assert room.resp().refusal("STATUS", "COUNT", count) == "ERR COUNT is a whole number from 1 to 10,000"


def test_the_word_status_shows_the_newest_100_and_how_many_were_left_out():
    room = InMemory(max_clients=1_000)
    for _ in range(119):
        room.resp().call("NAME")
    person = room.text()
    lines = person.type("status")[1:]
    assert lines[0] == "Client Name: Client21"
    assert lines.count("-----") == 100
    assert lines[-1] == "(20 earlier clients left out)"
    assert person.type("/status 1")[0] == "Client Name: Client120"
    assert person.type("/say status") == ["status ACK"]


def test_bye_frees_the_place_and_the_name(room):
    ann = room.resp()
    ann.call("NAME", "Ann")
    assert ann.call("BYE") == "OK"
    assert ann.closed
    assert room.room.state.names == {}
    assert room.resp().call("NAME", "Ann") == "Ann"


@pytest.mark.parametrize("word", ["BYE", "QUIT", "bye"])
def test_a_visitor_may_say_goodbye_too(room, word):
    visitor = room.resp()
    assert visitor.call(word) == "OK"
    assert visitor.closed
    assert room.history.head == 0


@pytest.mark.parametrize("joined", [True, False])
def test_nothing_behind_bye_is_carried_out(room, joined):
    program = room.resp()
    if joined:
        program.call("NAME", "Ann")
    head = room.history.head
    answers = [
        program.answer(request) for request in program.codec.receive(encode("BYE") + encode("SAY", "late"))
    ]
    assert answers[1].sentence == "this connection has said goodbye"
    assert room.history.head == head + joined
    assert program.answer([b"EXEC"]).sentence == "this connection has said goodbye"


def test_people_hear_goodbye_and_nothing_more(room):
    person = room.text()
    assert person.type("Hello", "BYE", "more")[2:] == ["Goodbye, Client1."]
    assert person.closed
    assert person.type("more") == []


def test_a_last_line_without_its_end_is_run_and_answered(room):
    person = room.text()
    person.feed(b"Hello\nbye")
    assert person.end() == b"Goodbye, Client1.\n"


def test_a_lost_browser_says_nothing_in_the_room(room):
    person = room.text()
    (greeting, _, error) = person.type("Hello", "Host: localhost", "hi", "hi")
    assert greeting.startswith("You are Client1")
    assert error.startswith("error: this is not a web address ")
    assert room.history.head == 2
    stranger = room.text()
    assert len(stranger.type("PRI * HTTP/2.0", "", "SM", "")) == 1
    assert room.history.head == 2


@pytest.mark.parametrize("line", ["a\x1b[2Jb", "a\x00b", "a\u202eb", "a\x07", "a\rb"])
def test_a_line_with_control_characters_is_one_error(room, line):
    person = room.text()
    person.type("")
    (error,) = person.type(line)
    assert error.startswith("error: a message cannot hold control characters")


def test_errors_of_programs_are_one_line_whatever_is_asked(room):
    program = room.resp()
    for words in (("HELP", "a\r\n+OK"), ("a\r\nb",), ("TELL", "a\nb", "hi"), ("STAT", "a\r\nb")):
        (reply,) = program.replies(program.feed(encode(*words)))
        assert isinstance(reply, RespError)


def test_who_is_gone_when_the_name_is_there_is_no_trouble(room, monkeypatch):
    program = room.resp()
    monkeypatch.setattr(program, "attach", lambda _session: None)
    assert program.refusal("NAME", "ann").startswith("NOTFOUND ")
