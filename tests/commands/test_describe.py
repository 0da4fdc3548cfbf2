"""COMMAND as Redis answers it, so that redis-cli shows hints and libraries find what they look for."""

import pytest

from portico.commands.describe import describe, document, find_commands
from portico.commands.table import TABLE, find
from portico.model.replies import Simple
from tests.support.service import InMemory

HISTORY = find([b"HISTORY"])
HELLO = find([b"HELLO"])


def test_a_command_is_ten_facts_as_in_redis_7():
    assert describe(HISTORY) == [
        "history",
        -1,
        [Simple("readonly"), Simple("fast")],
        0,
        0,
        0,
        [Simple("@read")],
        [],
        [],
        [],
    ]
    assert describe(find([b"SAY"]))[:3] == ["say", -2, [Simple("write"), Simple("fast")]]


def test_the_docs_of_a_command_are_a_map():
    facts = document(HISTORY)
    assert set(facts) == {"summary", "since", "group", "arguments"}
    assert facts["group"] == "talk"
    assert facts["arguments"][0] == {
        "name": "seq",
        "type": "integer",
        "display_text": "seq",
        "token": "SINCE",
        "flags": [Simple("optional")],
    }
    assert "arguments" not in document(find([b"QUIET"]))


@pytest.mark.parametrize(
    "command, name, facts",
    [
        (HELLO, "version", {"type": "integer", "flags": [Simple("optional")]}),
        (
            find([b"STATUS"]),
            "online",
            {"type": "pure-token", "token": "ONLINE", "flags": [Simple("optional")]},
        ),
        (find([b"LIST"]), "pattern", {"type": "pattern", "flags": [Simple("optional")]}),
        (find([b"SAY"]), "text", {"type": "string"}),
        (
            find([b"CLIENT"]),
            "argument",
            {"type": "string", "flags": [Simple("optional"), Simple("multiple")]},
        ),
        (
            HELLO,
            "auth",
            {
                "type": "block",
                "token": "AUTH",
                "flags": [Simple("optional")],
                "arguments": [
                    {"name": "user", "type": "string", "display_text": "user"},
                    {"name": "token", "type": "string", "display_text": "token"},
                ],
            },
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_an_argument_is_described_as_redis_does(command, name, facts):
    (argument,) = (each for each in document(command)["arguments"] if each["name"] == name)
    assert argument == {"name": name, "display_text": name, **facts}


def test_commands_are_found_by_name_in_any_case():
    assert find_commands(TABLE, ["hello", "nothing"]) == [HELLO, None]
    assert find_commands(TABLE, []) == list(TABLE)


@pytest.mark.parametrize("protocol", [2, 3])
def test_command_answers_in_all_its_forms(protocol):
    program = InMemory().resp(protocol)
    assert len(program.call("COMMAND")) == program.call("COMMAND", "COUNT") == len(TABLE)
    assert program.call("COMMAND", "list")[:2] == ["say", "tell"]
    (hello, nothing) = program.call("COMMAND", "INFO", "hello", "nothing")
    assert (hello[0], len(hello), nothing) == ("hello", 10, None)
    assert program.refusal("COMMAND", "GETKEYS") == (
        "ERR unknown COMMAND subcommand; known are COUNT, LIST, INFO and DOCS"
    )


def test_command_docs_are_a_map_in_resp3_and_a_flat_array_in_resp2():
    docs = InMemory().resp(3).call("COMMAND", "DOCS", "SAY", "nothing")
    assert list(docs) == ["say"]
    assert docs["say"]["summary"] == "Say something to everybody in the room"
    flat = InMemory().resp(2).call("COMMAND", "DOCS")
    assert flat[::2] == [command.name.lower() for command in TABLE]
    assert flat[1][:2] == ["summary", "Say something to everybody in the room"]
