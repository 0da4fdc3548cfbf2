"""Fetching one file: whole and verified, gone on with, begun anew; and servers that lie."""

import asyncio
import io
from pathlib import Path

import pytest

from portico import AsyncClient
from portico.client.transfer import fetch as fetch_module
from portico.client.transfer.part import mark_of, part_name
from portico.model.errors import BadPath, Changed, Lost, NotFound, PorticoError, ProtocolError, WrongDigest
from portico.wire.resp_values import encode
from tests.server.conftest import until
from tests.support.filehost import MTIME

DATA = bytes(range(256)) * 8_000


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch):
    monkeypatch.setattr(fetch_module, "RANGE_BYTES", 100_000)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The current folder is the test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def names(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


def content(path):
    return Path(path).read_bytes()


def info(path):
    return Path(path).stat()


def part_of(host, path, etag=None):
    return Path(part_name(path, mark_of("log1", path, etag or host.etag(path))))


# --- where it goes --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000, 100_001, len(DATA)])
async def test_a_file_comes_whole_with_its_time_and_facts(host, client, size):
    host.files["d/fw.bin"] = DATA[:size]
    facts = await client.get("d/fw.bin")
    assert content("fw.bin") == DATA[:size]
    assert (facts.path, facts.size, facts.sha256) == (
        "d/fw.bin",
        size,
        (await client.stat("d/fw.bin")).sha256,
    )
    assert info("fw.bin").st_mtime_ns == MTIME * 1_000
    assert names() == ["fw.bin"]


async def test_where_it_goes(host, client, here):
    host.files["d/a"] = b"a"
    (here / "folder").mkdir()
    for dest in ("folder", "new/deep/", here / "b", "folder/c"):
        await client.get("d/a", dest)
    assert [content(path) for path in ("folder/a", "new/deep/a", "b", "folder/c")] == [b"a"] * 4


async def test_it_is_written_out(host, client):
    host.files["a"] = DATA
    out = io.BytesIO()
    assert (await client.get("a", out)).size == len(out.getvalue())
    assert (out.getvalue(), names()) == (DATA, [])


@pytest.mark.parametrize("path", ["..", "a/..", "../x", "/x", ""])
async def test_what_is_no_path(client, path):
    with pytest.raises(BadPath):
        await client.get(path)


async def test_a_place_that_cannot_be_written(host, client):
    host.files["a"] = b"a"
    with pytest.raises(PorticoError, match=r"cannot write nowhere/a: no such file or directory"):
        await client.get("a", "nowhere/a")
    with pytest.raises(NotFound):
        await client.get("b")
    assert names() == []


# --- how far it is --------------------------------------------------------------------------------


async def test_progress_is_told_and_ends_with_done(host, client):
    host.files["a"] = DATA
    told = []
    await client.get("a", progress=told.append)
    offsets = [progress.offset for progress in told]
    assert offsets == sorted(offsets)
    assert [progress.done for progress in told] == [False] * (len(told) - 1) + [True]
    assert (told[-1].offset, told[-1].size, told[-1].resumed_from) == (len(DATA), len(DATA), 0)


# --- gone on with ---------------------------------------------------------------------------------


async def test_what_an_earlier_run_left_is_gone_on_with(host, client):
    host.files["a"] = DATA
    part_of(host, "a").write_bytes(DATA[:1_000_000])
    told = []
    await client.get("a", progress=told.append)
    assert content("a") == DATA
    assert told[-1].resumed_from == 1_000_000
    assert host.asked.count("READ") == 11
    assert names() == ["a"]


async def test_or_not(host, client):
    host.files["a"] = DATA
    part_of(host, "a").write_bytes(DATA[:1_000_000])
    await client.get("a", resume=False)
    assert host.asked.count("READ") == 21


async def test_a_part_that_is_whole_is_only_verified(host, client):
    host.files["a"] = DATA
    part_of(host, "a").write_bytes(DATA)
    await client.get("a")
    assert "READ" not in host.asked


async def test_a_part_that_is_longer_than_the_file_is_none(host, client):
    host.files["a"] = DATA
    part_of(host, "a").write_bytes(DATA + b"more")
    await client.get("a")
    assert content("a") == DATA


async def test_a_part_of_an_earlier_content_is_removed(host, client):
    host.files["a"] = DATA
    part_of(host, "a", "another").write_bytes(b"old")
    await client.get("a")
    assert (names(), content("a")) == (["a"], DATA)


async def test_a_connection_that_breaks_again_and_again(host, client):
    host.files["a"] = DATA
    host.cuts = [10, 30, 700, 150_000, 100_003, 300_000, 500_000, 1_000_000]
    await client.get("a")
    assert (host.cuts, content("a"), names()) == ([], DATA, ["a"])


async def test_written_out_over_many_connections(host, client):
    host.files["a"] = DATA
    host.cuts = [150_000, 700_000, 300_000]
    out = io.BytesIO()
    await client.get("a", out)
    assert (host.cuts, out.getvalue()) == ([], DATA)


async def test_it_gives_up_when_nothing_comes_any_more(host):
    host.files["a"] = DATA
    async with AsyncClient(host.address, timeout=0.05) as client:
        host.cuts = [500_000] + [0] * 1_000
        with pytest.raises(Lost):
            await client.get("a")
    assert part_of(host, "a").stat().st_size > 0


async def test_cancelled_it_keeps_the_part(host, client):
    host.files["a"] = DATA
    reached = asyncio.Event()
    host.instead["STAT"] = lambda words: b"" if len(words) > 2 else None  # never answered
    task = asyncio.ensure_future(
        client.get("a", progress=lambda told: told.offset == told.size and reached.set())
    )
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names() == [part_of(host, "a").name]
    host.instead.clear()
    await client.get("a")
    assert content("a") == DATA


async def test_two_at_once_to_one_place(host, client):
    host.files["a"] = DATA
    results = await asyncio.gather(*[client.get("a") for _ in range(5)], return_exceptions=True)
    assert any(not isinstance(result, Exception) for result in results)
    assert content("a") == DATA
    await until(lambda: names() == ["a"])


# --- changed meanwhile ----------------------------------------------------------------------------


async def test_a_file_that_changes_is_fetched_anew(host, client):
    host.files["a"] = DATA
    other = DATA[::-1]
    count = 0

    def change(words):
        nonlocal count
        count += 1
        if count == 5:
            host.files["a"] = other

    host.instead["READ"] = change
    await client.get("a")
    assert (content("a"), names()) == (other, ["a"])


async def test_one_that_changes_before_it_is_verified(host, client):
    host.files["a"] = DATA

    def change(words):
        if len(words) > 2 and host.files["a"] == DATA:
            host.files["a"] = DATA[:-1]

    host.instead["STAT"] = change
    await client.get("a")
    assert content("a") == DATA[:-1]


async def test_one_that_changes_all_the_time_is_reported(host, client):
    host.files["a"] = b"0"

    def change(words):
        host.files["a"] += b"1"

    host.instead["READ"] = change
    with pytest.raises(Changed):
        await client.get("a")
    assert names() == []


async def test_what_was_written_out_cannot_be_taken_back(host, client):
    host.files["a"] = DATA

    def change(words):
        if int(words[2]) > 500_000:
            host.files["a"] = b"other"

    host.instead["READ"] = change
    with pytest.raises(Changed):
        await client.get("a", io.BytesIO())


# --- servers that lie -----------------------------------------------------------------------------


def wrong(host, **other):
    """STAT answers with something else."""
    return lambda words: encode({**host._stat(words[1]), **other}, 3)


@pytest.mark.parametrize("verify", [True, False])
async def test_bytes_that_are_not_what_the_server_says(host, client, verify):
    host.files["a"] = DATA
    host.instead["READ"] = lambda words: encode(b"x" * int(words[3]), 3)
    if verify:
        with pytest.raises(WrongDigest, match="thrown away"):
            await client.get("a")
        assert names() == []
    else:
        await client.get("a", verify=False)
        assert "STAT" in host.asked
        assert host.asked.count("STAT") == 1


@pytest.mark.parametrize("answer", [b"$0\r\n\r\n", encode(b"x" * 200_000, 3)], ids=["none", "too many"])
async def test_another_number_of_bytes_than_asked_for(host, client, answer):
    host.files["a"] = DATA
    host.instead["READ"] = lambda _: answer
    with pytest.raises(Changed):
        await client.get("a")


@pytest.mark.parametrize(
    "other", [{"path": "b"}, {"size": -1}, {"size": "x"}, {"etag": 7}, {"mtime": "never"}]
)
async def test_facts_that_make_no_sense(host, client, other):
    host.files["a"] = DATA
    host.instead["STAT"] = wrong(host, **other)
    with pytest.raises(ProtocolError):
        await client.get("a")
    assert names() == []


@pytest.mark.parametrize("answer", [b"+OK\r\n", b"hello\r\n", b"$9999999999\r\n", b":7\r\n", b"*1\r\n:1\r\n"])
async def test_answers_that_make_no_sense(host, client, answer):
    host.files["a"] = DATA
    host.instead["READ"] = lambda _: answer
    with pytest.raises(ProtocolError):
        await client.get("a")


async def test_an_etag_is_only_text(host, client):
    host.files["a"] = DATA
    host.instead["STAT"] = wrong(host, etag="../../../x\0/")
    host.instead["READ"] = lambda words: encode(DATA[int(words[2]) :][: int(words[3])], 3)
    await client.get("a")
    assert (names(), names("..")) == (["a"], ["here"])


async def test_a_digest_that_is_not_known_is_asked_for_again(host, client, monkeypatch):
    host.files["a"] = DATA
    unknown = host._facts("a", digest=False)

    def some_time(words):
        if len(words) > 2 and host.asked.count("STAT") < 5:
            return encode({**host._stat(words[1]), "sha256": None}, 3)
        return None

    assert unknown.sha256 is None
    host.instead["STAT"] = some_time
    await client.get("a")
    assert host.asked.count("STAT") == 5
    monkeypatch.setattr(fetch_module, "MOST_DIGEST_ASKED", 3)
    host.instead["STAT"] = wrong(host, sha256=None)
    async with AsyncClient(host.address, timeout=0.01) as hasty:
        with pytest.raises(PorticoError, match="no digest"):
            await hasty.get("a", "b")
    assert names()[0] == "a"
