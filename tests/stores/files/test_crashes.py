"""Crashes in the middle of a change: at each step, at any step, and by kill -9 of a real process."""

import asyncio
import dataclasses
import hashlib
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from portico.model.errors import Busy, Exists, NotFound, PorticoError, WrongOffset
from portico.model.files import Author, FileChange, Order
from portico.stores.files import handles, publishing
from portico.stores.files.catalog import Catalog
from portico.stores.files.directory import DirectoryRepository
from tests.support.asking import answer, outcome

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
    await _idle(desk)
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


@pytest.mark.parametrize("kind", ["removed", "moved"])
async def test_another_file_that_was_given_the_inode_is_let_alone(tmp_path, kind):
    old, aside = tmp_path / "old", tmp_path / "aside"
    old.write_bytes(b"old")
    aside.hardlink_to(old)
    repository, _ = await opened(tmp_path)
    await answer(CHANGES[kind](repository.desk()))
    abandon(repository)
    if kind == "moved":
        (tmp_path / "new" / "name").unlink()
    aside.write_bytes(b"another")
    aside.rename(old)
    repository, told = await opened(tmp_path)
    assert [change.change for change in told] == [kind]
    assert tree(tmp_path) == {"old": b"another"}
    await repository.close()


@pytest.mark.parametrize("kind", CHANGES)
async def test_what_was_done_before_a_crash_is_on_the_disk_before_it_is_told(tmp_path, monkeypatch, kind):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "second").write_bytes(b"second")
    repository, _ = await opened(tmp_path)
    change = await answer(CHANGES[kind](repository.desk()))
    abandon(repository)
    synced = set()
    monkeypatch.setattr(handles.os, "fsync", lambda fd: synced.add(Path(f"/proc/self/fd/{fd}").readlink()))
    repository, told = await opened(tmp_path)
    assert [each.key for each in told] == [change.key]
    above = {folder for path in (change.path, change.origin) if path for folder in Path(path).parents}
    assert synced == {tmp_path / folder for folder in above}
    await repository.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_what_a_power_cut_left_of_an_upload_without_syncs_does_not_appear(tmp_path, crasher):
    (tmp_path / "old").write_bytes(b"old")
    repository, _ = await opened(tmp_path)
    crasher.left = 3
    desk = repository.desk()
    CHANGES["changed"](desk)
    await _idle(desk)
    crasher.left = -1
    abandon(repository)
    (temporary,) = (tmp_path / ".portico" / "uploads").iterdir()
    temporary.write_bytes(b"oth")
    repository, told = await opened(tmp_path)
    assert told == []
    assert tree(tmp_path) == {"old": b"old"}
    await repository.close()


@pytest.mark.parametrize("kind", ["added", "moved"])
async def test_what_was_written_to_after_a_crash_has_no_digest_of_before(tmp_path, kind):
    (tmp_path / "old").write_bytes(b"old")
    repository, _ = await opened(tmp_path)
    await repository.stat("old")
    change = await answer(CHANGES[kind](repository.desk()))
    abandon(repository)
    (tmp_path / change.path).write_bytes(b"two")
    repository, told = await opened(tmp_path)
    assert [each.key for each in told] == [change.key]
    assert (await repository.stat(change.path)).sha256 == hashlib.sha256(b"two").hexdigest()
    await repository.close()


# --- any sequence of deposits, by several desks, with crashes anywhere ------------------------------

PATHS = st.sampled_from(["a", "b", "folder/c"])
UPLOADS = st.integers(0, 3).map("{:032x}".format)
DESKS = st.integers(0, 2)
PIECES = st.binary(max_size=6)


class Model:
    """An upload as it should be."""

    def __init__(self, order, desk):
        self.order, self.desk, self.data, self.wanted = order, desk, b"", 0

    @property
    def whole(self):
        return len(self.data) == (self.wanted if self.order.size is None else self.order.size)


def alike(value, told):
    """Tell whether an answer is what was answered before; after a crash the file may have changed since."""
    return dataclasses.replace(value, facts=None) == dataclasses.replace(told, facts=None)


