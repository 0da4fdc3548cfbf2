"""HELLO in all its forms, and RESUME: an error leaves everything as it was."""

import pytest

from tests.support.resp import pairs
from tests.support.service import InMemory

FACTS = [
    *("server", "version", "proto", "id", "mode", "role", "room", "log", "first", "head"),
    *("clients", "max_clients", "name"),
]
DAY = 24 * 3_600 * 1_000_000


@pytest.fixture
def room():
    return InMemory()


def test_hello_introduces_the_server(room):
    visitor = room.resp()
    facts = pairs(visitor.call("HELLO"))
    assert list(facts) == FACTS
    assert facts == {
        **facts,
        "server": "portico",
        "proto": 2,
        "id": 1,
        "mode": "standalone",
        "role": "master",
        "room": "main",
        "log": "0123456789abcdef",
        "first": 1,
        "head": 0,
        "clients": 0,
        "max_clients": 3,
        "name": None,
    }
    assert room.history.head == 0


def test_hello_chooses_the_version_and_setname_joins(room):
    program = room.resp()
    facts = program.call("HELLO", 3, "SETNAME", "Ann")
    assert list(facts) == [*FACTS, "resume"]
    assert (facts["proto"], facts["name"], facts["clients"], facts["head"]) == (3, "Ann", 1, 1)
    assert program.call("HELLO")["name"] == "Ann"
    assert program.call("HELLO", 3, "SETNAME", "Eve")["name"] == "Eve"
    assert pairs(program.call("HELLO", 2))["proto"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("3", "AUTH", "me", "token", "SETNAME", "Ann"),
        ("3", "setname", "Ann", "auth", "me", "token"),
        ("SETNAME", "Ann"),
        ("AUTH", "default", "x", "SETNAME", "Ann"),
    ],
)
def test_options_come_in_any_order_and_case(room, words):
    room.resp().call("HELLO", *words)
    assert list(room.room.state.names) == ["ann"]


REFUSALS = [
    (("4",), "NOPROTO unsupported protocol version; 2 and 3 are spoken here"),
    (("1", "SETNAME", "Ann"), "NOPROTO unsupported protocol version; 2 and 3 are spoken here"),
    (("three",), "NOPROTO unsupported protocol version; 2 and 3 are spoken here"),
    (("3", "SETNAME", "Bob"), "TAKEN the name Bob is taken; choose another"),
    (("3", "SETNAME", "a:b"), "BADNAME a name cannot contain : / @ or *"),
    (("3", "SETNAME"), "ERR HELLO does not take these arguments; usage: HELLO [version] "),
    (("3", "AUTH", "token"), "ERR HELLO does not take these arguments; usage: HELLO [version] "),
    (("3", "2"), "ERR HELLO does not take these arguments; usage: HELLO [version] "),
    (("3", "SETNAME", "Ann", "RESUME", "x"), "ERR SETNAME begins a session and RESUME continues one; "),
    (("3", "RESUME", "garbage"), "NOTFOUND no session can be continued with this secret; "),
    (("3", "RESUME", ""), "NOTFOUND no session can be continued with this secret; "),
    (("3", "RESUME", "a\r\nb"), "NOTFOUND no session can be continued with this secret; "),
    (("3", "RESUME", "x" * 2_000), "ERR an argument is longer than 1,024 bytes"),
    (("3", "RESUME", b"\xff"), "ERR text must be UTF-8"),
]


@pytest.mark.parametrize("words, sentence", REFUSALS, ids=lambda case: " ".join(map(str, case))[:40])
@pytest.mark.parametrize("joined", [False, True])
def test_an_error_leaves_everything_as_it_was(room, words, sentence, joined):
    room.resp().call("NAME", "Bob")
    program = room.resp()
    if joined:
        program.call("NAME", "Zoe")
    before = (program.call("HELLO"), program.call_state.session, room.room.state.digest())
    assert program.refusal("HELLO", *words).startswith(sentence)
    assert (program.call("HELLO"), program.call_state.session, room.room.state.digest()) == before
    assert (program.codec.protocol, program.call_state.protocol, program.call_state.pushes) == (2, 2, False)
    assert not program.call_state.joining


def test_a_full_room_refuses_setname_but_not_hello():
    room = InMemory(max_clients=1)
    room.resp().call("NAME")
    late = room.resp()
    assert late.refusal("HELLO", 3, "SETNAME", "Ann").startswith("FULL ")
    assert late.call("HELLO", 3)["clients"] == 1


def test_resume_continues_a_session_under_its_name_and_line(room):
    ann = room.resp(3)
    secret = ann.call("HELLO", 3, "SETNAME", "Ann")["resume"]
    ann.call("BYE")
    again = room.resp(3)
    facts = again.call("HELLO", 3, "RESUME", secret)
    assert (facts["name"], facts["resume"]) == ("Ann", secret)
    (line,) = again.call("STATUS")
    assert line["disconnected"] is None
    assert again.call("SAY", "back") == 4


def test_resume_closes_the_older_connection(room):
    ann = room.resp(3)
    secret = ann.call("HELLO", 3, "SETNAME", "Ann")["resume"]
    again = room.resp(3)
    assert again.call("HELLO", 3, "RESUME", secret)["name"] == "Ann"
    assert (ann.closed, ann.call_state.session) == (True, 0)
    assert room.history.head == 1
    assert again.call("HELLO", "RESUME", secret)["name"] == "Ann"


def test_a_connection_holds_one_session_and_leaves_the_one_it_had(room):
    secret = room.resp(3).call("HELLO", 3, "SETNAME", "Ann")["resume"]
    bob = room.resp(3)
    bob.call("NAME", "Bob")
    assert bob.call("HELLO", 3, "RESUME", secret)["name"] == "Ann"
    assert list(room.room.state.names) == ["ann"]


def test_resume_ends_a_day_after_the_session(room):
    ann = room.resp(3)
    secret = ann.call("HELLO", 3, "SETNAME", "Ann")["resume"]
    ann.call("BYE")
    room.clock.instant += DAY + 1
    assert room.resp().refusal("HELLO", 3, "RESUME", secret).startswith("NOTFOUND ")
    room.clock.instant -= 1
    assert room.resp(3).call("HELLO", 3, "RESUME", secret)["name"] == "Ann"


def test_resume_needs_a_place_and_the_name():
    room = InMemory(max_clients=1)
    ann = room.resp(3)
    secret = ann.call("HELLO", 3, "SETNAME", "Ann")["resume"]
    ann.call("BYE")
    other = room.resp()
    other.call("NAME", "Bob")
    assert room.resp().refusal("HELLO", "RESUME", secret).startswith("FULL ")
    other.call("BYE")
    room.resp().call("NAME", "Ann")
    assert room.resp().refusal("HELLO", "RESUME", secret).split()[0] in {"TAKEN", "FULL"}


def test_people_have_no_versions_to_choose_from(room):
    person = room.text()
    person.type("")
    assert person.type("/hello 3") == ["error: versions are a matter of RESP; this wire has only one"]
    assert "name: Client1" in person.type("/hello")
    assert person.type("/hello setname Ann")[0] == "server: portico"
    assert person.type("/hello RESUME garbage")[0].startswith("error: ")
