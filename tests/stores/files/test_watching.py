"""Noticing what others do to a directory, with the kernel's notices and without; hurried."""

import asyncio
import os
import shutil

import pytest

from portico.model.errors import Unavailable
from portico.stores.files import notices, watching
from portico.stores.files.tree import Tree, etag_of
from portico.stores.files.watching import Tempo, Watcher, odd_names

HASTE = Tempo(still=0.08, share=1.0, look=0.02, tell=0.0)


class Outside:
    """A directory that is watched, and what was told of it."""

    def __init__(self, root, watcher, said):
        self.root, self.watcher, self.said = root, watcher, said
        self.told = []
        self._came = asyncio.Event()
        self._stream = watcher.changes()

    async def begin(self):
        """Wait until what is there has been looked at."""
        self._task = asyncio.create_task(self._take())
        assert await asyncio.to_thread(self.watcher.begun.wait, 10)

    async def _take(self):
        async for change in self._stream:
            self.told.append(change)
            self._came.set()

    async def until(self, done):
        async with asyncio.timeout(20):
            while not done():
                self._came.clear()
                await self._came.wait()

    def write(self, path, text="x"):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return etag_of(place.stat())

    async def seen(self, count=1):
        """Return the next changes, `added path` and so on, sorted; a marker shows that there are no more."""
        marker = f"marker{len(self.told)}"
        await self.until(lambda: len(self.told) >= count)
        self.write(marker)
        await self.until(lambda: self.told and self.told[-1].path == marker)
        told, self.told = self.told[:-1], []
        return sorted(f"{change.change} {change.path}" for change in told)

    async def close(self):
        await self.watcher.close()
        await self._task


@pytest.fixture(params=["notices", "scan"])
def way(request, monkeypatch):
    if request.param == "scan":
        monkeypatch.setattr(notices, "MAX_WATCHED", 0)
    else:
        pytest.importorskip("watchfiles")
        monkeypatch.setattr(notices, "REBUILD_SECONDS", 0.0)
        monkeypatch.setattr(notices, "STEP_MS", 10)


@pytest.fixture
async def make(root):
    made, opened = [], []

    async def begin(tempo=HASTE):
        descriptor = os.open(root, os.O_RDONLY)
        opened.append(descriptor)
        said = []
        outside = Outside(root, Watcher(descriptor, root, said.append, tempo), said)
        made.append(outside)
        await outside.begin()
        return outside

    yield begin
    for outside in made:
        await outside.close()
    for descriptor in opened:
        os.close(descriptor)


@pytest.fixture
async def outside(way, root, make):
    return await make()


async def test_what_is_there_at_the_start_is_not_told_and_what_comes_is(way, root, make):
    (root / "old").mkdir()
    (root / "old" / "file").touch()
    await asyncio.sleep(0.02)
    outside = await make()
    outside.write("new/deep/file", "12345")
    assert await outside.seen() == ["added new/deep/file"]


async def test_a_change_tells_what_the_file_is(outside):
    etag = outside.write("file", "12345")
    await outside.until(lambda: outside.told)
    change = outside.told[0]
    assert (change.change, change.path, change.size) == ("added", "file", 5)
    assert (change.author.session, change.author.name, change.sha256) == (0, "", "")
    assert change.facts.etag == etag
    assert len(change.key) <= 64


async def test_changed_removed_and_back_again(outside):
    outside.write("file")
    assert await outside.seen() == ["added file"]
    outside.write("file", "longer")
    assert await outside.seen() == ["changed file"]
    (outside.root / "file").unlink()
    assert await outside.seen() == ["removed file"]
    outside.write("file")
    assert await outside.seen() == ["added file"]


async def test_a_rename_is_a_move_also_of_a_folder_and_over_another(outside):
    for path in ("a", "b", "folder/one", "folder/inner/two"):
        outside.write(path, path)
    assert len(await outside.seen(4)) == 4
    (outside.root / "a").rename(outside.root / "folder" / "c")
    (outside.root / "folder").rename(outside.root / "other")
    (outside.root / "b").rename(outside.root / "other" / "one")
    await outside.until(lambda: len(outside.told) >= 4)
    origins = {change.path: change.origin for change in outside.told if change.origin}
    assert origins == {"other/c": "a", "other/inner/two": "folder/inner/two", "other/one": "b"}
    assert await outside.seen() == [
        "moved other/c",
        "moved other/inner/two",
        "moved other/one",
        "removed folder/one",
    ]


