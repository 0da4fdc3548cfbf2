"""Uploads over time: how many, how large, what a power cut leaves, what is swept, and a full disk."""

import asyncio
import errno
import hashlib
import itertools
import os
import resource
import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from portico.model.errors import Busy, Exists, NoSpace, NotFound, Unavailable, WrongOffset
from portico.model.files import Author, Order, Progress
from portico.stores.files import batch, beneath, deposits, handles, publishing, uploads
from portico.stores.files.directory import DirectoryRepository
from tests.support.asking import answer, outcome

ANN = Author(1, "ann")
MOST = 2**40
ID = "0123456789abcdef0123456789abcdef"


async def opened(place, **options):
    repository = DirectoryRepository(place, place / ".portico", **options)
    await repository.open()
    return repository


def names(folder):
    return [path.name for path in folder.iterdir()]


async def receive(desk, upload, offset, data):
    sink = await answer(desk.receive(upload, offset, len(data)))
    try:
        sink.take(memoryview(data))
    finally:
        reached = sink.close()
    return reached


async def test_nothing_is_changed_without_a_place_for_it(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    repository = DirectoryRepository(tmp_path)
    assert await repository.open() == ()
    desk = repository.desk()
    assert (await answer(desk.read("a", 0, 9, ""))).data == b"one"
    for later in (
        desk.put(Order("b", 1), MOST),
        desk.write(ID, 0, b""),
        desk.finish(ID, ANN),
        desk.remove("a", ANN),
        desk.move("a", "b", ANN, replace=False),
    ):
        with pytest.raises(Unavailable, match="for reading only"):
            await answer(later)
    await repository.close()
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("limit", ["OPEN_MOST", "ALL_MOST"])
async def test_too_many_unfinished_uploads_are_refused(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(deposits, limit, 3)
    repository = await opened(tmp_path)
    desk = repository.desk()
    begun = [await answer(desk.put(Order(f"{number}"), MOST)) for number in range(3)]
    with pytest.raises(Busy):
        await answer(desk.put(Order("more"), MOST))
    assert await answer(desk.put(Order("1", upload=begun[1].upload), MOST)) == begun[1]
    await answer(desk.cancel(begun[0].upload))
    await answer(desk.put(Order("more"), MOST))
    await repository.close()


async def test_the_oldest_that_hold_nothing_give_way(tmp_path, monkeypatch):
    monkeypatch.setattr(deposits, "ALL_MOST", 3)
    repository = await opened(tmp_path)
    gone, here = repository.desk(), repository.desk()
    full, *empty = [await answer(gone.put(Order(f"{number}", 5), MOST)) for number in range(3)]
    await answer(gone.write(full.upload, 0, b"abc"))
    gone.close()
    first = await answer(here.put(Order("first"), MOST))
    second = await answer(here.put(Order("second"), MOST))
    with pytest.raises(Busy):
        await answer(here.put(Order("third"), MOST))
    left = {each.upload for each in (full, first, second)}
    assert {path.name for path in (tmp_path / ".portico" / "uploads").iterdir()} == left
    for each in empty:
        with pytest.raises(NotFound):
            await answer(here.write(each.upload, 0, b""))
    assert (await answer(here.put(Order("0", 5, upload=full.upload), MOST))).offset == 3
    await repository.close()


def open_files(folder):
    links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.exists()]
    return sum(folder in link.parents for link in links)


async def test_few_files_of_many_uploads_are_open(tmp_path, monkeypatch):
    monkeypatch.setattr(deposits, "HELD", 4)
    repository = await opened(tmp_path)
    desk = repository.desk()
    ids = [(await answer(desk.put(Order(f"{number}"), MOST))).upload for number in range(50)]
    for round_ in range(2):
        for upload in ids:
            assert await answer(desk.write(upload, round_ * 3, b"abc")) == round_ * 3 + 3
    assert 1 <= open_files(tmp_path / ".portico" / "uploads") <= 4
    for upload in ids:
        assert (await answer(desk.finish(upload, ANN))).sha256 == hashlib.sha256(b"abcabc").hexdigest()
    await repository.close()


async def test_what_may_be_undone_by_a_power_cut_is_not_acknowledged_and_told_later(tmp_path, monkeypatch):
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("a", upload=ID), MOST))
    with monkeypatch.context() as patch:
        patch.setattr(handles.Handles, "sync", failing)
        with pytest.raises(Unavailable, match="not known whether"):
            await answer(desk.finish(ID, ANN))
    with pytest.raises(Unavailable, match="not known whether"):
        await answer(desk.finish(ID, ANN))
    await repository.close()
    repository = DirectoryRepository(tmp_path, tmp_path / ".portico")
    (change,) = await repository.open()
    assert await answer(repository.desk().finish(ID, ANN)) == change
    await repository.close()


