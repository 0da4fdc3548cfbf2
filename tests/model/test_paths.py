"""Which paths are paths, and that what may be asked for is exactly what is shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.errors import BadPath
from portico.model.paths import MAX_PART_BYTES, MAX_PATH_BYTES, check_path, presentable

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