async def test_a_folder_that_goes_takes_all_its_files(outside):
    for path in ("a/one", "a/b/two", "a/b/c/three", "ab/stays"):
        outside.write(path)
    assert len(await outside.seen(4)) == 4
    shutil.rmtree(outside.root / "a")
    assert await outside.seen(3) == ["removed a/b/c/three", "removed a/b/two", "removed a/one"]
    outside.write("a/one")
    assert await outside.seen() == ["added a/one"]


async def test_a_file_is_told_once_it_is_still(way, make):
    outside = await make(Tempo(still=0.5, share=1.0, look=0.02, tell=0.0))
    with (outside.root / "growing").open("w") as file:
        for _ in range(15):
            file.write("x" * 100)
            file.flush()
            await asyncio.sleep(0.05)
            assert outside.told == []
    assert await outside.seen() == ["added growing"]


async def test_what_comes_and_goes_before_it_was_still_is_not_told(outside):
    outside.write("brief")
    await asyncio.sleep(0.05)
    (outside.root / "brief").unlink()
    assert await outside.seen(0) == []


async def test_what_may_not_be_served_is_not_told(outside, tmp_path):
    outside.write(".hidden")
    outside.write(".folder/file")
    outside.write("back\\slash")
    os.mkfifo(outside.root / "pipe")
    (outside.root / "link").symlink_to(tmp_path)
    (tmp_path / "elsewhere").touch()
    assert await outside.seen(0) == []
    (outside.root / ".hidden").rename(outside.root / "seen")
    assert await outside.seen() == ["added seen"]


async def test_links_and_modes_are_no_change(outside):
    outside.write("file")
    assert await outside.seen() == ["added file"]
    (outside.root / "file").chmod(0o600)
    (outside.root / ".other").hardlink_to(outside.root / "file")
    assert await outside.seen(0) == []


# --- what the server does itself --------------------------------------------------------------------


async def test_what_the_server_did_is_not_told(outside):
    outside.watcher.expect("folder/ours", outside.write("folder/ours"))
    assert await outside.seen(0) == []
    (outside.root / "folder" / "ours").rename(outside.root / "moved")
    outside.watcher.expect("folder/ours", None)
    outside.watcher.expect("moved", etag_of((outside.root / "moved").stat()))
    assert await outside.seen(0) == []
    (outside.root / "moved").unlink()
    outside.watcher.expect("moved", None)
    assert await outside.seen(0) == []


async def test_what_was_seen_before_it_is_expected_is_not_told_either(way, make):
    outside = await make(Tempo(still=0.6, share=1.0, look=0.02, tell=0.0))
    etag = outside.write("ours")
    async with asyncio.timeout(10):
        while not len(outside.watcher._differences):  # noqa: ASYNC110 - another thread finds it
            await asyncio.sleep(0.01)
    outside.watcher.expect("ours", etag)
    assert await outside.seen(0) == []


async def test_what_others_do_to_the_servers_files_is_told(outside):
    etag = outside.write("changed", "ours")
    outside.write("changed", "theirs")
    outside.watcher.expect("changed", etag)
    etag = outside.write("removed")
    (outside.root / "removed").unlink()
    outside.watcher.expect("removed", etag)
    outside.write("added")
    outside.watcher.expect("added", None)
    assert await outside.seen(3) == ["added added", "changed changed", "removed removed"]


# --- many at once -----------------------------------------------------------------------------------


async def test_more_than_twenty_at_once_are_told_together(way, make):
    outside = await make(Tempo(still=0.4, share=1.0, look=0.02, tell=0.0))
    for number in range(50):
        outside.write(f".unseen/file{number}")
    (outside.root / ".unseen").rename(outside.root / "folder")
    await outside.until(lambda: sum(change.count or 1 for change in outside.told) == 50)
    assert [change.change for change in outside.told] == ["added"] * 20 + ["many"]
    assert outside.told[-1].count == 30
    assert len({change.key for change in outside.told}) == 21


