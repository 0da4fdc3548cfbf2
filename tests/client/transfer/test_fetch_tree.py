"""Fetching many files: all of them, once; and servers that would have them written elsewhere."""

import asyncio
import os
from pathlib import Path

import pytest

from portico.client.transfer import fetch_tree as tree_module
from portico.client.transfer import selection as selection_module
from portico.model.errors import BadPath, NoSpace, NotFound, PorticoError, ProtocolError, WrongDigest
from portico.model.files import FileFacts
from portico.model.replies import file_map
from portico.wire.resp_values import encode
from tests.support.filehost import MTIME

NAMES = [f"src/{folder}/{number}" for folder in ("a", "a-", "ü/x", "z") for number in range(40)]
FILES = {path: path.encode() * (number % 700) for number, path in enumerate(NAMES)} | {
    "src/large": bytes(range(256)) * 500,
    "src/middle": b"m" * 20_000,
    "other/x": b"x",
}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(tree_module, "SMALL_BYTES", 64_000)
    monkeypatch.setattr(tree_module, "ASKED_FILES", 16)
    monkeypatch.setattr(selection_module, "PAGE", 37)


@pytest.fixture
def top(tmp_path):
    return tmp_path / "back"


def content(folder):
    """All that is below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() or path.is_symlink()
    }


SOURCE = {path: data for path, data in FILES.items() if path.startswith("src/")}


async def test_a_folder_comes_with_its_name_and_times(host, client, top):
    host.files = dict(FILES)
    told = []
    summary = await client.get_tree("src", top, progress=told.append)
    assert content(top) == SOURCE
    assert (summary.files, summary.bytes) == (len(SOURCE), sum(map(len, SOURCE.values())))
    assert (summary.same, summary.failures) == (0, [])
    assert {path.stat().st_mtime_ns for path in top.rglob("*") if path.is_file()} == {MTIME * 1_000}
    assert (told[-1].done, told[-1].files, told[-1].of_files, told[-1].bytes, told[-1].of_bytes) == (
        True,
        len(SOURCE),
        len(SOURCE),
        summary.bytes,
        summary.bytes,
    )
    assert all(not progress.done for progress in told[:-1])


async def test_what_matches_a_pattern_everything_and_nothing(host, client, top):
    host.files = dict(FILES)
    await client.get_tree("src/*/1*", top / "pattern", verify=False)
    assert set(content(top / "pattern")) == {
        path[4:] for path in NAMES if path.count("/") == 2 and "/1" in path
    }
    assert (await client.get_tree(".", top / "all")).files == len(FILES)
    assert content(top / "all") == FILES
    with pytest.raises(NotFound, match="there is no file nothing"):
        await client.get_tree("nothing", top / "none")


async def test_a_file_by_its_name(host, client, top):
    host.files = dict(FILES)
    assert (await client.get_tree("other/x", top)).files == 1
    assert content(top) == {"x": b"x"}


async def test_what_is_there_is_not_fetched_again(host, client, top):
    host.files = dict(FILES)
    await client.get_tree("src", top)
    (top / NAMES[3]).write_bytes(b"changed here")
    (top / NAMES[4]).unlink()
    host.asked.clear()
    told = []
    summary = await client.get_tree("src", top, progress=told.append)
    assert (summary.files, summary.same) == (2, len(SOURCE) - 2)
    assert told[-1].bytes == told[-1].of_bytes, "what is there counts, or the time left would be too long"
    assert (host.asked.count("READ"), content(top)) == (2, SOURCE)
    assert (await client.get_tree("src", top, resume=False)).files == len(SOURCE)


async def test_connections_that_break(host, client, top):
    host.files = dict(FILES)
    host.cuts = [0, 100, 3_000, 10_000, 50_000, 60_000, 90_000, 100, 20_000]
    summary = await client.get_tree("src", top)
    assert (host.cuts, content(top)) == ([], SOURCE)
    assert (summary.files, summary.failures) == (len(SOURCE), [])


async def test_a_large_file_is_gone_on_with(host, client, top):
    host.files = {"src/large": FILES["src/large"]}
    host.cuts = [1_000, 80_000]
    told = []
    await client.get_tree("src", top, progress=told.append)
    assert content(top) == host.files
    assert any(0 < progress.bytes < 128_000 for progress in told)


async def test_files_that_change_or_vanish_meanwhile(host, client, top):
    host.files = dict(FILES)
    changes = {"src/a/3": b"changed", "src/z/5": b"x" * 70_000}

    def change(words):
        path = words[1].decode()
        if path == "src/a-/7":
            host.files.pop(path, None)
        if path in changes:
            host.files[path] = changes[path]

    host.instead["READ"] = change
    summary = await client.get_tree("src", top)
    assert [(failure.path, type(failure.error)) for failure in summary.failures] == [("src/a-/7", NotFound)]
    assert content(top) == {
        path: changes.get(path, data) for path, data in SOURCE.items() if path != "src/a-/7"
    }


async def test_cancelled_it_leaves_only_whole_files(host, client, top):
    host.files = dict(FILES)
    task = asyncio.ensure_future(
        client.get_tree("src", top, progress=lambda told: told.files > 20 and task.cancel())
    )
    with pytest.raises(asyncio.CancelledError):
        await task
    left = content(top)
    assert left.items() <= SOURCE.items()
    await client.get_tree("src", top)
    assert content(top) == SOURCE


# --- what goes wrong here -------------------------------------------------------------------------


async def test_what_cannot_be_written_is_a_failure_of_its_own(host, client, top, tmp_path):
    host.files = dict(FILES)
    (top / "src" / "z").mkdir(parents=True)
    (top / "src" / "z" / "5").mkdir()
    (top / "src" / "a").write_text("no folder")
    (top / "src" / "middle").mkdir()
    (top / "src" / "large").mkdir()
    summary = await client.get_tree("src", top)
    failed = {failure.path for failure in summary.failures}
    assert failed == {"src/z/5", "src/middle", "src/large", *(path for path in NAMES if "/a/" in path)}
    assert summary.files == len(SOURCE) - len(failed)
    assert not [path for path in content(top) if ".part" in path and "large" not in path]


async def test_no_link_is_followed(host, client, top, tmp_path):
    host.files = dict(FILES)
    outside = tmp_path / "outside"
    outside.mkdir()
    (top / "src").mkdir(parents=True)
    (top / "src" / "a").symlink_to(outside)
    (top / "src" / "middle").symlink_to(outside / "file")
    (top / "src" / "large").symlink_to(outside / "file")
    (outside / "file").write_bytes(b"untouched")
    summary = await client.get_tree("src", top)
    assert content(outside) == {"file": b"untouched"}
    assert {failure.path for failure in summary.failures} == {path for path in NAMES if "/a/" in path}
    assert (top / "src" / "middle").read_bytes() == FILES["src/middle"], "a link is replaced, not followed"


async def test_a_full_disk_ends_it(host, client, top, monkeypatch):
    host.files = dict(FILES)

    def full(fd, data):
        raise OSError(28, "x")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(NoSpace):
        await client.get_tree("src", top)
    assert content(top) == {}


# --- servers that lie -----------------------------------------------------------------------------


def listing(*paths):
    return lambda _: encode([file_map(FileFacts(path, 1, MTIME, "e")) for path in paths], 3)


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/tmp/x", ".ssh/x", "a//b", "a\\b", "c:x", "a\nb", "x" * 300, "a/", "e\u0301"],
)
async def test_paths_that_lead_elsewhere(host, client, top, path):
    host.instead["LIST"] = listing(path)
    summary = await client.get_tree("", top)
    assert [type(failure.error) for failure in summary.failures] == [BadPath]
    assert "READ" not in host.asked
    assert [entry.name for entry in top.parent.iterdir() if entry != top] == ["state"] * (
        top.parent / "state"
    ).exists()


@pytest.mark.parametrize("paths", [("src/b", "src/a"), ("src/a", "src/a"), ("other/x",)])
async def test_listings_that_were_not_asked_for(host, client, top, paths):
    host.instead["LIST"] = listing(*paths)
    with pytest.raises(ProtocolError):
        await client.get_tree("src", top)


async def test_bytes_that_are_not_what_the_server_says(host, client, top):
    host.files = dict(FILES)

    def twist(words):
        return encode(b"?" * int(words[3]), 3) if words[1] in (b"src/a/3", b"src/large") else None

    host.instead["READ"] = twist
    summary = await client.get_tree("src", top)
    assert {(failure.path, type(failure.error)) for failure in summary.failures} == {
        ("src/a/3", WrongDigest),
        ("src/large", WrongDigest),
    }
    assert content(top) == {path: SOURCE[path] for path in SOURCE if path not in ("src/a/3", "src/large")}


async def test_more_bytes_than_were_listed(host, client, top):
    host.files = dict(FILES)
    host.instead["READ"] = lambda words: encode(b"?" * 30_000, 3) if words[1] == b"src/a/3" else None
    summary = await client.get_tree("src", top)
    assert [failure.path for failure in summary.failures] == ["src/a/3"]
    assert len(content(top)) == len(SOURCE) - 1


async def test_a_file_where_a_folder_is(host, client, top):
    """Two listed paths cannot both be: the one is a file, the other in a folder of its name."""
    host.files = {"src/a": b"file", "src/a/b": b"in it"}
    summary = await client.get_tree("src", top)
    (failure,) = summary.failures
    assert type(failure.error) is PorticoError
    assert content(top) in ({"src/a": b"file"}, {"src/a/b": b"in it"})