class DepositMachine(RuleBasedStateMachine):
    """Deposits, against a dictionary of files and one of uploads."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.place = tempfile.TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        self.crasher = Crasher(self.patch)
        self.files, self.uploads, self.done = {}, {}, {}
        self.told, self.due = [], []
        self.start()

    def start(self):
        self.repository, changes = self.runner.run(opened(Path(self.place.name)))
        self.due = list(changes)
        self.desks = [None] * 3

    def desk(self, number):
        if self.desks[number] is None:
            self.desks[number] = self.runner.run(_new_desk(self.repository))
        return self.desks[number]

    def ask(self, later):
        return self.runner.run(outcome(later))

    @rule(desk=DESKS, path=PATHS, upload=UPLOADS, size=st.none() | st.integers(0, 9), replace=st.booleans())
    def put(self, desk, path, upload, size, replace):
        value = self.ask(self.desk(desk).put(Order(path, size, upload=upload, replace=replace), MOST))
        if upload in self.done and self.done[upload].path == path:
            assert (value.upload, value.offset) == (upload, self.done[upload].size)
        elif upload in self.done or (path in self.files and not replace):
            assert isinstance(value, Exists)
        elif upload not in self.uploads:
            assert (value.upload, value.offset) == (upload, 0)
            self.uploads[upload] = Model(Order(path, size, upload=upload, replace=replace), desk)
        else:
            self.put_again(value, desk, Order(path, size, upload=upload, replace=replace))

    def put_again(self, value, desk, order):
        model = self.uploads[order.upload]
        sizes = {order.size, model.order.size} - {None}
        if order.path != model.order.path or len(sizes) > 1:
            assert isinstance(value, Exists)
            return
        assert (value.upload, value.offset) == (order.upload, len(model.data))
        model.order = Order(order.path, model.order.size, upload=order.upload, replace=order.replace)
        if model.desk in (None, desk):
            model.desk, model.wanted = desk, len(model.data)

    @rule(desk=DESKS, upload=UPLOADS, data=PIECES, shift=st.sampled_from([0, 0, 0, 1]), long=st.booleans())
    def write(self, desk, upload, data, shift, long):
        model = self.uploads.get(upload)
        offset = shift + (len(model.data) if model else 0)
        if long:
            value = self.ask(self.desk(desk).receive(upload, offset, len(data)))
            if not isinstance(value, PorticoError):
                value.take(memoryview(data[: len(data) // 2]))
                value.take(memoryview(data[len(data) // 2 :]))
                value = value.close()
        else:
            value = self.ask(self.desk(desk).write(upload, offset, data))
        if model is None:
            assert isinstance(value, WrongOffset if upload in self.done else NotFound)
        elif model.desk not in (None, desk):
            assert isinstance(value, Busy)
        else:
            model.desk = desk
            model.wanted = max(model.wanted if shift else 0, offset + len(data))
            if shift:
                assert isinstance(value, WrongOffset)
            elif model.order.size is not None and offset + len(data) > model.order.size:
                assert value.code == "TOOBIG"
            else:
                assert value == offset + len(data)
                model.data += data

    @rule(desk=DESKS, upload=UPLOADS, steps=st.integers(0, 14))
    def finish(self, desk, upload, steps):
        self.crasher.left = steps
        later = self.desk(desk).finish(upload, ANN)
        self.runner.run(_idle(self.desks[desk]))
        self.crasher.left = -1
        if later.ready and getattr(later.value, "code", "") != "UNAVAILABLE":
            self.finished(upload, later.value)
        else:
            self.crash()

    def finished(self, upload, value):
        model = self.uploads.get(upload)
        if model is None:
            assert alike(value, self.done[upload]) if upload in self.done else isinstance(value, NotFound)
        elif not model.whole:
            assert isinstance(value, WrongOffset)
        elif model.order.path in self.files and not model.order.replace:
            assert isinstance(value, Exists)
        else:
            assert value.change == ("changed" if model.order.path in self.files else "added")
            self.appeared(value)

    def appeared(self, change):
        upload = change.key.removeprefix("upload:")
        model = self.uploads.pop(upload)
        assert change.sha256 == hashlib.sha256(model.data).hexdigest()
        self.files[model.order.path] = model.data
        self.done[upload] = change
        self.due.append(change)

    @rule()
    def crash(self):
        abandon(self.repository)
        before = {change.key for change in self.due}
        self.start()
        # What the crash cut short has come true or it has not; what was told before is told again.
        for change in [change for change in self.due if change.key not in before]:
            self.due.remove(change)
            self.appeared(change)
        assert before <= {change.key for change in self.due}
        self.leave_all()

    @rule()
    def restart(self):
        self.runner.run(self.repository.close())
        before = {change.key for change in self.due}
        self.start()
        assert before == {change.key for change in self.due}
        self.leave_all()

    def leave_all(self):
        for model in self.uploads.values():
            model.desk, model.wanted = None, len(model.data)

    @rule()
    def settle(self):
        for change in self.due:
            self.repository.settled(change.key)
        self.repository._premises.catalog.write()
        self.due = []

    @rule(desk=DESKS)
    def leave(self, desk):
        gone, self.desks[desk] = self.desks[desk], None
        if gone is not None:
            self.runner.run(_leave(gone))
            for model in self.uploads.values():
                model.desk = None if model.desk == desk else model.desk

    @rule(desk=DESKS, upload=UPLOADS)
    def cancel(self, desk, upload):
        value = self.ask(self.desk(desk).cancel(upload))
        assert isinstance(value, type(None) if self.uploads.pop(upload, None) else NotFound)

    @invariant()
    def the_directory_is_as_it_should_be(self):
        assert tree(Path(self.place.name)) == self.files

    def teardown(self):
        self.runner.run(self.repository.close())
        self.runner.close()
        self.patch.undo()
        self.place.cleanup()


async def _new_desk(repository):
    return repository.desk()


async def _idle(desk):
    # A thread that has crashed sets no event.
    while desk._running:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def _leave(desk):
    desk.close()
    await _idle(desk)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
class TestDeposits(DepositMachine.TestCase):
    settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


# --- a real process ---------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from pathlib import Path
from portico.model.files import Author, Order
from portico.stores.files.directory import DirectoryRepository

async def main(place):
    repository = DirectoryRepository(place, place / ".portico")
    await repository.open()
    desk, number = repository.desk(), 0
    print("ready", flush=True)
    while True:
        waiting = []
        for _ in range(20):
            number += 1
            upload = f"{number:032x}"
            desk.put(Order(f"f{number % 5}/{number}", upload=upload), 2**40)
            desk.write(upload, 0, b"%d " % number * 1000)
            waiting.append(desk.finish(upload, Author(1, "ann")))
        last = asyncio.get_running_loop().create_future()
        waiting[-1].then(lambda later: last.set_result(None))
        await last
        print(*[later.value.path for later in waiting], flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.06, 0.1])
async def test_a_killed_process_has_done_what_it_answered_and_tells_what_it_did(tmp_path, after):
    writer = subprocess.Popen(  # noqa: ASYNC220 - it is to be killed, not waited for
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    await asyncio.sleep(after)
    writer.send_signal(signal.SIGKILL)
    answered = set(writer.communicate()[0].rpartition("\n")[0].split())
    repository, told = await opened(tmp_path)
    files = tree(tmp_path)
    for path, content in files.items():
        assert content == b"%s " % path.partition("/")[2].encode() * 1000
    assert answered <= set(files) == {change.path for change in told}
    assert {facts.path for facts in await repository.list(None, None, 1000)} <= set(files)
    # What was begun goes on from all bytes that came.
    for temporary in (tmp_path / ".portico" / "uploads").iterdir():
        upload = temporary.name
        path = f"f{int(upload, 16) % 5}/{int(upload, 16)}"
        size = temporary.stat().st_size
        begun = await answer(repository.desk().put(Order(path, upload=upload), MOST))
        assert (begun.upload, begun.offset) == (upload, size)
    await repository.close()