async def test_what_finds_no_room_to_wait_is_told_later(way, make, monkeypatch):
    monkeypatch.setattr("portico.stores.files.differences.MAX_WAITING", 7)
    outside = await make()
    for number in range(18):
        outside.write(f"{number % 3}/file{number}")
    await outside.until(lambda: len(outside.told) >= 18)
    assert len({change.path for change in outside.told}) == 18
    for number in range(3):
        shutil.rmtree(outside.root / str(number))
    await outside.until(lambda: len(outside.told) >= 36)
    assert {change.change for change in outside.told[18:]} == {"removed"}


async def test_between_two_tellings_there_is_a_pause(way, make):
    outside = await make(Tempo(still=0.05, share=1.0, look=0.02, tell=60.0))
    outside.write("first")
    await outside.until(lambda: outside.told)
    outside.write("second")
    await asyncio.sleep(0.3)
    assert [change.path for change in outside.told] == ["first"]


# --- names that are not served ----------------------------------------------------------------------


async def test_odd_names_are_told_to_the_operator_once_and_escaped(way, root, make):
    (root / "a\x01b").touch()
    (root / os.fsdecode(b"caf\xe9")).mkdir()
    (root / ".hidden").touch()
    outside = await make()
    outside.write("good")
    assert await outside.seen() == ["added good"]
    outside.write("new\x1b[31m")
    assert await outside.seen(0) == []
    first, second = outside.said
    assert first.startswith("2 of the directory's names cannot be served")
    assert first.endswith(r": 'a\x01b', 'caf\xe9'")
    assert second.startswith("1 of the")
    assert second.endswith(r": 'new\x1b[31m'")


def test_of_many_odd_names_ten_are_shown():
    sentence = odd_names([f"{number:04}\x01" for number in range(1234)])
    assert sentence.count("\\x01") == 10
    assert sentence.endswith(r"'0009\x01' and 1,224 more")
    assert sentence.isprintable()
    assert len(odd_names(["\x01" * 250])) < 500


# --- faults and the end -----------------------------------------------------------------------------


async def test_a_name_that_is_no_utf8_does_not_stop_the_watching(outside):
    (outside.root / os.fsdecode(b"\xff\xfe")).touch()
    outside.write("one")
    assert await outside.seen() == ["added one"]
    outside.write("two")
    assert await outside.seen() == ["added two"]


async def test_a_fault_of_the_disk_is_told_and_nothing_is_lost(way, make, monkeypatch):
    outside = await make(Tempo(still=0.08, share=1.0, look=0.02, tell=0.0))
    outside.write("folder/one")
    assert await outside.seen() == ["added folder/one"]
    real, faults = Tree.entries, []

    def failing(self, prefix):
        if prefix == "folder/" and not faults:
            faults.append(prefix)
            raise Unavailable("the disk is on fire")
        return real(self, prefix)

    monkeypatch.setattr(Tree, "entries", failing)
    outside.write("folder/two")
    with pytest.raises(Unavailable):
        await outside._task
    outside._stream = outside.watcher.changes()
    await outside.begin()
    assert await outside.seen() == ["added folder/two"]


async def test_closing_is_prompt_whatever_it_does(way, root, make, monkeypatch):
    for number in range(2000):
        (root / f"{number}").touch()
    outside = await make(Tempo(look=3600.0))
    async with asyncio.timeout(2):
        await outside.close()
    await outside.watcher.close()


async def test_closing_before_the_first_look_ended_is_prompt(root):
    for number in range(2000):
        (root / f"{number}").touch()
    descriptor = os.open(root, os.O_RDONLY)
    watcher = Watcher(descriptor, root, print, Tempo(share=0.0001))
    task = asyncio.create_task(anext(watcher.changes(), None))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        await watcher.close()
        assert await task is None
    assert not watcher.begun.is_set()
    os.close(descriptor)


async def test_a_root_that_is_renamed_is_watched_on(outside):
    outside.root = outside.root.rename(outside.root.with_name("elsewhere"))
    outside.write("file")
    assert await outside.seen() == ["added file"]


def test_what_is_forgotten_of_own_changes_is_the_oldest(root, monkeypatch):
    monkeypatch.setattr(watching, "MAX_EXPECTED", 2)
    watcher = Watcher(-1, root, print)
    for path in "abc":
        watcher.expect(path, None)
    watcher.expect("b", "etag")
    assert watcher._expected == {"c": None, "b": "etag"}
