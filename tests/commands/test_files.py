"""Looking at the repository."""

import pytest

from tests.support.service import InMemory


@pytest.fixture
def room():
    return InMemory()


def paths(files):
    return [file["path"] for file in files]


@pytest.mark.parametrize(
    "words, expected",
    [
        ((), ["notes/today.txt", "tester1.txt", "tester2.txt"]),
        (("*.txt",), ["tester1.txt", "tester2.txt"]),
        (("**/*.txt",), ["notes/today.txt", "tester1.txt", "tester2.txt"]),
        (("nothing*",), []),
        (("COUNT", 1), ["notes/today.txt"]),
        (("AFTER", "notes/today.txt"), ["tester1.txt", "tester2.txt"]),
        (("*.txt", "count", 1, "after", "tester1.txt"), ["tester2.txt"]),
        (("**", "AFTER", "\u00ff"), []),
    ],
)
def test_list_has_patterns_and_pages(room, words, expected):
    assert paths(room.resp(3).call("LIST", *words)) == expected


@pytest.mark.parametrize("count", [0, 1_001, "all"])
def test_list_refuses_counts_out_of_range(room, count):
    assert room.resp().refusal("LIST", "COUNT", count) == "ERR COUNT is a whole number from 1 to 1,000"


def test_a_pattern_that_is_too_long_is_refused(room):
    assert room.resp().refusal("LIST", "*" * 1_000).startswith("TOOBIG ")


def test_people_see_the_first_thousand_and_how_many_more():
    room = InMemory(files=[f"{number:04}" for number in range(1_005)])
    person = room.text()
    (line,) = person.type("list")[1:]
    assert line.startswith("Files: 0000 | 0001 | ")
    assert line.endswith(" 0999 | and 5 more")
    assert person.type("/list count 2") == ["Files: 0000 | 0001 |"]
    assert len(room.resp().call("LIST")) == 1_000


def test_people_see_an_empty_repository():
    assert InMemory(files=()).text().type("list")[1:] == ["Files: (none)"]


def test_stat_shows_one_file(room):
    assert room.resp(3).call("STAT", "tester1.txt") == {
        "path": "tester1.txt",
        "size": 21,
        "mtime": "2025-02-10T23:46:52.048084Z",
        "etag": "etag-tester1.txt",
    }


@pytest.mark.parametrize(
    "path, sentence",
    [
        ("absent", "NOTFOUND there is no file absent; "),
        ("../etc/passwd", "ERR a path is relative"),
        ("/etc/passwd", "ERR a path is relative"),
        ("", "ERR a path is relative"),
        ("a\r\nb", "ERR a path has no control characters"),
        ("a" * 2_000, "ERR an argument is longer than 1,024 bytes"),
        (b"\xff", "ERR text must be UTF-8"),
    ],
)
def test_stat_says_why_not(room, path, sentence):
    assert room.resp().refusal("STAT", path).startswith(sentence)


def test_people_write_paths_with_blanks_as_they_are():
    room = InMemory(files=["reading list.md"])
    person = room.text()
    person.type("")
    assert person.type("/stat reading list.md") == person.type('/stat "reading list.md"')
    assert person.type("/stat reading list.md")[0] == "reading list.md"
