"""Binding: words and lines become arguments; options in any order, each once, in any case."""

import pytest

from portico.commands.arguments import DATA, NAME, PATH, WORD, number
from portico.commands.bind import bind, line_words
from portico.commands.declare import command, many, option, optional, required
from portico.model.errors import PorticoError
from portico.model.requests import Line


def declare(*parameters):
    return command("X", *parameters, summary="S", reply="R", group="talk")(lambda *_: None)


PLAIN = declare(required("a", WORD), optional("b", WORD))
BOTH = declare(required("a", WORD), required("b", DATA))
NONE = declare()
MANY = declare(required("a", WORD), many("c", WORD))
RAW_MANY = declare(optional("a", WORD), many("c", DATA))
SAY = declare(required("text", WORD, rest=True), option("ID", key=WORD), option("FLAG"))
TELL = declare(required("name", WORD), required("text", WORD, rest=True), option("ID", key=WORD))
PAGE = declare(
    option("SINCE", seq=number("SINCE", 0, 9)), option("COUNT", bare=True, n=number("COUNT", 1, 9))
)
HELLO = declare(
    optional("version", WORD), option("AUTH", user=WORD, token=WORD), option("SETNAME", name=WORD)
)
CALLED = declare(optional("name", NAME, rest=True))
FILE = declare(required("path", PATH, rest=True))

WORDS = [
    (NONE, [], []),
    (PLAIN, ["a"], ["a", None]),
    (PLAIN, ["a", "b"], ["a", "b"]),
    (BOTH, ["a", "b"], ["a", b"b"]),
    (MANY, ["a"], ["a"]),
    (MANY, ["a", "b", "c"], ["a", "b", "c"]),
    (RAW_MANY, [], [None]),
    (RAW_MANY, ["a"], ["a"]),
    (RAW_MANY, ["a", "b", "c"], ["a", b"b", b"c"]),
    (SAY, ["hi"], ["hi", None, False]),
    (SAY, ["hi", "ID", "k"], ["hi", "k", False]),
    (SAY, ["hi", "flag", "id", "k"], ["hi", "k", True]),
    (SAY, ["ID", "ID", "ID"], ["ID", "ID", False]),
    (SAY, ["FLAG"], ["FLAG", None, False]),
    (TELL, ["Bob", "hi", "Id", "k"], ["Bob", "hi", "k"]),
    (PAGE, [], [None, None]),
    (PAGE, ["COUNT", "2", "SINCE", "3"], [3, 2]),
    (PAGE, ["since", "3", "count", "2"], [3, 2]),
    (HELLO, [], [None, None, None]),
    (HELLO, ["3"], ["3", None, None]),
    (HELLO, ["SETNAME", "Ann"], [None, None, "Ann"]),
    (HELLO, ["3", "SETNAME", "AUTH", "AUTH", "me", "token"], ["3", ("me", "token"), "AUTH"]),
]

REFUSED_WORDS = [
    (NONE, ["a"]),
    (PLAIN, []),
    (PLAIN, ["a", "b", "c"]),
    (BOTH, ["a"]),
    (BOTH, ["a", "b", "c"]),
    (MANY, []),
    (SAY, []),
    (SAY, ["hi", "there"]),
    (SAY, ["hi", "ID"]),
    (SAY, ["hi", "ID", "k", "ID", "k"]),
    (SAY, ["hi", "FLAG", "FLAG"]),
    (SAY, ["hi", "AS", "Bob"]),
    (TELL, ["Bob"]),
    (PAGE, ["5"]),
    (PAGE, ["SINCE"]),
    (PAGE, ["SINCE", "1", "5"]),
    (HELLO, ["3", "AUTH", "me"]),
    (HELLO, ["3", "4"]),
]

