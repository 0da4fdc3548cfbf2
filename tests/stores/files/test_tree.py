"""One reading of a tree: what it costs, what the facts say, and what a disk may answer."""

import errno
import os
import time
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from portico.model.errors import Unavailable
from portico.model.instants import EARLIEST, LATEST, local_text, rfc3339
from portico.model.patterns import Pattern
from portico.stores.files import tree
from portico.stores.files.tree import Stopped, Tree

TICK = 0.02
"""Longer than one tick of any file system's clock."""


@pytest.fixture
def stop():
    return Event()


@pytest.fixture
def reading(tmp_path, stop):
    root = os.open(tmp_path, os.O_RDONLY)
    with Tree(root, stop) as reading:
        yield reading
    os.close(root)


def make(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def found(reading, pattern="**", after=""):
    return list(reading.paths(Pattern(pattern), after))


def test_only_regular_files_with_presentable_names_are_found(tmp_path, reading):
    make(tmp_path, "a/file", "a/.hidden", "a/b:c", ".git/config")
    (tmp_path / "a" / "link").symlink_to("file")
    (tmp_path / "around").symlink_to(".")
    os.mkfifo(tmp_path / "pipe")
    assert found(reading) == ["a/file"]
    assert found(reading, "a/file") == ["a/file"]
    assert found(reading, "none") == []
    assert found(reading, "../*") == []
    for path in ("a", "a/link", "around/a/file", "pipe", "none"):
        assert reading.facts(path) is None


def test_only_folders_that_may_hold_matches_are_read(tmp_path, reading, monkeypatch):
    make(tmp_path, "a/b/x.txt", "a/c/x.txt", "b/x.txt", "x.txt")
    read, real = [], Tree._keys
    monkeypatch.setattr(Tree, "_keys", lambda self, prefix: read.append(prefix) or real(self, prefix))

    def folders(pattern, after=""):
        read.clear()
        found(reading, pattern, after)
        return read

    assert folders("*.txt") == [""]
    assert folders("a/b*/x.txt") == ["a/", "a/b/"]
    assert folders("a/b/x.txt") == []
    assert folders("**", "a/c") == ["", "a/", "a/c/", "b/"]
    assert folders("b/**") == ["b/"]


def test_the_order_holds_over_more_names_than_are_sorted_at_once(tmp_path, reading, monkeypatch):
    monkeypatch.setattr(tree, "RUN", 7)
    names = sorted(f"{number * 7919 % 100:02}" for number in range(100))
    make(tmp_path, *names)
    assert found(reading) == names
    assert found(reading, after="41") == names[42:]


def test_what_lies_deeper_than_a_path_can_say_is_left_out(tmp_path, reading):
    place, name = os.open(tmp_path, os.O_RDONLY), "d" * 250
    for _ in range(6):
        os.mkdir(name, dir_fd=place)
        inner = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(os.open("file", os.O_CREAT, dir_fd=inner))
        os.close(place)
        place = inner
    os.close(place)
    assert [path.count("/") for path in found(reading)] == [4, 3, 2, 1]


def descriptors():
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_a_deep_tree_takes_few_descriptors(tmp_path, reading):
    deep = "/".join("d" * 300)
    make(tmp_path, f"{deep}/a", f"{deep}/b")
    before = descriptors()
    for path in reading.paths(Pattern("**"), ""):
        assert reading.facts(path).size == 0
        assert descriptors() == before + 1
    reading.__exit__(None, None, None)
    assert descriptors() == before


# --- the facts --------------------------------------------------------------------------------------


def test_the_etag_changes_whenever_the_content_may_have(tmp_path, reading):
    file, other = tmp_path / "file", tmp_path / "other"
    seen = set()

    def is_new():
        etag = reading.facts("file").etag
        fresh = etag not in seen
        seen.add(etag)
        return fresh

    file.write_text("one")
    assert is_new()
    assert not is_new()
    file.write_text("longer")
    assert is_new()
    time.sleep(TICK)
    before = file.stat()
    file.write_text("differ")  # in place, as long, and the time put back
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_new()
    other.write_text("differ")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(file)
    assert is_new()


@pytest.fixture
def zone(monkeypatch):
    def change(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield change
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("seconds", [-(2**40), -1, 0, 2**33, 2**40])
def test_any_time_a_disk_may_hold_can_be_written(tmp_path, reading, zone, seconds, monkeypatch):
    make(tmp_path, "file")
    real = os.stat

    def aged(*args, **kwargs):
        facts = real(*args, **kwargs)
        values = {name: getattr(facts, name) for name in dir(facts) if name.startswith("st_")}
        return SimpleNamespace(**{**values, "st_mtime_ns": seconds * 10**9})

    with monkeypatch.context() as patched:
        patched.setattr(tree.os, "stat", aged)
        mtime = reading.facts("file").mtime
    assert mtime == min(max(seconds * 10**6, EARLIEST), LATEST)
    assert len(rfc3339(mtime)) == len("2025-02-10T23:46:52.048084Z")
    for name in ("UTC+14", "UTC-14"):
        zone(name)
        assert len(local_text(mtime)) == len("2025-02-10 23:46:52.048084")


# --- what a disk may answer -------------------------------------------------------------------------


def failing(monkeypatch, folder, code):
    real = os.open

    def opening(name, *args, **kwargs):
        if name == folder:
            raise OSError(code, os.strerror(code))
        return real(name, *args, **kwargs)

    monkeypatch.setattr(tree.os, "open", opening)


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOENT, errno.ELOOP])
def test_a_folder_that_cannot_be_read_is_skipped(tmp_path, reading, monkeypatch, code):
    make(tmp_path, "a/x", "b/x", "c/x")
    failing(monkeypatch, "b", code)
    assert found(reading) == ["a/x", "c/x"]
    assert reading.facts("b/x") is None


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO])
def test_a_fault_is_told_and_not_taken_for_an_empty_folder(tmp_path, reading, monkeypatch, code):
    make(tmp_path, "b/x")
    failing(monkeypatch, "b", code)
    with pytest.raises(Unavailable, match=os.strerror(code)):
        found(reading)
    with pytest.raises(Unavailable, match=os.strerror(code)):
        reading.facts("b/x")


def test_an_entry_whose_kind_cannot_be_told_is_left_out(reading, monkeypatch):
    """Some file systems give names without kinds, and the name may be gone when its kind is asked for."""

    class Entry:
        name = "file"

        def is_file(self, *, follow_symlinks):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tree.os, "scandir", lambda _: nullcontext([Entry()]))
    assert found(reading) == []


def test_a_reading_stops_in_the_middle(tmp_path, reading, stop):
    make(tmp_path, "a", "b/c")
    paths = reading.paths(Pattern("**"), "")
    assert next(paths) == "a"
    stop.set()
    with pytest.raises(Stopped):
        next(paths)
    with pytest.raises(Stopped):
        reading.facts("a")
