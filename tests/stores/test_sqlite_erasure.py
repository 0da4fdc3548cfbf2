"""An erased text is in no file of the log: not in the row, not in a stale copy, not in the WAL."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from portico.model.errors import Unavailable
from portico.stores import sqlite_erasure
from portico.stores.sqlite import SqliteLog

REMAINDER = b'{"v":1,"do":"erased"}'


def everything(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir())


def marked(seed: int, number: int) -> bytes:
    return b"<<%d-%06d>>" % (seed, number)


@pytest.mark.parametrize("times", [1, 20, 1_000, 20_000])
async def test_no_byte_of_an_erased_record_is_left(tmp_path, times):
    log = SqliteLog(tmp_path / "log")
    await log.open()
    secret = b"a secret that shall be gone " * times
    await log.append("main", [b"before", secret, b"after"], "1")
    assert b"a secret" in everything(tmp_path)
    await log.erase("main", 2, REMAINDER)
    assert b"a secret" not in everything(tmp_path)
    assert [stored.body for stored in await log.read("main", 0, 9)] == [b"before", REMAINDER, b"after"]
    await log.close()
    assert b"a secret" not in everything(tmp_path)


@pytest.mark.parametrize("seed", range(4))
async def test_no_stale_copy_is_left_by_appends_to_many_rooms_and_trims(tmp_path, seed):
    chance = random.Random(seed)
    log = SqliteLog(tmp_path / "log", sync="normal")
    await log.open()
    last = {"main": 0, "other": 0, "third": 0}
    for number in range(300):
        room = chance.choice(sorted(last))
        size = chance.choice((1, 3, 20))
        batch = [
            marked(seed, 100 * number + index) * chance.choice((1, 5, 20, 90, 800)) for index in range(size)
        ]
        last[room] = await log.append(room, batch, f"{number}")
        if number % 60 == 59:
            await log.trim(room, chance.randrange(last[room]))
    for room in last:
        await erase_some(log, room, chance, tmp_path)
    await log.close()


async def erase_some(log: SqliteLog, room: str, chance: random.Random, directory: Path) -> None:
    kept = list(await log.read(room, 0, 10_000))
    gone = kept[:10] + chance.sample(kept, min(len(kept), 60))
    for stored in gone:
        await log.erase(room, stored.position, REMAINDER)
    left = everything(directory)
    assert [stored.position for stored in gone if stored.body[:13] in left] == []


async def test_only_an_erasure_just_above_a_cut_rewrites_the_file(tmp_path):
    log = SqliteLog(tmp_path / "log")
    await log.open()
    statements: list[str] = []
    await log.append("main", [b"x" * 100] * 5_000, "1")
    log._writer._connection.set_trace_callback(statements.append)
    await log.erase("main", 7, REMAINDER)
    assert "VACUUM" not in statements
    await log.trim("main", 1_000)
    await log.erase("main", 4_000, REMAINDER)
    assert "VACUUM" not in statements
    await log.erase("main", 1_001, REMAINDER)
    await log.erase("main", 1_002, REMAINDER)
    assert statements.count("VACUUM") == 1
    assert (await log.read("main", 1_000, 1))[0].position == 1_001
    await log.close()


async def test_a_reader_in_the_way_is_said_and_the_next_time_completes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_erasure, "WIPE_WAIT_MS", 50)
    log = SqliteLog(tmp_path / "log")
    await log.open()
    await log.append("main", [b"a secret"], "1")
    reader = sqlite3.connect(tmp_path / "log", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records_1").fetchall()
    with pytest.raises(Unavailable, match="another program reads"):
        await log.erase("main", 1, REMAINDER)
    assert [stored.body for stored in await log.read("main", 0, 9)] == [REMAINDER]
    reader.close()
    await log.erase("main", 1, REMAINDER)
    assert b"a secret" not in everything(tmp_path)
    await log.close()
