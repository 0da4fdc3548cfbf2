"""Before and after the token: what each wire takes and answers, and what each role may do."""

import pytest

from portico.model.access import ADMIN, MEMBER, READER, Grant
from portico.model.policy import CHANGE, READ, Policy
from tests.support.resp import encode, pairs
from tests.support.service import InMemory

READERS, MEMBERS, ADMINS = "reader-token", "member-token", "admin-token"
TOKENS = {READERS: Grant(READER, "r"), MEMBERS: Grant(MEMBER, "m"), ADMINS: Grant(ADMIN, "a")}
WANTED = "error: this room wants a token: /auth TOKEN"
WRONG = "this token is not valid here; ask whoever runs the room for one"


@pytest.fixture
def room():
    return InMemory(tokens=TOKENS)


def program(room, token):
    one = room.resp()
    assert one.call("AUTH", token) == "OK"
    return one


# Plain text


def test_a_person_shows_the_token_first_and_is_greeted_then(room):
    person = room.text()
    assert person.type(f"/auth {MEMBERS}", "Hello") == [
        "You are Client1 (1 of 3 clients). Type help for the commands.",
        "OK",
        "Hello ACK",
    ]
    room.resp().call("AUTH", MEMBERS)
    other = room.text()
    other.type(f"/auth {MEMBERS}")
    assert person.heard_lines() == ["* Client2 joined"]


@pytest.mark.parametrize(
    "line", ["Hello", "", "help", "status", "list", "/auth", "/name Ann", "/help", "//x"]
)
def test_anything_else_is_answered_with_what_is_wanted_and_the_third_time_closed(room, line):
    person = room.text()
    assert len(person.type(line)) == 1
    assert person.type("Hello") == [WANTED]
    assert not person.closed
    assert person.type("Hello") == [WANTED]
    assert person.closed
    assert room.history.head == 0, "nothing was said, and nobody has joined"


def test_the_third_line_may_still_be_the_token(room):
    person = room.text()
    assert person.type("Hello", "/auth wrong") == [WANTED, f"error: {WRONG}"]
    assert person.type(f"/auth {MEMBERS}")[0].startswith("You are Client1 ")
    assert person.type("Hello") == ["Hello ACK"]


def test_wrong_tokens_count_among_the_three_lines(room):
    person = room.text()
    assert person.type("/auth a", "/auth b", "/auth c") == [f"error: {WRONG}"] * 3
    assert person.closed


def test_a_full_room_says_so_once_the_token_was_right(room):
    for _ in range(3):
        room.text().type(f"/auth {MEMBERS}")
    late = room.text()
    assert late.type(f"/auth {MEMBERS}") == ["Server is full: 3 of 3 clients are connected. Try again later."]
    assert late.closed


def test_a_long_line_before_the_token_is_too_long(room):
    person = room.text()
    assert person.type("x" * 16_385) == ["error: line too long"]
    assert person.closed


def test_who_has_a_session_may_show_another_token(room):
    person = room.text()
    person.type(f"/auth {READERS}")
    assert person.type("Hello")[0].startswith("error: your token lets you look and fetch")
    assert person.type(f"/auth {MEMBERS}", "Hello") == ["OK", "Hello ACK"]


# RESP


@pytest.mark.parametrize(
    "words",
    [("PING",), ("COMMAND", "DOCS"), ("MULTI",), ("SAY", "x"), ("LIST",), ("NONE",), ("CLIENT", "ID")],
)
def test_a_program_is_told_to_show_one(room, words):
    assert room.resp().refusal(*words) == "NOAUTH this room wants a token: AUTH TOKEN"


def test_programs_show_it_by_auth_or_hello(room):
    one = room.resp()
    assert one.refusal("HELLO", "3").startswith("NOAUTH ")
    assert one.refusal("HELLO", "3", "AUTH", "default", "wrong") == f"WRONGPASS {WRONG}"
    assert one.refusal("AUTH", "wrong") == f"WRONGPASS {WRONG}"
    assert one.refusal("PING").startswith("NOAUTH ")
    facts = one.call("HELLO", "3", "AUTH", "default", MEMBERS, "SETNAME", "Ann")
    assert dict(facts)["name"] == "Ann"
    other = room.resp()
    assert other.call("AUTH", "default", MEMBERS) == "OK"
    assert other.call("PING") == "PONG"
    assert other.call("BYE") == "OK"