def failing(_):
    raise OSError(errno.EIO, "Input/output error")


def synced_at_the_end(monkeypatch, repository):
    monkeypatch.setattr(publishing.beneath, "sync_data", failing)


def synced_meanwhile(monkeypatch, repository):
    monkeypatch.setattr(deposits, "sync_data", failing)
    repository._premises.uploads._keep_synced(repository._premises.uploads.find(ID))


def synced_both_at_once(monkeypatch, repository):
    before = publishing._make_durable

    def sync(*arguments):
        before(*arguments)
        synced_meanwhile(monkeypatch, repository)

    monkeypatch.setattr(publishing, "_make_durable", sync)


@pytest.mark.parametrize("fail", [synced_at_the_end, synced_meanwhile, synced_both_at_once])
async def test_what_the_disk_did_not_take_is_not_acknowledged_when_it_is_said_again(
    tmp_path, monkeypatch, fail
):
    repository = await opened(tmp_path)
    desk = repository.desk()
    for _ in range(2):
        assert (await answer(desk.put(Order("a", 3, upload=ID), MOST))).offset == 0
        await answer(desk.write(ID, 0, b"abc"))
        with monkeypatch.context() as patch:
            fail(patch, repository)
            assert isinstance(await outcome(desk.finish(ID, ANN)), Unavailable | NotFound)
        assert isinstance(await outcome(desk.finish(ID, ANN)), NotFound)
        assert names(tmp_path) == [".portico"]
    assert (await answer(desk.put(Order("a", 3, upload=ID), MOST))).offset == 0
    await answer(desk.write(ID, 0, b"abc"))
    assert (await answer(desk.finish(ID, ANN))).path == "a"
    await repository.close()


async def test_a_desk_forgets_the_uploads_that_others_have_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "OPEN_MOST", 5)
    repository = await opened(tmp_path)
    desk, other = repository.desk(), repository.desk()
    for number in range(30):
        upload = (await answer(desk.put(Order(f"{number}"), MOST))).upload
        await answer(other.finish(upload, ANN))
    assert len(desk._client.uploads) <= 10
    await repository.close()


async def test_a_mistake_in_one_job_leaves_nobody_without_an_answer(tmp_path, monkeypatch):
    repository = await opened(tmp_path)
    desk = repository.desk()
    mistakes = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context["exception"]))
    monkeypatch.setattr(batch, "open_range", lambda *_: {}["mistake"])
    desk.put(Order("a", upload=ID), MOST)
    finished, read, stat = desk.finish(ID, ANN), desk.read("a", 0, 1, ""), desk.stat("a")
    assert isinstance(await outcome(read), Unavailable)
    assert (await answer(finished)).path == (await answer(stat)).path == "a"
    assert [type(mistake) for mistake in mistakes] == [KeyError]
    await repository.close()


async def test_who_is_silent_for_long_is_succeeded(tmp_path, monkeypatch):
    repository = await opened(tmp_path)
    desk, other = repository.desk(), repository.desk()
    await answer(desk.put(Order("a", upload=ID), MOST))
    sink = await answer(desk.receive(ID, 0, 100))
    sink.take(memoryview(b"one"))
    with pytest.raises(Busy):
        await answer(other.write(ID, 3, b"two"))
    monkeypatch.setattr(uploads, "SILENT_SECONDS", -1.0)
    assert await answer(other.write(ID, 3, b"two")) == 6
    with pytest.raises(Busy):
        sink.take(memoryview(b"late"))
    sink.close()
    await answer(other.finish(ID, ANN))
    assert (tmp_path / "a").read_bytes() == b"onetwo"
    await repository.close()


