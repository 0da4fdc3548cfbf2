"""What a typed line means: as on the plain text wire, split as its command is declared."""

import pytest

from portico.client.prompt.own import Deposit, Fetch
from portico.client.prompt.typed import Ask, Leave, Rename, Say, Show, Tell, is_secret, understand
from portico.commands.table import TABLE
from portico.model.errors import BadName, NotOffered, PorticoError, ProtocolError

COMMANDS = {command.name: command for command in TABLE}


def ask(*words):
    return Ask(COMMANDS.get(words[0]), [word.encode() for word in words])


LINES = [
    ("Hello", Say("Hello")),
    ("  Hello ", Say("Hello ")),
    ("//etc", Say("/etc")),
    ("/say status", Say("status")),
    ("/SAY hi ID k", Say("hi ID k")),
    ("status it is", Say("status it is")),
    ("世界 🎉", Say("世界 🎉")),
    ("two\nlines", Say("two\nlines")),
    ("a\bb", Say("b")),
    ("/tell Bob hi there", Tell("Bob", "hi there")),
    ('/tell "Ann Lee" hi', Tell("Ann Lee", "hi")),
    ("list", ask("LIST")),
    ("LIST", ask("LIST")),
    ("Status", ask("STATUS", "COUNT", "100")),
    ("/status", ask("STATUS")),
    ("/status 5", ask("STATUS", "COUNT", "5")),
    ("help", ask("HELP")),
    ("/help say", ask("HELP", "say")),
    ("/history 20", ask("HISTORY", "COUNT", "20")),
    ("/history since 3", ask("HISTORY", "since", "3")),
    ("/list *.txt", ask("LIST", "*.txt")),
    ("/stat notes/reading list.md", ask("STAT", "notes/reading list.md")),
    ("/name", Rename("")),
    ("/name Ann Lee", Rename("Ann Lee")),
    ("/quiet", Show(pushes=False)),
    ("/follow", Show(pushes=True)),
    ("bye", Leave()),
    ("/quit", Leave()),
    ("/bye now", ask("BYE", "now")),
    ("/tell Bob", ask("TELL", "Bob")),
    ("/say", ask("SAY")),
    ("/get fw.bin", Fetch("fw.bin", "")),
    ('/GET "notes/reading list.md" here', Fetch("notes/reading list.md", "here")),
    ("/put fw.bin", Deposit("fw.bin", "", replace=False)),
    ('/put "my file" as notes/x replace', Deposit("my file", "notes/x", replace=True)),
    ("get fw.bin", Say("get fw.bin")),
    ("/remove notes/reading list.md", ask("REMOVE", "notes/reading list.md")),
    ("/transfers", ask("TRANSFERS")),
]


@pytest.mark.parametrize("line,intent", LINES)
def test_a_line_asks_for(line, intent):
    assert understand(line) == intent


def test_a_command_that_only_the_server_knows_goes_there_word_by_word():
    assert understand("/fly  high now") == Ask(None, [b"fly", b"high", b"now"])


def test_an_empty_line_asks_for_nothing():
    assert understand("") is None


@pytest.mark.parametrize(
    "line,error,words",
    [
        ("/hello 2", NotOffered, "HELLO is for programs"),
        ("/multi", NotOffered, "MULTI is for programs"),
        ("/write id 0 x", NotOffered, "WRITE is for programs"),
        ("/get", PorticoError, r"usage: GET path \[dest\]"),
        ("/put a b", PorticoError, r"usage: PUT file \[AS path\] \[REPLACE\]"),
        ("/auth secret", NotOffered, "AUTH is for programs"),
        ("/follow since 3", NotOffered, "/history SINCE"),
        ("/name a:b", BadName, "a name"),
        ("/ping" + " a" * 64, PorticoError, "at most 64 words"),
        ("caf\udce9", PorticoError, "text must be UTF-8"),
        ("/\udce9", PorticoError, "text must be UTF-8"),
        ("x" * 262_145, ProtocolError, "line too long"),
    ],
)
def test_what_is_not_sent_is_refused_in_a_sentence(line, error, words):
    with pytest.raises(error, match=words):
        understand(line)


@pytest.mark.parametrize("line", ["/auth token", " /AUTH me token", "/hello 3 auth me token"])
def test_a_line_that_may_hold_a_token_is_known(line):
    assert is_secret(line)


@pytest.mark.parametrize("line", ["", "auth", "//auth", "/say /auth", "/author"])
def test_any_other_is_no_secret(line):
    assert not is_secret(line)
