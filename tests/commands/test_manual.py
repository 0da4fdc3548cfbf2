"""Help: every command in one line, for people as they type it."""

import pytest

from portico.commands.table import TABLE
from tests.support.service import InMemory


@pytest.fixture
def program():
    return InMemory().resp(3)


def test_help_shows_every_command_with_its_summary_the_most_useful_first(program):
    lines = program.call("HELP")
    assert lines == [f"{command.usage} - {command.summary}" for command in TABLE]
    order = [line.split()[0] for line in lines]
    people = ["SAY", "TELL", "HISTORY", "NAME", "STATUS", "BYE", "LIST", "HELP"]
    assert sorted(people, key=order.index) == people
    assert order.index("HELP") < order.index("HELLO")


@pytest.mark.parametrize("name", ["TELL", "tell", "/tell"])
def test_help_of_one_command_says_what_it_answers(program, name):
    usage, answers = program.call("HELP", name)
    assert usage.startswith("TELL name text [ID key] - Say something to one client")
    assert answers == "answers: integer: the entry's number, once it is acknowledged"


def test_people_read_help_as_they_type_commands():
    person = InMemory().text()
    lines = person.type("help")[1:]
    assert lines[0].startswith("Any line you type is said to everybody.")
    assert sum(line.startswith("/") and " - " in line for line in lines) == len(TABLE)
    assert person.type("/help /ping") == [
        "/ping [text] - Answer PONG, or the text; never logged",
        "answers: PONG or the text",
    ]


@pytest.mark.parametrize(
    "name, shown", [("FLY", "FLY"), ("a\r\n+OK", "a??+OK"), ("x" * 1_000, "x" * 32), ("", "(none)")]
)
def test_help_of_no_command_says_so_in_one_line(program, name, shown):
    assert program.refusal("HELP", name) == f"ERR unknown command {shown}; HELP shows them all"
