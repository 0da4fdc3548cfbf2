"""Which existing name a new one would be mistaken for, and what it costs to know."""

import os
import threading
from contextlib import contextmanager

import pytest

from portico.stores.files import folders
from portico.stores.files.folders import Folders


class Time:
    """A clock that stands still unless it is told to go."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def known(time):
    return Folders(time)


@contextmanager
def opened(path):
    folder = os.open(path, os.O_RDONLY)
    yield folder
    os.close(folder)


@pytest.fixture
def readings(time, monkeypatch):
    """Count how often a folder is read; each time takes two seconds."""
    counted, real = [], folders._names

    def read(folder):
        time.now += 2
        counted.append(folder)
        return real(folder)

    monkeypatch.setattr(folders, "_names", read)
    return counted


@pytest.mark.parametrize(
    "existing, name, found",
    [
        ("a.txt", "A.TXT", "a.txt"),
        ("Stra\u00dfe", "STRASSE", "Stra\u00dfe"),
        ("report", "re\u200bport", "report"),
        ("cafe\u0301", "caf\u00e9", r"'cafe\u0301'"),
        ("a\u202eb", "ab", r"'a\u202eb'"),
        ("a.txt", "a.txt", None),
        ("a.txt", "b.txt", None),
    ],
)
def test_the_existing_name_is_told(tmp_path, known, folder, existing, name, found):
    (tmp_path / existing).touch()
    assert known.collision(folder, name) == found
    assert known.claim(folder, name) == found


def test_a_folder_reads_the_same_as_well(tmp_path, known, folder):
    (tmp_path / "notes").mkdir()
    assert known.collision(folder, "Notes") == "notes"


def test_a_name_that_is_there_collides_with_none_even_beside_another(tmp_path, known, folder):
    (tmp_path / "a").touch()
    (tmp_path / "A").touch()
    assert known.collision(folder, "a") is None
    assert known.collision(folder, "A") is None


def test_names_that_are_not_utf8_harm_nobody(tmp_path, known, folder):
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    assert known.collision(folder, "caf\u00e9") is None


def test_what_was_made_is_known_at_once_and_what_is_gone_is_no_obstacle(tmp_path, known, folder):
    assert known.collision(folder, "a") is None
    (tmp_path / "a").touch()
    known.made(folder, "a")
    assert known.collision(folder, "A") == "a"
    (tmp_path / "a").unlink()
    known.gone(folder, "a")
    assert known.collision(folder, "A") is None


def test_a_claimed_name_is_kept_from_others_until_it_is_made_or_not(tmp_path, known, folder):
    assert known.claim(folder, "a") is None
    assert known.claim(folder, "A") == "a"
    assert known.collision(folder, "A") == "a"
    known.gone(folder, "A")
    assert known.claim(folder, "A") == "a"
    known.gone(folder, "a")
    assert known.claim(folder, "A") is None
    (tmp_path / "A").touch()
    known.made(folder, "A")
    assert known.collision(folder, "a") == "A"


def test_what_others_made_is_noticed(tmp_path, known, folder, time):
    assert known.collision(folder, "a") is None
    (tmp_path / "A").touch()
    time.now += 1
    assert known.collision(folder, "a") == "A"


def test_thousands_of_deposits_into_one_folder_read_it_hardly_ever(tmp_path, known, folder, time, readings):
    for number in range(3000):
        name = f"File{number}"
        assert known.claim(folder, name) is None
        (tmp_path / name).touch()
        known.made(folder, name)
        time.now += 0.01
    assert len(readings) == 1
    assert known.collision(folder, "file2999") == "File2999"


def test_a_changed_folder_is_read_again_only_when_a_while_has_passed(tmp_path, known, folder, time, readings):
    assert known.collision(folder, "x") is None
    (tmp_path / "A").touch()
    time.now += 39
    assert known.collision(folder, "a") is None
    time.now += 2
    assert known.collision(folder, "a") == "A"


def test_an_unchanged_folder_is_not_read_again(tmp_path, known, folder, time, readings):
    os.utime(tmp_path, ns=(0, 10**18))
    for _ in range(10):
        time.now += 100
        assert known.collision(folder, "a") is None
    assert len(readings) == 1


def test_memory_is_bounded_and_a_claim_is_not_forgotten(tmp_path, known, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FOLDERS", 3)
    monkeypatch.setattr(folders, "MAX_NAMES", 5)
    for number in range(8):
        inner = tmp_path / f"folder{number}"
        inner.mkdir()
        for name in "abc":
            (inner / name).touch()
        with opened(inner) as folder:
            if number == 0:
                assert known.claim(folder, "d") is None
            assert known.collision(folder, "A") == "a"
    with opened(tmp_path / "folder0") as folder:
        assert known.claim(folder, "D") == "d"
    assert len(known._known) <= 3


def test_of_many_threads_one_gets_the_name(tmp_path, known, folder):
    names = [f"{'aA'[n % 2]}{'bB'[n // 2 % 2]}{'cC'[n // 4]}" for n in range(8)]
    begin, won = threading.Barrier(8), []

    def claim(name):
        begin.wait()
        if known.claim(folder, name) is None:
            won.append(name)

    threads = [threading.Thread(target=claim, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_descriptor_that_others_read_from_too_gives_all_names(tmp_path, known, folder):
    (tmp_path / "a").touch()
    with os.scandir(folder) as entries:
        next(entries)
        assert known.collision(folder, "A") == "a"
