"""One small file of many: what is asked, what is taken, how it is written."""

import contextlib
import dataclasses
import hashlib
import os

import pytest

from portico.client.resp import encode as request
from portico.client.transfer.folders import Folder
from portico.client.transfer.small import ask, expected, take, write_whole
from portico.model.errors import Changed, Lost, NotFound, ProtocolError, Unavailable, WrongDigest
from portico.model.files import CHUNK_BYTES, FileFacts
from portico.model.replies import file_map
from portico.wire.resp_values import encode
from tests.client.transfer.test_inbox import inbox

DATA = b"hello\r\n"
SHA256 = hashlib.sha256(DATA).hexdigest()
FACTS = FileFacts("ü/a", len(DATA), 1_700_000_000_123_456, "0123456789abcdef")
READ, STAT = encode(DATA, 3), encode({**file_map(FACTS), "sha256": SHA256}, 3)


@pytest.mark.parametrize("size", [0, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_what_is_asked(size):
    facts = FileFacts("ü/a", size, 0, "e")
    read = request(["READ", "ü/a", 0, size, "IF", "e"])
    stat = request(["STAT", "ü/a", *(["DIGEST"] if size > CHUNK_BYTES else [])])
    assert ask(facts, verify=False) == read
    assert ask(facts, verify=True) == read + stat


@pytest.mark.parametrize("by", ["", "zoë"])
def test_what_is_expected_is_what_the_server_says(by):
    facts = FileFacts("ü/a", 5, 1_700_000_000_123_456, "e", SHA256, by)
    assert expected(facts, SHA256) == encode(file_map(facts), 3)


def test_what_comes_is_verified_the_quick_way_and_the_general_one():
    other = encode({"more": 1, **file_map(FACTS), "sha256": SHA256}, 3)
    box = inbox(READ + STAT + READ + other + READ + b":1\r\n")
    assert take(box, FACTS, verify=True) == DATA
    assert take(box, FACTS, verify=True) == DATA
    assert take(box, FACTS, verify=False) == DATA
    assert box.value() == 1


@pytest.mark.parametrize(
    "answers, error",
    [
        (b"-NOTFOUND x\r\n-NOTFOUND x\r\n", NotFound),
        (b"-CHANGED x\r\n" + STAT, Changed),
        (b"-UNAVAILABLE the disk\r\n" + STAT, Unavailable),
        (b"$3\r\nabc\r\n" + STAT, Changed),
        (READ + b"-NOTFOUND x\r\n", NotFound),
        (READ + STAT.replace(b"0123456789abcdef", b"1123456789abcdef"), Changed),
        (READ + encode(file_map(FACTS), 3), Changed),
        (READ + STAT.replace(SHA256.encode(), b"0" * 64), WrongDigest),
        (encode(b"world\r\n", 3) + STAT, WrongDigest),
    ],
)
def test_what_is_wrong_with_one_file_leaves_the_next(answers, error):
    box = inbox(answers + READ + STAT)
    with pytest.raises(error):
        take(box, FACTS, verify=True)
    assert take(box, FACTS, verify=True) == DATA


@pytest.mark.parametrize(
    "answers, error", [(READ[:5], Lost), (READ, Lost), (READ + b":1\r\n", ProtocolError)]
)
def test_a_connection_that_is_broken(answers, error):
    with pytest.raises(error):
        take(inbox(answers), FACTS, verify=True)


def test_a_digest_that_was_listed_is_not_asked_for():
    listed = dataclasses.replace(FACTS, sha256=SHA256)
    assert ask(listed, verify=True) == ask(FACTS, verify=False)
    assert take(inbox(READ), listed, verify=True) == DATA
    box = inbox(encode(b"world\r\n", 3) + b"-CHANGED x\r\n" + b"$3\r\nabc\r\n" + READ)
    for error in (WrongDigest, Changed, Changed):
        with pytest.raises(error):
            take(box, listed, verify=True)
    assert take(box, listed, verify=True) == DATA


@pytest.fixture
def folder(tmp_path):
    with contextlib.closing(Folder.top(tmp_path)) as made:
        yield made


def test_it_appears_whole_with_its_time(folder):
    (folder.path / "a").write_bytes(b"old")
    write_whole(folder, "a", "0" * 16, DATA, 1_700_000_000_123_456)
    info = (folder.path / "a").stat()
    assert ((folder.path / "a").read_bytes(), info.st_mtime_ns) == (DATA, 1_700_000_000_123_456_000)
    assert folder.names() == ["a"]


@pytest.mark.parametrize("call", ["write", "utime", "replace"])
def test_nothing_is_left_of_what_failed(folder, monkeypatch, call):
    def refuse(*_arguments, **_more):
        raise OSError(28, "x")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OSError, match="x"):
        write_whole(folder, "a", "0" * 16, DATA, 0)
    assert folder.names() == []


def test_a_disk_that_takes_a_little_at_a_time(folder, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    write_whole(folder, "a", "0" * 16, DATA, 0)
    assert (folder.path / "a").read_bytes() == DATA
