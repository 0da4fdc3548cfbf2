"""Which names may be chosen, and which are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.errors import BadName
from portico.room.names import check_name, fold, numbered

GOOD = [
    "a",
    "alice",
    "x" * 32,
    "Zo\u00eb",
    "日本",
    "a b",
    "Client",
    "Client7x",
    "7",
    "😀",
    "❤\ufe0f",
    "-",
    "O'Neil",
    ".",
]

BAD = {
    "empty": "",
    "33 characters": "x" * 33,
    "decomposed": "Zoe\u0308",
    "space in front": " a",
    "space behind": "a ",
    "only a space": " ",
    "no-break space behind": "a\u00a0",
    "no-break space inside": "a\u00a0b",
    "colon": "a:b",
    "slash": "a/b",
    "at": "a@b",
    "star": "*",
    "LF": "a\nb",
    "TAB": "a\tb",
    "NUL": "a\0b",
    "ESC": "\x1b[2J",
    "C1": "a\x85b",
    "override": "a\u202eb",
    "zero width space": "a\u200bb",
    "zero width joiner": "a\u200db",
    "soft hyphen": "a\u00adb",
    "line separator": "a\u2028b",
    "private use": "a\ue000",
    "unassigned": "a\u0378",
    "half a pair": "a\ud800",
    "Hangul filler": "\u3164",
    "combining joiner": "a\u034fb",
    "blank Braille": "\u2800",
    "only a variation selector": "\ufe0f",
    "the server's": "Client7",
    "the server's, small": "client1",
    "the server's, full-width": "\uff23lient\uff17",
    "the server's, circled": "Client\u2460",
    "the server's, in other digits": "Client\u0663",
    "the server's, varied": "Client\ufe0f7",
}


@pytest.mark.parametrize("name", GOOD)
def test_good_names_are_returned_as_they_are(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", BAD.values(), ids=BAD.keys())
def test_bad_names_are_refused_with_one_printable_line(name):
    with pytest.raises(BadName) as refusal:
        check_name(name)
    assert refusal.value.code == "BADNAME"
    assert refusal.value.sentence.isprintable()


@pytest.mark.parametrize(
    "one, other",
    [
        ("Anna", "ANNA"),
        ("Anna", "\uff21nna"),
        ("Stra\u00dfe", "STRASSE"),
        ("\ufb01sh", "fish"),
        ("\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m"),
        ("\u03a3\u03a3", "\u03c3\u03c2"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_names_that_read_the_same_are_equal(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize("one, other", [("Anna", "Ana"), ("Zo\u00eb", "Zoe"), ("a b", "ab")])
def test_names_that_read_differently_are_not(one, other):
    assert fold(one) != fold(other)


@given(st.text(max_size=8))
def test_folding_is_idempotent_and_knows_neither_case_nor_width(text):
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFC", text)) == fold(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_of_ascii_is_the_long_way(text):
    assert fold(text) == unicodedata.normalize("NFKC", text).casefold()


@given(st.text(max_size=40))
def test_a_name_that_passes_shows_something_and_is_not_the_servers(text):
    try:
        name = check_name(text)
    except BadName:
        return
    assert 1 <= len(name) <= 32
    assert name == text == name.strip()
    assert fold(name)


def test_the_server_gives_numbered_names_that_nobody_can_choose():
    assert numbered(7) == "Client7"
    with pytest.raises(BadName):
        check_name(numbered(7))