async def test_after_a_power_cut_only_what_was_synced_is_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(deposits, "SYNC_BYTES", 1000)
    monkeypatch.setattr(deposits, "boot_id", lambda: "before")
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("a", upload=ID), MOST))
    assert await receive(desk, ID, 0, b"x" * 1500) == 1500
    repository._premises.digests._pool.submit(lambda: None).result()
    while repository._premises.uploads.find(ID).durable == 0:
        repository._premises.digests._pool.submit(lambda: None).result()
    assert await answer(desk.write(ID, 1500, b"y" * 100)) == 1600
    await repository.close()
    repository = await opened(tmp_path)
    assert await answer(repository.desk().put(Order("a", upload=ID), MOST)) == Progress(ID, 1600)
    await repository.close()
    monkeypatch.setattr(deposits, "boot_id", lambda: "after")
    repository = await opened(tmp_path)
    assert await answer(repository.desk().put(Order("a", upload=ID), MOST)) == Progress(ID, 1500)
    await repository.close()


@pytest.mark.parametrize("boot", ["after", ""])
async def test_who_has_not_heard_what_a_power_cut_left_does_not_finish_it(tmp_path, monkeypatch, boot):
    monkeypatch.setattr(deposits, "boot_id", lambda: "before" if boot else "")
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("a", upload=ID), MOST))
    assert await answer(desk.write(ID, 0, b"all")) == 3
    await repository.close()
    monkeypatch.setattr(deposits, "boot_id", lambda: boot)
    repository = await opened(tmp_path)
    desk = repository.desk()
    with pytest.raises(WrongOffset, match=r"^0 "):
        await answer(desk.finish(ID, ANN))
    assert await answer(desk.write(ID, 0, b"all")) == 3
    await answer(desk.finish(ID, ANN))
    assert (tmp_path / "a").read_bytes() == b"all"
    await repository.close()


async def test_what_came_after_a_power_cut_outlives_the_server(tmp_path, monkeypatch):
    for boot, offset in (("before", 0), ("after", 0), ("after", 3), ("last", 0)):
        monkeypatch.setattr(deposits, "boot_id", lambda boot=boot: boot)
        repository = await opened(tmp_path)
        desk = repository.desk()
        assert await answer(desk.put(Order("a", upload=ID), MOST)) == Progress(ID, offset)
        if not offset:
            assert await answer(desk.write(ID, 0, b"all")) == 3
        await repository.close()


async def test_what_nobody_wrote_to_for_long_is_swept(tmp_path):
    repository = await opened(tmp_path)
    await answer(repository.desk().put(Order("a", upload=ID), MOST))
    await repository.close()
    (tmp_path / ".portico" / "uploads" / "stray").touch()
    repository = await opened(tmp_path)
    assert names(tmp_path / ".portico" / "uploads") == [ID]
    await repository.close()
    repository = await opened(tmp_path, keep_uploads=-1.0)
    assert names(tmp_path / ".portico" / "uploads") == []
    with pytest.raises(NotFound):
        await answer(repository.desk().finish(ID, ANN))
    await repository.close()


async def test_a_refusal_that_could_not_be_noted_at_once_is_noted_later(tmp_path, monkeypatch):
    repository = await opened(tmp_path)
    desk, catalog = repository.desk(), repository._premises.catalog
    await answer(desk.put(Order("a", 0, upload=ID), MOST))
    (tmp_path / "A").touch()
    before = catalog.intend

    def intend(intents):
        before(intents)
        catalog._writer.execute("PRAGMA query_only = ON")

    monkeypatch.setattr(catalog, "intend", intend)
    assert isinstance(await outcome(desk.finish(ID, ANN)), Exists)
    catalog._writer.execute("PRAGMA query_only = OFF")
    await answer(desk.cancel(ID))
    await repository.close()
    repository = DirectoryRepository(tmp_path, tmp_path / ".portico")
    assert await repository.open() == []
    await repository.close()


@pytest.mark.parametrize("path", ["link/a", "link/inner/a", "link/new/new/a", "file/a", "file/new/a"])
async def test_what_is_no_folder_is_told_at_the_beginning(tmp_path, path):
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "file").touch()
    repository = await opened(tmp_path)
    with pytest.raises(Exists, match="is no folder"):
        await answer(repository.desk().put(Order(path), MOST))
    await repository.close()


