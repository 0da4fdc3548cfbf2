"""The directory as a repository: what is on a disk besides files, and what others do to it meanwhile."""

import asyncio
import os
import threading
import time
from contextlib import suppress

import pytest

from portico.model.errors import NotFound, PorticoError, Unavailable
from portico.stores.files import directory, tree
from portico.stores.files.directory import DirectoryRepository
from portico.stores.files.tree import Stopped, Tree


@pytest.fixture
def outside(tmp_path):
    made = tmp_path / "outside"
    made.mkdir()
    (made / "secret.txt").write_text("not yours")
    (made / "both.txt").write_text("the longer one is outside")
    return made


@pytest.fixture
async def repository(root):
    made = DirectoryRepository(root)
    yield made
    await made.close()


async def paths(repository, pattern=None, after=None, count=1000):
    return [facts.path for facts in await repository.list(pattern, after, count)]


async def hidden(repository, path):
    """Tell that a path is neither listed, by itself or among all, nor counted, nor found."""
    with suppress(PorticoError):
        await repository.stat(path)
        return False
    listed = [*await paths(repository), *await paths(repository, path)]
    return path not in listed and await repository.count(path) == 0


# --- what is there at the start ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_root_that_is_no_directory_is_refused_at_once(tmp_path, kind):
    place = tmp_path / "place"
    if kind == "file":
        place.touch()
    with pytest.raises(PorticoError, match=r"the directory .*/place cannot be opened: .*; make it"):
        DirectoryRepository(place)


async def test_the_root_may_be_reached_over_a_link(tmp_path, root):
    (root / "a").touch()
    (tmp_path / "link").symlink_to(root)
    repository = DirectoryRepository(str(tmp_path / "link"))
    assert await paths(repository) == ["a"]
    await repository.close()


async def test_a_root_that_is_renamed_is_served_on(root, repository):
    (root / "a").touch()
    root.rename(root.with_name("elsewhere"))
    assert await paths(repository) == ["a"]


# --- what is not a file -----------------------------------------------------------------------------


async def test_links_are_not_followed(root, outside, repository):
    (root / "real.txt").touch()
    (root / "file").symlink_to(outside / "secret.txt")
    (root / "inside").symlink_to(root / "real.txt")
    (root / "folder").symlink_to(outside)
    (root / "broken").symlink_to("nowhere")
    assert await paths(repository) == ["real.txt"]
    assert await repository.count("**") == 1
    assert await paths(repository, "folder/**") == []
    for path in ("file", "inside", "folder/secret.txt", "broken"):
        assert await hidden(repository, path)


@pytest.mark.parametrize("pattern", ["../*", "../outside/*", "a/../../outside/*", "/**"])
async def test_a_pattern_does_not_lead_outside(root, outside, repository, pattern):
    (root / "a").mkdir()
    assert await paths(repository, pattern) == []
    assert await repository.count(pattern) == 0


async def test_links_in_a_circle_end(root, repository):
    (root / "a").mkdir()
    (root / "a" / "up").symlink_to("..")
    (root / "a" / "self").symlink_to("self")
    (root / "a" / "file").touch()
    assert await paths(repository) == ["a/file"]
    assert await hidden(repository, "a/up/a/file")
    assert await hidden(repository, "a/self")


@pytest.mark.timeout(5)
async def test_special_files_do_not_exist_and_nobody_waits_for_them(root, repository):
    os.mkfifo(root / "pipe")
    os.mkfifo(root / "folder")
    assert await hidden(repository, "pipe")
    assert await hidden(repository, "folder/file")


@pytest.mark.parametrize(
    "name",
    [
        b".hidden",
        b"caf\xe9",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"line\nfeed",
        b"\x1b[31mred",
        b"back\\slash",
        b"C:drive",
        "exe\u202egpj".encode(),
        "cafe\u0301".encode(),
    ],
)
async def test_odd_names_are_left_out_and_harm_nobody(root, repository, name):
    (root / "good").touch()
    odd = root / os.fsdecode(name)
    odd.mkdir()
    (odd / "file").touch()
    odd.with_name(odd.name + "2").touch()
    assert await paths(repository) == ["good"]
    assert await repository.count(None) == 1
    assert await hidden(repository, os.fsdecode(name) + "2")
    assert await hidden(repository, os.fsdecode(name) + "/file")


# --- what others do meanwhile -----------------------------------------------------------------------


