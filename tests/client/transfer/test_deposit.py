"""Depositing one file: whole, once, gone on with, under any trouble; and what comes from pipes."""

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest

from portico import AsyncClient
from portico.client.transfer import source as source_module
from portico.model.errors import (
    BadPath,
    Busy,
    Changed,
    Denied,
    Exists,
    Lost,
    NoSpace,
    NotFound,
    PorticoError,
    ProtocolError,
    WrongDigest,
    WrongOffset,
)
from portico.wire.resp_values import encode
from tests.support.filehost import MTIME

DATA = bytes(range(256)) * 8_000


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch):
    monkeypatch.setattr(source_module, "RANGE_BYTES", 100_000)
    monkeypatch.setattr(source_module, "SLICE_BYTES", 30_000)


@pytest.fixture
def fw(tmp_path):
    path = tmp_path / "fw.bin"
    path.write_bytes(DATA)
    os.utime(path, ns=(MTIME * 1_000, MTIME * 1_000))
    return path


# --- whole ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000, 100_001, len(DATA)])
async def test_a_file_arrives_whole_with_its_time(host, client, fw, size):
    fw.write_bytes(DATA[:size])
    os.utime(fw, ns=(MTIME * 1_000, MTIME * 1_000))
    told = []
    facts = await client.put(fw, "d/fw.bin", progress=told.append)
    assert host.files == {"d/fw.bin": DATA[:size]}
    assert (facts.path, facts.size, facts.mtime) == ("d/fw.bin", size, MTIME)
    assert [progress.done for progress in told] == [False] * (len(told) - 1) + [True]
    assert (told[-1].offset, told[-1].size) == (size, size)


@pytest.mark.parametrize("path, there", [(None, "fw.bin"), ("x", "x"), ("d/", "d/fw.bin"), ("", "fw.bin")])
async def test_where_it_goes(host, client, fw, path, there):
    assert (await client.put(str(fw), path)).path == there


@pytest.mark.parametrize("path", ["../x", "/x", ".x", "a//b", "d/../"])
async def test_what_is_no_path(client, fw, path):
    with pytest.raises(BadPath):
        await client.put(fw, path)


async def test_what_cannot_be_read(client, tmp_path):
    with pytest.raises(PorticoError, match=r"cannot read .*nothing: no such file"):
        await client.put(tmp_path / "nothing")
    with pytest.raises(PorticoError, match="is a directory"):
        await client.put(tmp_path)


async def test_there_is_one_already(host, client, fw, state):
    host.files["fw.bin"] = b"old"
    with pytest.raises(Exists):
        await client.put(fw)
    assert host.files["fw.bin"] == b"old"
    await client.put(fw, replace=True)
    assert host.files["fw.bin"] == DATA
    assert "fw.bin" not in state.read_text()


async def test_somebody_else_was_first(host, client, fw):
    def first(_):
        host.files.setdefault("fw.bin", b"first")

    host.instead["FINISH"] = first
    with pytest.raises(Exists):
        await client.put(fw)
    assert host.files["fw.bin"] == b"first"
    assert "CANCEL" in host.asked, "what nobody can finish is given up"


# --- from pipes -----------------------------------------------------------------------------------


async def test_a_pipe(host, client):
    facts = await client.put(io.BytesIO(DATA), "a")
    assert (host.files["a"], facts.size) == (DATA, len(DATA))
    with pytest.raises(PorticoError, match="needs a path"):
        await client.put(io.BytesIO(DATA))