def test_what_stands_behind_the_token_is_carried_out(room):
    one = room.resp()
    data = encode("AUTH", MEMBERS) + encode("PING") + encode("SAY", "hi")
    assert one.replies(one.feed(data)) == ["OK", "PONG", 2]


def test_a_wrong_token_takes_nothing_away(room):
    one = program(room, MEMBERS)
    assert one.refusal("AUTH", "wrong").startswith("WRONGPASS ")
    assert one.call("SAY", "still here") == 2


def test_who_may_go_may_go_before_the_token(room):
    assert room.resp().call("QUIT") == "OK"


@pytest.mark.parametrize(
    "head",
    [b"*11\r\n", b"*2\r\n$4\r\nAUTH\r\n$16381\r\n", b"*4\r\n$5\r\nWRITE\r\n$1\r\na\r\n$1\r\n0\r\n$16384\r\n"],
)
def test_before_the_token_requests_are_short(room, head):
    one = room.resp()
    assert one.feed(head) == b"-ERR protocol: before a token at most 10 arguments and 16 KiB\r\n"
    assert one.closed


def test_behind_it_they_are_not(room):
    one = program(room, MEMBERS)
    assert one.call("ECHO", "x" * 100_000) == "x" * 100_000
    assert one.call("CLIENT", "SETINFO", *map(str, range(40))) == "OK"


def test_where_none_is_wanted_any_will_do():
    room = InMemory()
    assert room.resp().call("AUTH", "anything") == "OK"
    assert room.text().type("/auth anything")[-1] == "OK"


# Roles


def test_a_reader_looks_and_fetches(room):
    reader = program(room, READERS)
    assert reader.call("NAME", "Ann") == "Ann"
    assert reader.call("LIST")
    assert reader.call("READ", "tester1.txt", 0, 10)
    assert reader.call("HISTORY")
    for words in (
        ("SAY", "hi"),
        ("SAY", "hi", "AS", "Bob"),
        ("TELL", "Ann", "hi"),
        ("ERASE", 1),
        ("PUT", "new.txt", 1),
        ("REMOVE", "tester1.txt"),
        ("CANCEL", "x"),
    ):
        assert reader.refusal(*words).startswith("DENIED your token lets you look and fetch"), words


def test_a_member_speaks_and_deposits(room):
    member = program(room, MEMBERS)
    assert member.call("SAY", "hi") == 2
    assert member.call("PUT", "new.txt", 1)
    assert member.refusal("REMOVE", "tester1.txt").startswith("DENIED files cannot be replaced")
    for words in (("DROP", "Ann"), ("DRAIN",)):
        assert member.refusal(*words).startswith("DENIED only an admin may do this")


def test_an_admin_changes_files_unless_they_are_served_for_reading():
    room = InMemory(tokens=TOKENS)
    assert program(room, ADMINS).call("REMOVE", "tester1.txt") == "OK"
    room = InMemory(tokens=TOKENS, policy=Policy(READ))
    assert program(room, ADMINS).refusal("REMOVE", "tester1.txt").startswith("DENIED ")


def test_an_admin_erases_what_others_said(room):
    program(room, MEMBERS).call("SAY", "secret")
    other = program(room, MEMBERS)
    assert other.refusal("ERASE", 2).startswith("DENIED ")
    assert program(room, ADMINS).call("ERASE", 2) == "OK"


def test_a_reader_in_a_room_that_may_be_changed_is_a_reader():
    room = InMemory(tokens=TOKENS, policy=Policy(CHANGE))
    assert program(room, READERS).refusal("REMOVE", "tester1.txt").startswith("DENIED your token")


def test_an_admin_sends_somebody_away_for_good(room):
    ann = room.resp()
    secret = dict(ann.call("HELLO", 3, "AUTH", "x", MEMBERS, "SETNAME", "Ann"))["resume"]
    admin = program(room, ADMINS)
    assert admin.refusal("DROP", "Nobody").startswith("NOTFOUND ")
    assert admin.call("DROP", "Ann") == "OK"
    assert ann.closed
    (line,) = admin.call("STATUS")
    assert pairs(line)["reason"] == "dropped"
    again = program(room, MEMBERS)
    assert again.refusal("HELLO", 3, "RESUME", secret).startswith("DENIED an admin has ended this session")
    assert dict(again.call("HELLO", 3, "SETNAME", "Ann"))["name"] == "Ann"


def test_an_admin_ends_the_server(room):
    assert program(room, ADMINS).call("DRAIN") == "OK"
    assert room.drained
