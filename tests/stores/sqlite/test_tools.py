"""Checking and copying a log from outside, also while it is written."""

from __future__ import annotations

import asyncio
import os
import sqlite3

import pytest

from portico.model.errors import Refused, Unavailable
from portico.ports import Bounds, Snapshot
from portico.stores.sqlite.log import SqliteLog
from portico.stores.sqlite.tools import backup, verify


@pytest.fixture
async def path(tmp_path):
    log = SqliteLog(tmp_path / "log")
    await log.open()
    await log.append("main", [b"record %d" % number for number in range(1, 1_001)], "1")
    await log.append("other", [b"elsewhere"], "1")
    await log.save_snapshot("main", Snapshot(500, b"state 500"))
    await log.erase("main", 7, b"gone")
    await log.close()
    return tmp_path / "log"


def replace(path, old: bytes, new: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(old, new))


def test_a_sound_log_has_no_problems(path):
    assert verify(path) == []


def test_a_changed_record_is_named(path):
    replace(path, b"record 33", b"recOrd 33")
    assert verify(path)[0] == "room main: record 33 is not what was written"


def test_a_changed_snapshot_is_named(path):
    replace(path, b"state 500", b"stAte 500")
    assert verify(path) == ["room main: the snapshot after 500 is not what was written"]


def test_missing_records_are_named(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DELETE FROM records_1 WHERE position BETWEEN 10 AND 12")
    connection.close()
    assert verify(path) == ["room main: records 10 to 12 are missing"]


@pytest.mark.parametrize("pages", [1, 3, 8])
def test_a_cut_file_is_a_problem_not_a_crash(path, pages):
    os.truncate(path, pages * 4_096)
    assert verify(path)


def test_another_file_is_refused(tmp_path):
    (tmp_path / "log").write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(Refused, match="not a log"):
        verify(tmp_path / "log")


def test_what_is_no_log_is_refused(tmp_path):
    with pytest.raises(Refused, match="there is no log"):
        verify(tmp_path / "missing")
    with pytest.raises(Refused, match="there is no log"):
        backup(tmp_path / "missing", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


async def test_a_backup_is_a_log(path, tmp_path):
    backup(path, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if "copy" in file.name] == ["copy"]
    log = SqliteLog(tmp_path / "copy")
    await log.open()
    assert await log.head("main") == Bounds(1, 1_000)
    assert await log.append("main", [b"x"], "1") == 1_000
    await log.close()


async def test_a_backup_of_a_log_in_use_is_one_moment_of_it(path, tmp_path):
    log = SqliteLog(path)
    await log.open()

    async def write() -> None:
        for number in range(200):
            await log.append("main", [b"a", b"b", b"c"], f"more {number}")

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.02)
    await asyncio.to_thread(backup, path, tmp_path / "copy")
    await writing
    assert (await log.head("main")).last == 1_600
    await log.close()
    copy = SqliteLog(tmp_path / "copy", access="read")
    await copy.open()
    assert ((await copy.head("main")).last - 1_000) % 3 == 0
    await copy.close()


def test_a_backup_replaces_nothing(path, tmp_path):
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(Refused, match="exists already"):
        backup(path, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "mine"


def test_a_backup_to_nowhere_is_refused(path, tmp_path):
    with pytest.raises(Refused, match="cannot be created"):
        backup(path, tmp_path / "missing" / "copy")


def test_a_damaged_log_is_not_copied(path, tmp_path):
    replace(path, b"record 33", b"recOrd 33")
    with pytest.raises(Unavailable, match=r"damaged: room main: record 33"):
        backup(path, tmp_path / "copy")
    assert [file.name for file in tmp_path.iterdir() if "copy" in file.name] == []
