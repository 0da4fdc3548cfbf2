"""What is particular to the log in SQLite: files and modes, refusals in words, faults, a killed server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from portico.model.errors import NoSpace, Refused, TooBig, Unavailable
from portico.ports import Bounds, Snapshot, Stored
from portico.stores.sqlite import schema, writer
from portico.stores.sqlite.log import SqliteLog
from portico.stores.sqlite.schema import APPLICATION_ID, MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".portico" / "log"


@pytest.fixture
async def log(path: Path):
    log = SqliteLog(path)
    await log.open()
    yield log
    await log.close()


async def make(path: Path, records: int = 10) -> None:
    log = SqliteLog(path)
    await log.open()
    await log.append("main", [b"record %d" % number for number in range(1, records + 1)], "first")
    await log.close()


async def refusal(path: Path, **options: str) -> str:
    """Open what must be refused, and left as it is."""
    before = content(path)
    with pytest.raises(Refused) as refused:
        await SqliteLog(path, **options).open()
    assert content(path) == before
    return refused.value.sentence


def content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


class TestFiles:
    async def test_only_the_owner_reads_them(self, path, log):
        await log.append("main", [b"a"], "1")
        assert path.parent.stat().st_mode & 0o777 == 0o700
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert modes == dict.fromkeys(("log", "log-wal", "log-shm", "log.lock"), 0o600)

    async def test_a_closed_log_is_one_file_and_its_lock(self, path):
        await make(path)
        assert sorted(file.name for file in path.parent.iterdir()) == ["log", "log.lock"]

    async def test_the_header_says_whose_it_is(self, path):
        await make(path)
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        connection.close()

    async def test_the_wal_stays_small(self, path, log):
        for number in range(200):
            await log.append("main", [b"x" * 1_000] * 200, f"{number}")
        assert path.with_name("log-wal").stat().st_size < 6_000_000
        assert path.stat().st_size > 30_000_000

    async def test_a_path_may_have_odd_characters(self, tmp_path):
        path = tmp_path / "a room?#%20 ü" / "log"
        await make(path)
        reading = SqliteLog(path, access="read")
        await reading.open()
        assert await reading.head("main") == Bounds(1, 10)
        await reading.close()


class TestRefusals:
    async def test_a_newer_format(self, path):
        await make(path)
        change(path, "PRAGMA user_version = 99")
        assert "written by a newer Portico (format 99, this one knows 1)" in await refusal(path)
        assert "written by a newer Portico" in await refusal(path, access="read")

    async def test_another_programs_database(self, path):
        path.parent.mkdir()
        change(path, "CREATE TABLE bookmarks (url)")
        assert "is not a log of Portico" in await refusal(path)

    async def test_another_application_id(self, path):
        path.parent.mkdir()
        change(path, "PRAGMA application_id = 7")
        assert "is not a log of Portico" in await refusal(path)

    async def test_a_file_that_is_no_database(self, path):
        path.parent.mkdir()
        path.write_bytes(b"Dear diary, " * 1_000)
        assert "is not a log of Portico" in await refusal(path)

    async def test_a_directory(self, path):
        path.mkdir(parents=True)
        assert "cannot be opened" in await refusal(path)

    async def test_a_missing_directory(self, tmp_path):
        assert "does not exist; create it first" in await refusal(tmp_path / "a" / "b" / "log")

    async def test_a_directory_that_may_not_be_written(self, tmp_path):
        # The owner of everything may write everywhere, but not even root may create files in /proc.
        assert "cannot be" in await refusal(Path("/proc/self/log"))

    async def test_nothing_to_read(self, path):
        assert "there is no log at" in await refusal(path, access="read")
        path.parent.mkdir()
        path.touch()
        assert "is of format 0" in await refusal(path, access="read")

    async def test_an_old_sqlite(self, path, monkeypatch):
        monkeypatch.setattr(schema, "OLDEST_SQLITE", (99, 0, 0))
        assert "is too old; 99.0.0 is needed" in await refusal(path)

    async def test_a_second_server_of_this_process(self, path, log):
        assert f"in use by another server (process {os.getpid()})" in await refusal(path)
        assert await log.append("main", [b"a"], "1") == 1

    async def test_a_refused_log_lets_go_of_the_lock(self, path):
        await make(path)
        change(path, "PRAGMA user_version = 99")
        await refusal(path)
        change(path, "PRAGMA user_version = 1")
        await make(path)

    async def test_opening_twice_is_a_mistake(self, log):
        with pytest.raises(ValueError, match="opened once"):
            await log.open()


class TestMigrations:
    async def test_the_steps_that_are_missing_are_done(self, path, monkeypatch):
        await make(path)

        def step(connection: sqlite3.Connection) -> None:
            connection.execute("CREATE TABLE more (x)")

        monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, step))
        assert "is of format 1; start the server once" in await refusal(path, access="read")
        for _ in range(2):
            log = SqliteLog(path)
            await log.open()
            assert await log.head("main") == Bounds(1, 10)
            await log.close()

    async def test_a_step_that_fails_changes_nothing(self, path, monkeypatch):
        await make(path)

        def step(connection: sqlite3.Connection) -> None:
            connection.execute("DROP TABLE snapshots")
            connection.execute("SELECT * FROM nowhere")

        monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, step))
        assert "cannot be opened: no such table: nowhere" in await refusal(path)
        monkeypatch.undo()
        await make(path)


class TestDamage:
    async def test_a_cut_file_is_refused(self, path):
        await make(path, records=1_000)
        os.truncate(path, path.stat().st_size - 8_192)
        assert "is damaged" in await refusal(path)
        assert "portico log check" in await refusal(path)

    @pytest.mark.parametrize("limit", [schema.CHECK_LIMIT, 0])
    async def test_a_flipped_byte_of_a_new_record_is_refused(self, path, monkeypatch, limit):
        monkeypatch.setattr(schema, "CHECK_LIMIT", limit)
        await make(path)
        path.write_bytes(path.read_bytes().replace(b"record 7", b"recOrd 7"))
        assert "room main: record 7 is not what was written" in await refusal(path)

    async def test_a_flipped_byte_of_an_old_record_is_met_when_it_is_read(self, path, monkeypatch):
        monkeypatch.setattr(schema, "TAIL", 2)
        await make(path)
        path.write_bytes(path.read_bytes().replace(b"record 7", b"recOrd 7"))
        log = SqliteLog(path)
        await log.open()
        assert len(await log.read("main", 0, 6)) == 6
        with pytest.raises(Unavailable, match=r"record 7 .*run: portico log check"):
            await log.read("main", 0, 7)
        await log.close()

    async def test_damage_met_while_reading_names_the_file(self, path, monkeypatch):
        await make(path, records=5_000)
        monkeypatch.setattr(schema, "CHECK_LIMIT", 0)
        content = bytearray(path.read_bytes())
        middle = content.index(b"record 2500") // 4_096 * 4_096
        content[middle : middle + 64] = b"\xff" * 64
        path.write_bytes(content)
        log = SqliteLog(path)
        await log.open()
        with pytest.raises(Unavailable, match=r"the log .*/log is damaged .*portico log check"):
            await log.read("main", 0, 5_000)
        await log.close()

    async def test_a_bad_snapshot_gives_way_to_the_older_one(self, path):
        log = SqliteLog(path)
        await log.open()
        for position in (1, 2, 3):
            await log.save_snapshot("main", Snapshot(position, b"state %d" % position))
        await log.close()
        assert b"state 1" not in path.read_bytes()
        path.write_bytes(path.read_bytes().replace(b"state 3", b"stAte 3"))
        log = SqliteLog(path)
        await log.open()
        assert await log.load_snapshot("main") == Snapshot(2, b"state 2")
        await log.close()
        path.write_bytes(path.read_bytes().replace(b"state 2", b"stAte 2"))
        assert "room main: no snapshot is whole" in await refusal(path)


class TestFaults:
    async def test_a_full_disk_is_said_and_nothing_is_half_stored(self, log):
        await log.append("main", [b"before"], "1")
        limit_pages(log, 40)
        with pytest.raises(NoSpace, match="free some space"):
            await log.append("main", [b"x" * 1_000] * 1_000, "2")
        with pytest.raises(NoSpace):
            await log.append("main", [b"x" * 1_000] * 3_000, "2")
        assert await log.read("main", 0, 10) == [Stored(1, b"before")]
        limit_pages(log, 100_000)
        assert await log.append("main", [b"x" * 1_000] * 1_000, "2") == 1_001
        assert await log.append("main", [b"x" * 1_000] * 1_000, "2") == 1_001

    async def test_a_commit_that_came_through_but_failed_is_found_by_its_key(self, log):
        await log.append("main", [b"a"], "1")
        connection = log._writer._connection
        log._writer._connection = FailsAfterwards(connection)
        with pytest.raises(Unavailable, match="disk I/O error"):
            await log.append("main", [b"b", b"c"], "2")
        log._writer._connection = connection
        assert await log.append("main", [b"b", b"c"], "2") == 3
        assert await log.head("main") == Bounds(1, 3)

    async def test_a_lock_of_another_program_is_waited_for_while_reads_go_on(self, path, log):
        await log.append("main", [b"a"], "1")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        appending = asyncio.create_task(log.append("main", [b"b"], "2"))
        await asyncio.sleep(0.05)
        assert await log.read("main", 0, 10) == [Stored(1, b"a")]
        assert not appending.done()
        other.execute("ROLLBACK")
        other.close()
        assert await appending == 2

    async def test_a_lock_that_stays_is_said(self, path, monkeypatch):
        monkeypatch.setattr(schema, "BUSY_WAIT", 0.05)
        log = SqliteLog(path)
        await log.open()
        await log.append("main", [b"a", b"a"], "1")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for write in (
            log.append("main", [b"b"], "2"),
            log.append("new room", [b"b"], "2"),
            log.trim("main", 2),
            log.erase("main", 1, b""),
            log.save_snapshot("main", Snapshot(1, b"")),
        ):
            with pytest.raises(Unavailable, match="locked by another program"):
                await write
        other.close()
        assert await log.append("main", [b"b"], "2") == 3
        await log.close()

    async def test_a_batch_beyond_the_limit_is_too_big(self, log, monkeypatch):
        monkeypatch.setattr(writer, "BATCH_BYTES", 1_000)
        with pytest.raises(TooBig, match="1,000 bytes"):
            await log.append("main", [b"x" * 501] * 2, "1")
        assert await log.append("main", [b"x" * 500] * 2, "1") == 2

    async def test_a_log_opened_for_reading_is_not_written(self, path, log):
        await log.append("main", [b"a"], "1")
        reading = SqliteLog(path, access="read")
        await reading.open()
        assert reading.identity == log.identity
        assert await reading.read("main", 0, 10) == [Stored(1, b"a")]
        with pytest.raises(Unavailable, match="reading only"):
            await reading.append("main", [b"b"], "2")
        await log.append("main", [b"b"], "2")
        assert await reading.head("main") == Bounds(1, 2)
        await reading.close()


class FailsAfterwards:
    """A connection whose INSERT is committed, and then reported as failed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, statement: str, *args: object) -> sqlite3.Cursor:
        cursor = self._connection.execute(statement, *args)
        if statement.startswith("INSERT INTO records"):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return cursor


