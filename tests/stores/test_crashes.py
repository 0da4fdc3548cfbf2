"""Crashes in the middle of a change: at each step, at any step, and by kill -9 of a real process."""

import asyncio

import pytest

from portico.model.files import Author, FileChange, Order
from portico.stores import handles, publishing
from portico.stores.catalog import Catalog
from portico.stores.directory import DirectoryRepository

ANN = Author(1, "ann")
MOST = 2**40


class Crash(BaseException):
    """The process is no more."""


class Crasher:
    """Lets the next change crash before or after one of its steps, and counts the steps that were done."""

    STEPS = (
        (publishing, "_make_durable"),
        (Catalog, "intend"),
        (publishing, "_rename"),
        (publishing.os, "unlink"),
        (handles.Handles, "sync"),
    )

    def __init__(self, monkeypatch):
        self.left = -1
        for owner, name in self.STEPS:
            monkeypatch.setattr(owner, name, self._wrapped(getattr(owner, name)))

    def _wrapped(self, step):
        def crashing(*args, **named):
            self._count()
            value = step(*args, **named)
            self._count()
            return value

        return crashing

    def _count(self):
        if self.left == 0:
            raise Crash
        self.left -= 1


def abandon(repository):
    """Leave a repository as a killed process would: nothing more is written."""
    made = repository._premises
    repository._closed = True
    made.catalog._notes.clear()
    made.catalog.write = lambda: None
    made.catalog._open_intents.clear()
    repository._close()


async def opened(place):
    repository = DirectoryRepository(place, place / ".portico")
    changes = await repository.open()
    return repository, changes


@pytest.fixture
def crasher(monkeypatch):
    return Crasher(monkeypatch)


def deposit(desk, number, path, content, **order):
    upload = f"{number:032x}"
    desk.put(Order(path, len(content), upload=upload, **order), MOST)
    desk.write(upload, 0, content)
    return desk.finish(upload, ANN)


CHANGES = {
    "added": lambda desk: deposit(desk, 1, "new/folder/a", b"one"),
    "changed": lambda desk: deposit(desk, 2, "old", b"other", replace=True),
    "moved": lambda desk: desk.move("old", "new/name", ANN, replace=False),
    "replaced": lambda desk: desk.move("old", "second", ANN, replace=True),
    "removed": lambda desk: desk.remove("old", ANN),
}


def tree(place):
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and ".portico" not in path.parts
    }


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("steps", range(10))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_change_is_all_or_nothing_whenever_it_is_cut_short(tmp_path, crasher, kind, steps):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "second").write_bytes(b"second")
    before = tree(tmp_path)
    repository, _ = await opened(tmp_path)
    crasher.left = steps
    desk = repository.desk()
    later = CHANGES[kind](desk)
    while desk._running:
        await asyncio.sleep(0)
    crasher.left = -1
    acknowledged = later.ready and isinstance(later.value, FileChange)
    abandon(repository)
    repository, told = await opened(tmp_path)
    after = tree(tmp_path)
    if told:
        (change,) = told
        assert change.change == {"replaced": "moved"}.get(kind, kind)
        assert after == EXPECTED[kind](before)
    else:
        assert not acknowledged
        assert after == before
    for change in told:
        repository.settled(change.key)
    await repository.close()
    repository, told = await opened(tmp_path)
    assert told == []
    assert tree(tmp_path) == after
    await repository.close()


EXPECTED = {
    "added": lambda files: files | {"new/folder/a": b"one"},
    "changed": lambda files: files | {"old": b"other"},
    "moved": lambda files: {"new/name": files["old"], "second": files["second"]},
    "replaced": lambda files: {"second": files["old"]},
    "removed": lambda files: {"second": files["second"]},
}