def swap(folder, outside, until):
    """Put a link to `outside` in the place of a folder and the folder back, as fast as can be."""
    aside = folder.with_name(".aside")
    link = folder.with_name(".link")
    while time.monotonic() < until:
        folder.rename(aside)
        link.symlink_to(outside)
        link.rename(folder)
        folder.unlink()
        aside.rename(folder)


async def test_a_folder_swapped_for_a_link_never_shows_what_is_outside(root, outside, repository):
    (root / "folder").mkdir()
    (root / "folder" / "both.txt").write_text("inside")
    (root / "folder" / "ours.txt").touch()
    swapping = threading.Thread(target=swap, args=(root / "folder", outside, time.monotonic() + 1))
    swapping.start()
    seen, found, missed = set(), 0, 0
    while swapping.is_alive():
        seen |= {(facts.path, facts.size) for facts in await repository.list("**", None, 10)}
        with suppress(NotFound):
            await repository.stat("folder/secret.txt")
            pytest.fail("a file outside was found")
        try:
            facts = await repository.stat("folder/both.txt")
            seen.add((facts.path, facts.size))
            found += 1
        except NotFound:
            missed += 1
    swapping.join()
    assert seen == {("folder/both.txt", 6), ("folder/ours.txt", 0)}
    assert found
    assert missed


async def test_no_more_attributes_are_read_than_files_are_returned(root, repository, monkeypatch):
    for number in range(50):
        (root / f"{number:02}").touch()
    asked, real = [], os.stat
    monkeypatch.setattr(tree.os, "stat", lambda name, **rest: asked.append(name) or real(name, **rest))
    assert len(await paths(repository, "*", "29", 5)) == 5
    assert asked == ["30", "31", "32", "33", "34"]
    assert await repository.count("4*") == 10
    assert len(asked) == 5


async def test_a_file_that_vanishes_is_left_out_and_the_next_takes_its_place(root, repository, monkeypatch):
    for name in "abc":
        (root / name).touch()
    real = os.stat

    def vanishing(name, **rest):
        if name == "a":
            (root / "a").unlink()
        return real(name, **rest)

    monkeypatch.setattr(tree.os, "stat", vanishing)
    assert await paths(repository, None, None, 2) == ["b", "c"]


# --- who reads, and the end -------------------------------------------------------------------------


@pytest.fixture
def blocked(root, monkeypatch):
    """Hold every reading of a folder at its first name until `go` is set; return (begun, go, ended)."""
    (root / "file").touch()
    begun, go, ended = threading.Event(), threading.Event(), []
    real = Tree._keys

    def held(self, prefix):
        begun.set()
        go.wait(10)
        try:
            yield from real(self, prefix)
        except Stopped:
            ended.append(prefix)
            raise

    monkeypatch.setattr(Tree, "_keys", held)
    yield begun, go, ended
    go.set()


async def until(event):
    assert await asyncio.to_thread(event.wait, 10)


async def test_the_loop_never_waits_for_a_disk(repository, blocked):
    begun, go, _ = blocked
    listing = asyncio.create_task(paths(repository))
    await until(begun)
    assert (await repository.stat("file")).size == 0
    go.set()
    assert await listing == ["file"]


async def test_a_cancelled_request_stops_reading(repository, blocked):
    begun, go, ended = blocked
    listing = asyncio.create_task(paths(repository))
    await until(begun)
    listing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listing
    go.set()
    await repository.close()
    assert ended == [""]


async def test_closing_stops_what_is_read_and_then_refuses(repository, blocked):
    begun, go, _ = blocked
    listing = asyncio.create_task(paths(repository))
    await until(begun)
    closing = asyncio.create_task(repository.close())
    await asyncio.sleep(0)
    go.set()
    await closing
    await repository.close()
    with pytest.raises(Unavailable, match="closed"):
        await listing
    with pytest.raises(Unavailable, match="closed"):
        await repository.stat("file")


async def test_many_read_the_same_folder_at_once(root, repository):
    for number in range(300):
        (root / f"{number:03}").touch()
    pages = await asyncio.gather(*(paths(repository) for _ in range(20)))
    assert all(page == [f"{number:03}" for number in range(300)] for page in pages)


async def test_a_file_is_not_opened_on_the_event_loop(repository, root, monkeypatch):
    (root / "a").write_bytes(b"one")
    threads, opening = [], directory.open_file

    def open_file(*args):
        threads.append(threading.current_thread())
        return opening(*args)

    monkeypatch.setattr(directory, "open_file", open_file)
    assert (await repository.stat("a")).sha256
    assert len(threads) == 1
    assert threading.main_thread() not in threads