def limit_pages(log: SqliteLog, pages: int) -> None:
    log._writer._connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()


WRITER = """
    import asyncio, sys
    from pathlib import Path
    from portico.model.errors import NoSpace, Unavailable
    from portico.stores.sqlite.log import SqliteLog

    async def main():
        log = SqliteLog(Path(sys.argv[1]))
        await log.open()
        number = 0
        while True:
            number += 1
            try:
                batch = [b"%d" % number] * (number % 9 + 1) + [b"x" * 3000]
                position = await log.append("main", batch, str(number))
            except (NoSpace, Unavailable) as error:
                print(type(error).__name__, error.sentence, flush=True)
                return await log.close()
            print(number, position, flush=True)

    asyncio.run(main())
"""


def start_writer(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class TestProcesses:
    async def test_what_a_killed_server_reported_is_there(self, path):
        path.parent.mkdir()
        reported: list[tuple[int, int]] = []
        for round_ in range(3):
            writer = start_writer(path.with_name(f"log{round_}"))
            lines = [writer.stdout.readline() for _ in range(40 + 25 * round_)]
            writer.send_signal(signal.SIGKILL)
            lines += writer.communicate()[0].splitlines()
            reported = [tuple(map(int, line.split())) for line in lines if line.count(" ") == 1]
            await self.check(path.with_name(f"log{round_}"), reported)
        assert len(reported) >= 90

    @staticmethod
    async def check(path: Path, reported: list[tuple[int, int]]) -> None:
        log = SqliteLog(path)
        await log.open()
        stored = await log.read("main", 0, 10**6)
        assert [record.position for record in stored] == list(range(1, len(stored) + 1))
        for number, position in reported:
            size = number % 9 + 1
            batch = [b"%d" % number] * size + [b"x" * 3_000]
            assert [record.body for record in stored[position - size - 1 : position]] == batch
            assert await log.append("main", batch, str(number)) == position
        await log.close()

    async def test_a_second_process_is_refused_until_the_first_is_killed(self, path):
        path.parent.mkdir()
        writer = start_writer(path)
        writer.stdout.readline()
        assert f"in use by another server (process {writer.pid})" in await refusal_in_use(path)
        reading = SqliteLog(path, access="read")
        await reading.open()
        assert (await reading.head("main")).last > 0
        await reading.close()
        writer.kill()
        writer.communicate()
        log = SqliteLog(path)
        await log.open()
        await log.close()

    async def test_a_disk_that_fills_up_stops_the_writer_in_words(self, tmp_path):
        disk = tmp_path / "disk"
        disk.mkdir()
        if not mount(disk, size="2m"):
            pytest.skip("mount: needs the right to mount a tmpfs")
        try:
            writer = start_writer(disk / "log")
            *reported, last = writer.communicate(timeout=30)[0].splitlines()
            shutil.copytree(disk, tmp_path / "copy")
        finally:
            unmount(disk)
        assert last.startswith("NoSpace the disk under the log is full")
        await self.check(tmp_path / "copy" / "log", [tuple(map(int, line.split())) for line in reported])


def mount(disk: Path, size: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    return shutil.which("mount") is not None and subprocess.run(command, check=False).returncode == 0


def unmount(disk: Path) -> None:
    subprocess.run(["umount", str(disk)], check=True)


async def refusal_in_use(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        await SqliteLog(path).open()
    return refused.value.sentence
