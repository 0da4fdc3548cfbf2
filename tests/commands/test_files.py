"""Looking at the repository."""

import pytest

from portico.model.policy import ADD, CHANGE, READ, Policy
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


ID = "0123456789abcdef0123456789abcdef"


def deposit(program, path="new.txt", data="Hello", *options):
    program.call("PUT", path, len(data), "UPLOAD", ID, *options)
    program.call("WRITE", ID, 0, data)
    return program.call("FINISH", ID)


def test_a_deposit_is_told_to_everybody_and_bears_the_name_of_its_session(room):
    ann, follower = room.resp(3), room.resp(3)
    ann.call("NAME", "Ann")
    follower.call("FOLLOW")
    facts = deposit(ann)
    (push,) = follower.heard_pushes()
    assert push[1] == {
        "seq": 2,
        "kind": "file",
        "at": push[1]["at"],
        "sender": "Ann",
        "change": "added",
        "path": "new.txt",
        "size": 5,
        "sha256": facts["sha256"],
    }
    assert (facts["path"], facts["by"]) == ("new.txt", "Ann")
    assert room.repository.unsettled == []


def test_people_read_who_put_what(room):
    person = room.text()
    person.type("")
    program = room.resp(3)
    deposit(program)
    assert person.heard_lines() == ["* visitor put new.txt (5 bytes)"]


def test_finish_again_answers_alike_and_tells_nothing(room):
    program = room.resp(3)
    first = deposit(program)
    room.repository.unsettled.append(f"upload:{ID}")
    assert room.resp(3).call("FINISH", ID) == first
    assert room.room.state.seq == 1


def test_who_says_finish_is_the_one_who_put_it(room):
    program, ann = room.resp(3), room.resp(3)
    ann.call("NAME", "Ann")
    program.call("PUT", "new.txt", 0, "UPLOAD", ID)
    assert ann.call("FINISH", ID)["by"] == "Ann"


@pytest.mark.parametrize(
    "words, refusal",
    [
        (("PUT", "tester1.txt", 5), "EXISTS there is a file tester1.txt already"),
        (("PUT", "new.txt", 5, "SHA256", "ab"), "ERR a SHA-256 is 64 hexadecimal digits"),
        (("PUT", "new.txt", 101), "TOOBIG a deposit has at most 100 bytes"),
        (("WRITE", ID, 7, "x"), "OFFSET 0 is where this upload stands; go on from there"),
        (("FINISH", ID), "OFFSET 0 is where this upload stands; go on from there"),
        (("WRITE", "unknown", 0, "x"), "NOTFOUND there is no upload unknown"),
        (("READ", "tester1.txt", 0, 9, "IF", "old"), "CHANGED tester1.txt has changed since; fetch it anew"),
        (("READ", "tester1.txt", 0, 16_777_217), "ERR the count is a whole number from 0 to 16,777,216"),
        (("MOVE", "tester1.txt", "tester2.txt"), "EXISTS there is a file tester2.txt already"),
        (("REMOVE", "absent"), "NOTFOUND there is no file absent; list the files to see what there is"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(words, refusal):
    room = InMemory(policy=Policy(CHANGE, max_upload=100))
    program = room.resp()
    program.call("PUT", "begun.txt", 5, "UPLOAD", ID)
    assert program.refusal(*words) == refusal
    assert program.call("WRITE", ID, 0, "Hello") == 5
    assert len(program.call("LIST")) == 3


@pytest.mark.parametrize(
    "level, words",
    [
        (READ, ("PUT", "new.txt", 5)),
        (READ, ("WRITE", ID, 0, "x")),
        (READ, ("FINISH", ID)),
        (READ, ("CANCEL", ID)),
        (ADD, ("PUT", "tester1.txt", 5, "REPLACE")),
        (ADD, ("REMOVE", "tester1.txt")),
        (ADD, ("MOVE", "tester1.txt", "b.txt")),
    ],
)
def test_what_the_operator_does_not_allow_is_denied(level, words):
    room = InMemory(policy=Policy(level))
    assert room.resp().refusal(*words).startswith("DENIED files can")
    assert len(room.repository.files) == 3


def test_a_text_connection_reads_no_more_than_a_screenful_can_take(room):
    person = room.text()
    person.type("")
    assert person.type("/read tester1.txt 0 65537")[0].startswith(
        "error: here at most 65,536 bytes are read at a time; fetch it with portico get, or GET /files"
    )
    assert person.type("/read tester1.txt 0 6") == ["twenty"]


def test_stat_has_the_digest_computed_when_asked_to(room):
    program = room.resp(3)
    assert "sha256" not in program.call("STAT", "tester1.txt")
    assert len(program.call("STAT", "tester1.txt", "DIGEST")["sha256"]) == 64


def test_a_file_that_was_fetched_to_its_end_has_a_receipt(room):
    ann = room.resp(3)
    ann.call("NAME", "Ann")
    ann.call("READ", "tester1.txt", 0, 10)
    assert [line["path"] for line in ann.call("TRANSFERS")] == ["tester1.txt"]
    assert ann.call("RECEIPTS", "tester1.txt") == []
    ann.call("READ", "tester1.txt", 10, 100)
    ann.call("READ", "tester1.txt", 21, 100)
    (slip,) = ann.call("RECEIPTS", "tester1.txt")
    assert (slip["name"], slip["etag"]) == ("Ann", "etag-tester1.txt")
    assert ann.call("TRANSFERS") == []


def test_a_connection_beside_a_session_moves_files_in_its_name(room):
    ann, beside = room.resp(3), room.resp(3)
    secret = ann.call("HELLO", 3, "SETNAME", "Ann")["resume"]
    assert beside.call("HELLO", 3, "BESIDE", secret)["name"] is None
    assert deposit(beside)["by"] == "Ann"
    beside.call("READ", "new.txt", 0, 10)
    assert [slip["name"] for slip in ann.call("RECEIPTS", "new.txt")] == ["Ann"]
    ann.call("NAME", "Bea")
    beside.call("READ", "new.txt", 0, 10)
    assert [slip["name"] for slip in ann.call("RECEIPTS", "new.txt")] == ["Ann", "Bea"]
    assert room.room.state.seq == 3
    assert room.resp(3).refusal("HELLO", 3, "BESIDE", "guess").startswith("NOTFOUND no session")
