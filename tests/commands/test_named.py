"""Arguments by name, as JSON has them: every command of the table, and what no command takes."""

import pytest

from portico.commands.named import words_of
from portico.commands.table import TABLE
from portico.model.errors import PorticoError
from tests.commands.cases import CASES
from tests.support.web import named


@pytest.mark.parametrize("name", list(CASES))
def test_every_command_can_be_asked_by_name(name):
    words = CASES[name].words
    assert words_of(*named(words)) == [str(word).encode() for word in words]


@pytest.mark.parametrize("each", TABLE, ids=[each.name for each in TABLE])
def test_the_arguments_of_a_command_have_different_names(each):
    names = [parameter.name for parameter in each.parameters]
    assert len(set(names)) == len(names)


TAKEN = [
    ("say", {"text": "Hello"}, [b"SAY", b"Hello"]),
    ("SaY", {"text": "Hello", "id": None}, [b"SAY", b"Hello"]),
    ("say", {"id": 7, "text": ""}, [b"SAY", b"", b"ID", b"7"]),
    ("list", {"digest": True, "count": 5}, [b"LIST", b"COUNT", b"5", b"DIGEST"]),
    ("list", {"digest": False}, [b"LIST"]),
    ("hello", {"auth": ["me", "token"]}, [b"HELLO", b"AUTH", b"me", b"token"]),
    ("client", {"subcommand": "setinfo", "argument": ["a", 1]}, [b"CLIENT", b"setinfo", b"a", b"1"]),
    ("write", {"upload": "u", "offset": 0, "bytes": {"base64": "AP8="}}, [b"WRITE", b"u", b"0", b"\0\xff"]),
    ("history", {"since": -1}, [b"HISTORY", b"SINCE", b"-1"]),
]


@pytest.mark.parametrize("name, arguments, words", TAKEN)
def test_names_become_words(name, arguments, words):
    assert words_of(name, arguments) == words


REFUSED = [
    ("dance", {}, "unknown command"),
    ("", {}, "unknown command"),
    ("say\ud800", {}, "half a character"),
    ("say", {}, "SAY needs text; it takes: text, id, as"),
    ("say", {"text": None}, "SAY needs text"),
    ("say", {"text": "a", "loud": True}, "SAY has no argument 'loud'"),
    ("say", {"text": "a", "\ud800" * 99: 1}, "SAY has no argument '\\ud800"),
    ("say", {"text": "\udc80"}, "half a character"),
    ("say", {"text": 1.5}, "text is a text, a whole number"),
    ("say", {"text": True}, "text is a text, a whole number"),
    ("say", {"text": ["a"]}, "text is a text, a whole number"),
    ("say", {"text": {"base64": "a"}}, "text is not base64"),
    ("say", {"text": {"base64": "YQ==", "more": 1}}, "text is a text"),
    ("say", {"text": {"base64": 7}}, "text is a text"),
    ("list", {"digest": 1}, "digest is true or false"),
    ("hello", {"auth": "token"}, "auth is an array"),
    ("client", {"subcommand": "id", "argument": "x"}, "argument is an array"),
]


@pytest.mark.parametrize("name, arguments, sentence", REFUSED)
def test_what_no_command_takes_is_refused_in_words(name, arguments, sentence):
    with pytest.raises(PorticoError) as refusal:
        words_of(name, arguments)
    assert sentence in refusal.value.sentence
    refusal.value.sentence.encode()
