"""The table as a whole: every command is documented and exercised, and nothing a client sends raises."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.commands.bind import bind
from portico.commands.table import TABLE, find, perform
from portico.model.errors import PorticoError
from portico.model.policy import CHANGE, Policy
from portico.model.requests import Line
from tests.commands.cases import BEGUN, CASES, WHOLE
from tests.support.resp import encode
from tests.support.service import InMemory, finish

NAMES = [command.name for command in TABLE]


def scene():
    """Ann, a program with RESP3, has said Hello; Bob is here as well: entries 1 to 3."""
    room = InMemory(policy=Policy(CHANGE))
    ann = room.resp(protocol=3)
    ann.call("NAME", "Ann")
    ann.call("SAY", "Hello")
    ann.call("READ", "tester2.txt", 0, 100)
    ann.call("PUT", "begun.txt", "?", "UPLOAD", BEGUN)
    ann.call("PUT", "whole.txt", 5, "UPLOAD", WHOLE)
    ann.call("WRITE", WHOLE, 0, "Hello")
    room.resp().call("NAME", "Bob")
    return room, ann


def holds(expected, came):
    return expected(came) if callable(expected) else came == expected


def test_every_command_has_an_example_and_every_example_a_command():
    assert set(CASES) == set(NAMES)


@pytest.mark.parametrize("command", TABLE, ids=NAMES)
def test_every_command_has_a_summary_a_reply_and_a_group(command):
    assert command.summary[0].isupper()
    assert not command.summary.endswith(".")
    assert "\n" not in command.summary + command.reply
    assert command.reply
    assert command.group in {"talk", "people", "files", "connection", "admin"}


def test_names_are_given_once():
    assert len(set(NAMES)) == len(NAMES)
    assert all(name == name.upper() for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_gets_what_the_example_says(name):
    _, ann = scene()
    (came,) = ann.replies(ann.feed(encode(*CASES[name].words)))
    assert holds(CASES[name].expected, came), came


@pytest.mark.parametrize("name", NAMES)
def test_a_person_reads_what_the_example_says(name):
    room, _ = scene()
    person = room.text()
    assert person.type("")[0].startswith("You are Client1 (3 of 3 clients).")
    came = person.type(CASES[name].line)
    assert holds(CASES[name].lines, came), came


@pytest.mark.parametrize("name", [b"ping", b"PING", b"PiNg"])
def test_names_are_found_in_any_case(name):
    assert find([name]) is find(Line(name)) is find([b"PING"])


@pytest.mark.parametrize(
    "name, shown",
    [
        (b"FLY", "FLY"),
        (b"", "(none)"),
        (b"PING ", "PING "),
        (b"a\r\n+OK", "a??+OK"),
        (b"\xff\x1b[2J", "\ufffd?[2J"),
        (b"x" * 1_000_000, "x" * 32),
    ],
)
def test_an_unknown_command_is_named_harmlessly(name, shown):
    assert InMemory().resp().refusal(name) == f"ERR unknown command {shown}; HELP shows them all"


def test_a_read_only_room_refuses_what_would_be_said_and_stored():
    room = InMemory(read_only=True)
    program = room.resp()
    for words in (("SAY", "hi"), ("TELL", "Bob", "hi"), ("ERASE", 1), ("SAY", "hi", "AS", "Bob")):
        assert program.refusal(*words).startswith("DENIED this room is read-only")
    assert program.call("NAME", "Ann") == "Ann"
    assert room.text().type("Hello")[1] == "error: this room is read-only; nothing can be said here"


def test_wrong_arguments_are_answered_with_the_usage():
    assert InMemory().resp().refusal("ECHO") == "ERR ECHO does not take these arguments; usage: ECHO text"


PREPARED = [(command, count) for command in TABLE for count in (1, 2, 3, 4, 64) if count in command.handovers]


def test_many_requests_need_no_binding():
    assert {command.name for command, _ in PREPARED} >= {"SAY", "PING", "ECHO", "CLIENT", "STAT"}


@pytest.mark.parametrize("command, count", PREPARED)
def test_words_that_need_no_binding_become_the_same_arguments(command, count):
    words = [command.name.encode(), *[b"7"] * (count - 1)]
    prepared = replace(command, handler=lambda _call, *arguments: list(arguments))
    given, bound = prepared.handovers[count](None, words), bind(command, words)
    assert given + bound[len(given) :] == bound
    assert set(bound[len(given) :]) <= {None}


words = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"0", b"1", b"-1", b"9" * 30, b"ID", b"AS", b"SINCE", b"COUNT", b"WAIT", b"AUTH"]),
    st.sampled_from(
        [b"Ann", b"Client1", b"**", b"a" * 2_000, "\u202e".encode(), b"RESUME", b"SETNAME", b"DOCS"]
    ),
)


@settings(max_examples=300)
@given(st.sampled_from(NAMES), st.lists(words, max_size=6))
def test_nothing_that_a_program_sends_raises_and_errors_are_one_line(name, arguments):
    _, ann = scene()
    said = ann.feed(encode(name, *arguments))
    assert not said.startswith(b"-") or said.count(b"\n") == 1
    assert said.endswith(b"\r\n")


@settings(max_examples=300)
@given(st.sampled_from(NAMES), st.text(max_size=30))
def test_nothing_that_a_person_types_raises(name, rest):
    room, _ = scene()
    person = room.text()
    person.type("")
    request = Line(name.encode(), rest)
    answer = person.answer(request)
    person.codec.reply(answer)


def test_a_coroutine_handler_may_raise_what_its_caller_answers():
    _, ann = scene()
    with pytest.raises(PorticoError):
        finish(perform(ann.call_state, [b"ERASE", b"99"]))
