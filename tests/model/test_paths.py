"""Which paths are paths, and that what may be asked for is exactly what is shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.errors import BadPath
from portico.model.paths import (
    MAX_PART_BYTES,
    MAX_PATH_BYTES,
    check_new_path,
    check_path,
    escaped,
    fold_part,
    presentable,
)

GOOD = [
    "a",
    "tester1.txt",
    "notes/today.txt",
    "a/b/c/d",
    "photo (1) [final] 100%.jpg",
    "été/Ünïcode/日本語/🎉",
    "back.",
    "a..b",
    "-rf",
    "~",
    "*",
    "trailing space ",
    "x" * MAX_PART_BYTES,
    "é" * 127,
]

BAD = {
    "empty": "",
    "absolute": "/etc/passwd",
    "slash at the end": "notes/",
    "empty part": "a//b",
    "only slashes": "//",
    "itself": ".",
    "parent": "..",
    "up and out": "../secret",
    "up in the middle": "a/../../secret",
    "up at the end": "a/..",
    "itself in the middle": "a/./b",
    "hidden": ".portico",
    "hidden folder": "a/.git/config",
    "NUL": "a\0b",
    "LF": "a\nb",
    "LF at the end": "a\n",
    "escape": "\x1b[2J",
    "DEL": "a\x7f",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "override": "exe\u202egpj",
    "isolate": "a\u2066b",
    "undecodable byte": "caf\udce9",
    "half a pair": "\ud83c",
    "backslash": "..\\secret",
    "drive": "C:secret",
    "stream": "a.txt:hidden",
}


@pytest.mark.parametrize("path", GOOD)
def test_good_paths_are_returned_and_presentable(path):
    assert check_path(path) == path
    assert presentable(path)


@pytest.mark.parametrize("path", BAD.values(), ids=BAD.keys())
def test_bad_paths_are_refused_with_one_printable_line(path):
    with pytest.raises(BadPath) as refusal:
        check_path(path)
    assert refusal.value.code == "ERR"
    assert refusal.value.sentence.isprintable()
    assert not presentable(path)


def test_a_path_arrives_in_any_normal_form_and_is_one():
    assert check_path("cafe\u0301/menu") == "caf\u00e9/menu"
    assert not presentable("cafe\u0301/menu")
    assert presentable("caf\u00e9/menu")


@pytest.mark.parametrize(
    "part, fits",
    [("x" * 255, True), ("x" * 256, False), ("é" * 127 + "x", True), ("é" * 128, False), ("🎉" * 64, False)],
)
def test_a_part_is_counted_in_bytes(part, fits):
    assert presentable(part) is fits
    assert presentable(f"folder/{part}/file") is fits


def test_a_path_is_counted_in_bytes():
    longest = "/".join(["x" * 204] * 5)
    assert len(longest) == MAX_PATH_BYTES
    assert check_path(longest) == longest
    with pytest.raises(BadPath, match="at most 1024 bytes"):
        check_path(longest + "x")
    with pytest.raises(BadPath, match="at most 1024 bytes"):
        check_path(longest[:-1] + "é")


def test_a_path_that_only_normalizes_to_too_much_is_refused():
    # U+1D15E is 4 bytes and its NFC 8; 250 of them fit the rule of lengths only as they came.
    text = "/".join(["\U0001d15e" * 50] * 5)
    assert len(text.encode()) <= MAX_PATH_BYTES < len(unicodedata.normalize("NFC", text).encode())
    with pytest.raises(BadPath):
        check_path(text)


def test_a_very_long_text_is_refused_without_normalizing_it():
    # Sorting a million combining marks would take minutes, and the suite's time-out would tell.
    with pytest.raises(BadPath):
        check_path("a" + "\u0301\u0316" * 500_000)


@given(
    st.text(st.sampled_from("ab. /\\:\n\u0301é\u0345\u202e\udc80\u2126"), max_size=12) | st.text(max_size=300)
)
def test_what_may_be_asked_for_is_what_is_shown(text):
    try:
        path = check_path(text)
    except BadPath:
        assert not presentable(text)
    else:
        assert presentable(path)
        assert check_path(path) == path
        assert presentable(text) is (path == text)


# --- new names --------------------------------------------------------------------------------------

NEW = [
    "a",
    "notes/today.txt",
    " a",
    "a b/c d.tar.gz",
    "-rf",
    "~",
    "$(reboot)",
    "%00",
    "Robert'); DROP TABLE files;--",
    "console.txt",
    "con-fig",
    "a.con",
    "com10",
    "com",
    "nulls/x",
    "my.nul.txt",
    "été/日本語/🎉",
    "👨\u200d👩\u200d👧",
    "नमस्ते",
    "שלום.txt",
    "x" * MAX_PART_BYTES,
]

NOT_NEW = {
    "Windows cannot store": ["a<b", "a>b", 'a"b', "a|b", "a?b", "*", "folder?/a"],
    "a dot or a blank": ["a.", "a..", "a ", "a /b", "a./b", "a\u00a0", "a\u3000/b", "a/b "],
    "a device of Windows": [
        "CON",
        "con",
        "Con.txt",
        "nul.tar.gz",
        "PRN",
        "com0",
        "LPT9.x",
        "conin$",
        "CONOUT$.x",
        "a/nul",
        "aux/b",
        "com\u00b9",
        "LPT\u00b3.txt",
        "con .txt",
        "a/nul.b/c",
    ],
    "can be seen": ["\u200b", "a/\u3164/b", "\ufeff\u2060"],
    "marks of direction": ["a\u200fb", "\u061ca", "a/b\u200e"],
    "control characters": ["a\x07"],
    "relative": ["../a", "a//b"],
}


@pytest.mark.parametrize("path", NEW)
def test_a_new_path_that_every_machine_can_store_is_taken(path):
    assert check_new_path(path) == path


@pytest.mark.parametrize("rule, path", [(rule, path) for rule, paths in NOT_NEW.items() for path in paths])
def test_a_new_path_that_would_hurt_elsewhere_is_refused_in_one_printable_line(rule, path):
    with pytest.raises(BadPath, match=rule) as refusal:
        check_new_path(path)
    assert refusal.value.sentence.isprintable()


@pytest.mark.parametrize("path", [path for rule, paths in NOT_NEW.items() for path in paths][:-3])
def test_what_others_named_so_is_served_all_the_same(path):
    assert presentable(path)
    assert check_path(path) == path


def test_a_new_path_is_taken_in_nfc():
    assert check_new_path("cafe\u0301") == "caf\u00e9"


@given(st.text(st.sampled_from("aAcCoOnN1./ \u00b9\u200b\u0301é$*"), max_size=10) | st.text(max_size=40))
def test_a_new_path_is_a_path_and_stays_what_it_is(text):
    try:
        path = check_new_path(text)
    except BadPath:
        return
    assert check_path(text) == path == check_new_path(path)
    assert presentable(path)
    assert all(fold_part(part) for part in path.split("/"))


@pytest.mark.parametrize(
    "one, other",
    [
        ("a.txt", "A.TXT"),
        ("STRASSE", "straße"),
        ("\uff37\uff29\uff24\uff25", "wide"),
        ("caf\u00e9", "cafe\u0301"),
        ("ﬁle", "file"),
        ("re\u200bport", "report"),
        ("❤\ufe0f", "❤"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("\u0345", "\u0399"),
    ],
)
def test_names_that_read_the_same_fold_to_the_same(one, other):
    assert fold_part(one) == fold_part(other)


@pytest.mark.parametrize(
    "one, other", [("a", "b"), ("a.txt", "a-txt"), ("\u043e", "o"), ("é", "e"), ("a", "a ")]
)
def test_names_that_differ_fold_to_different(one, other):
    assert fold_part(one) != fold_part(other)


@given(st.text(max_size=30))
def test_folding_again_changes_nothing(text):
    assert fold_part(fold_part(text)) == fold_part(text)


@pytest.mark.parametrize(
    "name, shown",
    [
        ("a\x01b", r"'a\x01b'"),
        ("caf\udce9", r"'caf\xe9'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("exe\u202egpj", r"'exe\u202egpj'"),
        ("back\\slash", r"'back\\slash'"),
        ("cafe\u0301", r"'cafe\u0301'"),
        ("it's\n", '"it\'s\\n"'),
    ],
)
def test_an_odd_name_is_shown_escaped(name, shown):
    assert escaped(name) == shown


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("\udc80\udcff'\\"), max_size=20))
def test_what_is_escaped_is_plain_whatever_the_name(name):
    if any("\ud800" <= c < "\udc80" or "\udcff" < c <= "\udfff" for c in name):
        return
    assert escaped(name).isascii()
    assert escaped(name).isprintable()
