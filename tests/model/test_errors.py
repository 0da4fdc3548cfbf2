"""Errors: one code and one printable sentence each, and the tree as it is drawn."""

import inspect

import pytest

from portico.model import errors
from portico.model.errors import PorticoError

ARGUMENTS = {"Full": (3, 3), "NameTaken": ("anna",), "Gone": (5, 9)}
CLASSES = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, PorticoError)]


def made(kind):
    own = "__init__" in vars(kind)
    takes = len(inspect.signature(kind).parameters)
    return kind(*ARGUMENTS.get(kind.__name__, ("sentence",) * takes if not own or takes else ()))


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_code_and_one_line(kind):
    error = made(kind)
    assert error.code.isupper()
    assert error.code.isalnum()
    assert error.sentence == str(error)
    assert error.sentence.isprintable()


@pytest.mark.parametrize("kind", CLASSES)
def test_the_tree_in_the_docstring_is_the_tree(kind):
    drawn = next(line for line in errors.__doc__.splitlines() if kind.__name__ in line.split())
    assert kind.code in drawn.split()


def test_the_promised_sentences():
    assert str(made(errors.Full)) == "Server is full: 3 of 3 clients are connected. Try again later."
    assert str(made(errors.Gone)) == "entries from 5 to 9 are kept"
    assert str(errors.NotAWebAddress()).startswith("this is not a web address")
    assert "HELLO 3" in str(errors.NeedResp3())


CODES = (
    "ERR NOAUTH WRONGPASS DENIED FULL TAKEN BADNAME NOTFOUND EXISTS GONE TOOBIG NOSPACE OFFSET DIGEST"
    " CHANGED NEEDRESP3 NOPROTO BUSY UNAVAILABLE"
)


def test_the_codes_are_those_of_the_protocol():
    assert {kind.code for kind in CLASSES} <= set(CODES.split())