LINES = [
    (NONE, "", []),
    (NONE, "   ", []),
    (PLAIN, "a", ["a", None]),
    (PLAIN, "  a \t b  ", ["a", "b"]),
    (PLAIN, '"a b" "c d"', ["a b", "c d"]),
    (PLAIN, '"" b', ["", "b"]),
    (PLAIN, 'it"s', ['it"s', None]),
    (PLAIN, '"open', ['"open', None]),
    (MANY, 'a "b c" d', ["a", "b c", "d"]),
    (SAY, "hi there", ["hi there", None, False]),
    (SAY, "  hi ID k ", ["hi ID k ", None, False]),
    (SAY, '"hi"', ['"hi"', None, False]),
    (TELL, "Bob hi there", ["Bob", "hi there", None]),
    (TELL, '"Ann Lee"   "hi" there', ["Ann Lee", '"hi" there', None]),
    (TELL, "Bob hi ID k", ["Bob", "hi ID k", None]),
    (PAGE, "5", [None, 5]),
    (PAGE, "since 3 count 2", [3, 2]),
    (PAGE, "COUNT 2", [None, 2]),
    (HELLO, "3 setname Ann", ["3", None, "Ann"]),
    (CALLED, "", [None]),
    (CALLED, "  ", [None]),
    (CALLED, "Ann Lee", ["Ann Lee"]),
    (CALLED, "  Ann Lee  ", ["Ann Lee"]),
    (CALLED, '"Ann Lee"', ["Ann Lee"]),
    (CALLED, 'Ann "the" Lee', ['Ann "the" Lee']),
    (FILE, "notes/reading list.md", ["notes/reading list.md"]),
    (FILE, '"notes/reading list.md" ', ["notes/reading list.md"]),
]

REFUSED_LINES = [
    (NONE, "a"),
    (PLAIN, ""),
    (PLAIN, "a b c"),
    (SAY, ""),
    (SAY, "   "),
    (TELL, "Bob"),
    (TELL, "Bob  "),
    (PAGE, "5 6"),
    (PAGE, "since"),
    (FILE, ""),
]


@pytest.mark.parametrize("declared, words, values", WORDS)
def test_words_become_arguments(declared, words, values):
    assert bind(declared, [b"X", *(word.encode() for word in words)]) == values


@pytest.mark.parametrize("declared, rest, values", LINES)
def test_the_rest_of_a_line_becomes_arguments(declared, rest, values):
    assert bind(declared, Line(b"x", rest)) == values


@pytest.mark.parametrize(
    "declared, request_",
    [(declared, [b"X", *(word.encode() for word in words)]) for declared, words in REFUSED_WORDS]
    + [(declared, Line(b"x", rest)) for declared, rest in REFUSED_LINES],
)
def test_what_does_not_fit_is_answered_with_the_usage(declared, request_):
    with pytest.raises(PorticoError) as refusal:
        bind(declared, request_)
    assert refusal.value.sentence == f"X does not take these arguments; usage: {declared.usage}"


SPLIT = [
    (NONE, "", []),
    (PLAIN, '  a \t "b c"  d', ["a", "b c", "d"]),
    (SAY, "  hi ID k ", ["hi ID k "]),
    (SAY, "", []),
    (TELL, '"Ann Lee"   hi  there', ["Ann Lee", "hi  there"]),
    (PAGE, "5", ["COUNT", "5"]),
    (PAGE, "since", ["since"]),
    (PAGE, "5 6", ["5", "6"]),
    (HELLO, "3", ["3"]),
    (FILE, '"notes/reading list.md" ', ["notes/reading list.md"]),
]


@pytest.mark.parametrize("declared, rest, words", SPLIT)
def test_a_line_stands_for_the_words_of_a_request(declared, rest, words):
    assert line_words(declared, rest) == [b"X", *(word.encode() for word in words)]


def test_a_bare_value_is_refused_as_its_option_would_be():
    with pytest.raises(PorticoError, match=r"^COUNT is a whole number from 1 to 9$"):
        bind(PAGE, Line(b"x", "many"))


USAGES = [
    (NONE, "X", 1),
    (PLAIN, "X a [b]", -2),
    (BOTH, "X a b", 3),
    (MANY, "X a [c ...]", -2),
    (SAY, "X text [ID key] [FLAG]", -2),
    (PAGE, "X [SINCE seq] [COUNT n]", -1),
    (HELLO, "X [version] [AUTH user token] [SETNAME name]", -1),
]


@pytest.mark.parametrize("declared, usage, arity", USAGES)
def test_usage_and_arity_come_from_the_declaration(declared, usage, arity):
    assert (declared.usage, declared.arity) == (usage, arity)