async def test_standard_input(host, client, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hello")))
    await client.put("-", "a")
    assert host.files["a"] == b"hello"


async def test_a_named_pipe(host, client, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    putting = asyncio.ensure_future(client.put(tmp_path / "pipe", "a"))
    await asyncio.to_thread((tmp_path / "pipe").write_bytes, DATA)
    await putting
    assert host.files["a"] == DATA


async def test_a_pipe_over_many_connections(host, client):
    host.cuts = [-100, -150_000, -70_000, -400_000]
    await client.put(io.BytesIO(DATA), "a")
    assert (host.cuts, host.files["a"]) == ([], DATA)


async def test_what_came_from_a_pipe_is_not_kept_for_ever(host, client):
    def forget(request):
        if int(request[2]) > 500_000:
            host._order(request[1])["data"] = b""
            host.break_off()

    host.instead["WRITE"] = forget
    with pytest.raises(PorticoError, match="the server lost"):
        await client.put(io.BytesIO(DATA), "a")


# --- gone on with ---------------------------------------------------------------------------------


async def test_a_connection_that_breaks_again_and_again(host, client, fw):
    host.cuts = [0, -10, -200, -150_000, -70_000, -400_000, -500_000]
    await client.put(fw)
    assert (host.cuts, host.files["fw.bin"]) == ([], DATA)


async def test_the_next_run_goes_on(host, fw, state):
    async with AsyncClient(host.address, timeout=0.05) as client:
        host.cuts = [-700_000] + [0] * 1_000
        with pytest.raises(Lost):
            await client.put(fw)
    host.cuts = []
    host.requests.clear()
    async with AsyncClient(host.address) as client:
        told = []
        await client.put(fw, progress=told.append)
    assert host.files["fw.bin"] == DATA
    assert 0 < told[-1].resumed_from < 700_000
    sent = [len(request[3]) for request in host.requests if request[0] == b"WRITE"]
    assert sum(sent) == len(DATA) - told[-1].resumed_from
    assert "fw.bin" not in state.read_text(), "what is over is forgotten"


@pytest.mark.parametrize("what", ["time", "path", "replace", "forgotten there"])
async def test_but_not_with_another_file(host, fw, what):
    async with AsyncClient(host.address, timeout=0.05) as client:
        host.cuts = [-700_000] + [0] * 1_000
        with pytest.raises(Lost):
            await client.put(fw)
        host.cuts = []
        if what == "time":
            os.utime(fw, ns=(5, 5))
        if what == "forgotten there":
            host._uploads.clear()
        told = []
        path = "other" if what == "path" else None
        await client.put(fw, path, replace=what == "replace", progress=told.append)
    assert told[-1].resumed_from == 0
    assert host.files[path or "fw.bin"] == DATA


async def test_cancelled_it_can_be_gone_on_with(host, client, fw):
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stall(request):
        if int(request[2]) < 500_000:
            return None
        loop.call_soon_threadsafe(reached.set)
        return b""

    host.instead["WRITE"] = stall
    task = asyncio.ensure_future(client.put(fw))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    host.instead.clear()
    told = []
    await client.put(fw, progress=told.append)
    assert (host.files["fw.bin"], told[-1].resumed_from) == (DATA, 500_000)


async def test_an_upload_that_still_belongs_to_a_broken_connection(host, client, fw):
    count = 0

    def busy(_):
        nonlocal count
        count += 1
        return encode(Busy("somebody is at it"), 3) if 3 < count < 9 else None

    host.instead["WRITE"] = busy
    await client.put(fw)
    assert host.files["fw.bin"] == DATA


async def test_a_file_whose_finish_had_no_answer(host, client, fw):
    def finish(request):
        host.instead.clear()
        host._finish(request[1])
        host.break_off()

    host.instead["FINISH"] = finish
    told = []
    await client.put(fw, progress=told.append)
    assert (host.files["fw.bin"], host.asked.count("PUT")) == (DATA, 1)


async def test_a_file_whose_finish_had_no_answer_for_an_earlier_run(host, fw, state):
    async with AsyncClient(host.address, timeout=0.05) as client:
        host.instead["FINISH"] = lambda _: host.break_off()
        with pytest.raises(Lost):
            await client.put(fw)
    host.instead.clear()
    host.requests.clear()
    async with AsyncClient(host.address, timeout=5) as client:
        assert (await client.put(fw)).size == len(DATA)
    assert [request[0] for request in host.requests if request[0] in (b"WRITE", b"FINISH")] == [b"FINISH"]


async def test_last_bytes_that_a_power_cut_took(host, client, fw):
    count = 0

    def lose(request):
        nonlocal count
        count += 1
        if count == 1:
            order = host._order(request[1])
            order["data"] = order["data"][:123_456]
        if count == 3:
            host._uploads.clear()
        if count in (1, 3):
            host.break_off()

    host.instead["FINISH"] = lose
    await client.put(fw)
    assert (host.files["fw.bin"], count) == (DATA, 5)
    host.instead["FINISH"] = lambda _: encode(NotFound("no"), 3)
    with pytest.raises(NotFound):
        await client.put(fw, "again")


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["PUT", "WRITE", "FINISH"])
@pytest.mark.parametrize("error", [Denied("no"), NoSpace("the disk is full")])
async def test_refusals_are_passed_on(host, client, fw, command, error, state):
    host.instead[command] = lambda _: encode(error, 3)
    with pytest.raises(type(error), match=error.sentence):
        await client.put(fw)
    kept = command != "PUT" and isinstance(error, NoSpace)
    assert (state.exists() and "fw.bin" in state.read_text()) == kept, "there may be room later"


async def test_an_offset_nobody_can_go_on_from(host, fw):
    async with AsyncClient(host.address, timeout=0.05) as client:
        host.instead["WRITE"] = lambda _: encode(WrongOffset(7), 3)
        with pytest.raises(WrongOffset):
            await client.put(fw)


@pytest.mark.parametrize(
    "command, answer",
    [
        ("PUT", b":1\r\n"),
        ("PUT", b"*0\r\n"),
        ("PUT", encode({"upload": "x", "offset": "y"}, 3)),
        ("WRITE", b"+OK\r\n"),
        ("FINISH", b"+OK\r\n"),
        ("FINISH", encode({"path": "other", "size": 1}, 3)),
    ],
)
async def test_answers_that_make_no_sense(host, client, fw, command, answer):
    host.instead[command] = lambda _: answer
    with pytest.raises(ProtocolError):
        await client.put(fw)


async def test_other_bytes_there_than_here(host, client, fw):
    host.instead["FINISH"] = lambda request: encode({**host._finish(request[1]), "sha256": "0" * 64}, 3)
    with pytest.raises(WrongDigest):
        await client.put(fw)


@pytest.mark.parametrize("change", ["grown", "touched", "shortened", "replaced"])
async def test_a_file_that_is_written_to_meanwhile(host, client, fw, change):
    def write(request):
        if request[2] != b"100000":
            return
        if change == "grown":
            with fw.open("ab") as file:
                file.write(b"more")
        if change == "touched":
            os.utime(fw)
        if change == "shortened":
            os.truncate(fw, 150_000)
        if change == "replaced":
            other = Path(f"{fw}.new")
            other.write_bytes(DATA)
            other.rename(fw)

    host.instead["WRITE"] = write
    with pytest.raises(Changed, match="was written to while it was sent"):
        await client.put(fw)
    assert host.files == {}