async def test_an_upload_with_an_old_time_is_kept_as_long_as_others(tmp_path):
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("a", 3, upload=ID, mtime=10**15), MOST))
    await answer(desk.write(ID, 0, b"abc"))
    (tmp_path / "A").touch()
    assert isinstance(await outcome(desk.finish(ID, ANN)), Exists)
    await repository.close()
    repository = await opened(tmp_path)
    (tmp_path / "A").unlink()
    assert (await answer(repository.desk().finish(ID, ANN))).facts.mtime == 10**15
    await repository.close()


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("mount: needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_is_told_in_words_and_the_deposit_goes_on_when_there_is_room(disk):
    repository = await opened(disk)
    desk = repository.desk()
    with pytest.raises(NoSpace, match="bytes free here"):
        await answer(desk.put(Order("large", 8_000_000), MOST))
    assert (await answer(desk.put(Order("a", upload=ID), MOST))).offset == 0
    (disk / "filler").write_bytes(b"x" * 2_000_000)
    reached = 0
    while isinstance(value := await outcome(desk.write(ID, reached, b"y" * 60_000)), int):
        reached = value
    assert isinstance(value, NoSpace)
    reached = (await answer(desk.put(Order("a", upload=ID), MOST))).offset
    (disk / "filler").unlink()
    assert await receive(desk, ID, reached, b"y" * 1000) == reached + 1000
    await answer(desk.finish(ID, ANN))
    assert (disk / "a").read_bytes() == b"y" * (reached + 1000)
    await repository.close()


async def test_a_folder_on_another_disk_is_refused_in_words(tmp_path, disk):
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("disk/a", upload=ID), MOST))
    with pytest.raises(Unavailable, match="on another disk"):
        await answer(desk.finish(ID, ANN))
    assert await answer(desk.cancel(ID)) is None
    await repository.close()


@pytest.fixture(params=[(1, None), (4, None), (5, "Too many open files")])
def crowded(request, monkeypatch):
    """Call with a method that is to find no free descriptor some times; returns what to expect then."""
    times, error = request.param
    monkeypatch.setattr(beneath, "CROWDED_SECONDS", (0.0,) * len(beneath.CROWDED_SECONDS))

    def crowd(owner, name):
        asked, do = itertools.count(), getattr(owner, name)

        def fails(*arguments):
            if next(asked) < times:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return do(*arguments)

        monkeypatch.setattr(owner, name, fails)
        return nullcontext() if error is None else pytest.raises(Unavailable, match=error)

    return crowd


async def test_a_moment_without_a_free_descriptor_is_waited_for(tmp_path, crowded):
    repository = await opened(tmp_path)
    desk = repository.desk()
    with crowded(deposits.Uploads, "_begin"):
        assert (await answer(desk.put(Order("a", 1, upload=ID), MOST))).upload == ID
    await repository.close()


async def test_a_name_waits_for_a_free_descriptor_too(tmp_path, crowded):
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("a", 1, upload=ID), MOST))
    await answer(desk.write(ID, 0, b"x"))
    with crowded(publishing.Publisher, "_appear") as error:
        assert (await answer(desk.finish(ID, ANN))).path == "a"
    await repository.close()
    assert (tmp_path / "a").exists() == (error is None)


@pytest.fixture
def few_descriptors():
    """Call with how many this process may still open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    def leave(count):
        used = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
        free = (number for number in itertools.count() if number not in used)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next(itertools.islice(free, count, None)), before[1]))

    yield leave
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_what_is_held_open_for_speed_is_let_go_when_descriptors_run_out(
    tmp_path, monkeypatch, few_descriptors
):
    monkeypatch.setattr(beneath, "CROWDED_SECONDS", (0.0,))
    repository = await opened(tmp_path)
    desk = repository.desk()
    await answer(desk.put(Order("first", 0, upload=ID), MOST))
    await answer(desk.finish(ID, ANN))
    few_descriptors(12)
    laters = []
    for number in range(100):
        upload = f"{number:032x}"
        laters += [
            desk.put(Order(f"{number}/deep/file", 1, upload=upload), MOST),
            desk.write(upload, 0, b"x"),
            desk.finish(upload, ANN),
            desk.move(f"{number}/deep/file", f"to/{number}/moved", ANN, replace=False),
        ]
    for later in laters:
        await answer(later)
    assert len(list((tmp_path / "to").rglob("moved"))) == 100
    await repository.close()
