"""`portico log`: what an operator does with a log, beside a real server and after it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from portico.app.copying import newest_state
from portico.app.reading import reading
from portico.model.entries import Message, entries_of
from portico.model.records import Erase, File, Join, Limits, Say, decode, encode
from portico.room.reducer import apply
from portico.room.snapshots import freeze
from portico.room.state import State
from portico.stores.sqlite.log import SqliteLog
from tests.support.server import clean_environment
from tests.support.stream import PATIENCE


def log(*arguments: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "portico", "log", *map(str, arguments)],
        env=clean_environment(),
        input=stdin,
        capture_output=True,
        check=False,
    )


def words(result: subprocess.CompletedProcess[bytes], code: int = 0) -> str:
    said = (result.stdout + result.stderr).decode()
    assert result.returncode == code, said
    return said


def state_of(path: Path) -> State:
    with reading(path) as file:
        return newest_state(file)


def digest(path: Path) -> str:
    return state_of(path).digest()


def texts(path: Path) -> list[str]:
    with reading(path) as file:
        records = [decode(stored.body) for stored in file.records()]
    return [entry.text for record in records for entry in entries_of(record, 1) if isinstance(entry, Message)]


def ledger(directory: Path) -> Path:
    return directory / ".portico" / "log.sqlite3"


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


@pytest.fixture
def room(serve, join) -> Path:
    """A room in which things were said, told, erased and refused, and whose server has ended."""
    server = serve(max_clients=10)
    alice, bob = join(server), join(server)
    alice.call("NAME", "alice")
    bob.call("NAME", "bob")
    for number in range(20):
        alice.call("SAY", f"public {number}", "ID", f"key {number}")
    alice.call("SAY", "public 3", "ID", "key 3")
    alice.call("TELL", "bob", "between us", "ID", "private key")
    erased = bob.call("SAY", "erase me")
    bob.call("ERASE", erased)
    join(server).call("SAY", "as a visitor", "AS", "sensor")
    server.terminate()
    return server.directory


@pytest.fixture
def empty(tmp_path) -> Path:
    directory = tmp_path / "empty"
    directory.mkdir()
    return directory


class TestCheck:
    def test_says_what_a_sound_log_holds(self, room):
        said = words(log("check", room))
        assert re.search(r"^The log .*log\.sqlite3 is sound\.$", said, re.MULTILINE)
        assert re.search(r"^Entries: 1 to 27, from \d{4}-", said, re.MULTILINE)
        assert re.search(r"^Of them: 2 sessions begun, 22 messages$", said, re.MULTILINE)
        assert re.search(r"^Snapshots: agree with the state after record \d+$", said, re.MULTILINE)
        assert re.search(r"^Size: \d+\.\d KB$", said, re.MULTILINE)

    def test_works_while_a_server_runs(self, serve, join):
        server = serve()
        join(server).call("SAY", "Hello")
        assert "Entries: 1 to 2," in words(log("check", server.directory))

    def test_takes_the_log_itself_and_a_ledger(self, room):
        assert "is sound" in words(log("check", ledger(room)))
        assert "is sound" in words(log("check", "--ledger", ledger(room)))

    def test_an_empty_log_is_sound(self, empty):
        asyncio.run(make(ledger(empty), []))
        assert "it has no entries yet" in words(log("check", empty))

    def test_finds_a_flipped_byte(self, room):
        path = ledger(room)
        path.write_bytes(path.read_bytes().replace(b"public 7", b"public 8", 1))
        said = words(log("check", room), 1)
        assert re.search(r"^room main: record \d+ is not what was written$", said, re.MULTILINE)
        assert "error: the log" in said
        assert "put a backup in its place" in said
        assert "portico log export --damaged" in said

    def test_finds_deleted_rows(self, room):
        change(ledger(room), "DELETE FROM records_1 WHERE position = 10")
        assert "records 10 to 10 are missing" in words(log("check", room), 1)

    def test_finds_a_beginning_and_an_end_cut_off(self, room):
        change(ledger(room), "DELETE FROM records_1 WHERE position > 20")
        assert "records 21 to " in words(log("check", room), 1)
        change(ledger(room), "DELETE FROM snapshots")
        change(ledger(room), "DELETE FROM records_1 WHERE position < 5")
        assert "records 1 to 4 are missing" in words(log("check", room), 1)

    def test_finds_a_snapshot_that_does_not_agree(self, empty):
        other = State()
        apply(other, 1, Limits(1, 99))
        asyncio.run(make(ledger(empty), [Limits(1, 3)], freeze(other)()))
        assert "the snapshot after record 1 does not agree with the records" in words(log("check", empty), 1)

    def test_finds_a_record_that_means_nothing(self, empty):
        asyncio.run(make(ledger(empty), [b"nonsense"]))
        assert "a record that cannot be read" in words(log("check", empty), 1)

    def test_what_is_not_there_is_5(self, empty, tmp_path):
        assert "error: there is no log at" in words(log("check", empty), 5)
        assert "is not a directory" in words(log("check", tmp_path / "nowhere"), 5)
        assert list(empty.iterdir()) == []

    def test_another_file_is_1(self, tmp_path):
        (tmp_path / "diary").write_bytes(b"Dear diary, " * 1_000)
        assert "is not a log of Portico" in words(log("check", tmp_path / "diary"), 1)


async def make(path: Path, records, snapshot=None, trim: int = 0, room: str = "main") -> None:
    """A log made by hand; records are bytes or records."""
    store = SqliteLog(path)
    await store.open()
    bodies = [record if isinstance(record, bytes) else encode(record) for record in records]
    for start in range(0, len(bodies), 1_000):
        await store.append(room, bodies[start : start + 1_000], str(start))
    if snapshot is not None:
        await store.save_snapshot(room, snapshot)
    if trim:
        await store.trim(room, trim)
    await store.close()


def trimmed_room(path: Path) -> None:
    """A log of 60 records that begins at 31, with a snapshot after 40, tells on both sides of it."""
    records = [Limits(1, 5), Join(2, 1, "a", 0, "h", 1, "s1", "n"), Join(3, 2, "b", 0, "h", 2, "s2", "n")]
    for at in range(4, 61):
        told = {"to": 2, "to_name": "b"} if at % 7 == 0 else {}
        records.append(
            Say(at, 1, "a", f"text {at}", f"key {at // 2}" if at % 5 == 0 else f"key {at}", **told)
        )
    state = State()
    for position, record in enumerate(records[:40], 1):
        apply(state, position, record)
    asyncio.run(make(path, records, freeze(state)(), trim=31))


class TestExport:
    def test_lines_have_a_header_and_every_position(self, room):
        header, *lines = [json.loads(line) for line in log("export", room).stdout.splitlines()]
        assert header["format"] == "portico-log"
        assert header["version"] == 1
        assert (header["room"], header["first"], header["entries"]) == ("main", 1, 27)
        assert [line["position"] for line in lines] == list(range(1, header["head"] + 1))

    def test_what_was_told_is_withheld(self, room):
        exported = log("export", room).stdout
        assert b"between us" not in exported
        assert b"private key" not in exported
        (told,) = [line for line in map(json.loads, exported.splitlines()) if "withheld" in line]
        assert told["to"] == "bob"
        assert told["record"]["do"] == "erased"
        assert told["record"]["sender"] == "alice"
        assert "content" not in told["record"]

    def test_what_was_erased_is_not_there(self, room):
        assert b"erase me" not in log("export", room).stdout

    def test_what_was_to_be_erased_when_a_server_was_killed_is_not_there(self, empty):
        records = [Limits(1, 3), Say(2, 0, "x", "erase me", "k"), Erase(3, 0, 1, 2)]
        asyncio.run(make(ledger(empty), records))
        exported = log("export", empty).stdout
        assert b"erase me" not in exported
        assert decode(json.dumps(json.loads(exported.splitlines()[2])["record"]).encode()).sender == "x"

    def test_into_a_new_file_for_its_owner_alone(self, room, tmp_path):
        target = tmp_path / "room.jsonl"
        assert "records" in words(log("export", room, "-o", target))
        assert target.stat().st_mode & 0o777 == 0o600
        header, *lines = target.read_text().splitlines()
        assert json.loads(header)["head"] == len(lines)
        assert "exists already" in words(log("export", room, "-o", target), 1)
        assert "does not exist" in words(log("export", room, "-o", tmp_path / "no" / "file"), 5)

    def test_works_while_a_server_runs(self, serve, join):
        server = serve()
        join(server).call("SAY", "Hello")
        assert b'"text":"Hello"' in log("export", server.directory).stdout

    def test_a_damaged_log_is_refused_and_leaves_no_file(self, room, tmp_path):
        change(ledger(room), "DELETE FROM records_1 WHERE position = 10")
        assert "record 10 of the log" in words(log("export", room, "-o", tmp_path / "out"), 1)
        assert [path.name for path in tmp_path.iterdir()] == ["repository"]

    def test_a_reader_that_goes_away_is_no_trouble(self, empty):
        asyncio.run(make(ledger(empty), [Say(at, 0, "x", "text " * 100) for at in range(1, 2_000)]))
        command = [sys.executable, "-m", "portico", "log", "export", str(empty)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait() == 1


class TestImport:
    def exported(self, directory: Path) -> list[bytes]:
        return log("export", directory).stdout.splitlines(keepends=True)

    def test_arrives_at_the_same_state_and_numbers(self, serve, empty, join):
        server = serve(max_clients=10)
        clients = [join(server) for _ in range(3)]
        for number in range(50):
            clients[number % 3].call(
                "SAY", f"text {number}", "ID", f"key {number // 2}"
            ) if number % 2 else None
            clients[0].call("SAY", f"line\n{number} ü 😀 \u2028")
        server.terminate()
        said = words(log("import", "-", empty, stdin=b"".join(self.exported(server.directory))))
        assert "now holds log " in said
        assert digest(ledger(empty)) == digest(ledger(server.directory))
        assert texts(ledger(empty)) == texts(ledger(server.directory))
        assert "is sound" in words(log("check", empty))

    def test_what_happened_to_files_comes_along_once(self, empty, tmp_path):
        source = tmp_path / "source"
        source.mkdir()
        put = File(2, 0, "visitor", "added", "a.txt", "upload:1", 5, "ab")
        gone = File(4, 0, "", "removed", "a.txt", "outside:1")
        asyncio.run(make(ledger(source), [Limits(1, 3), put, replace(put, at=3), gone]))
        assert "is sound" in words(log("check", source))
        log("import", "-", empty, stdin=b"".join(self.exported(source)))
        assert digest(ledger(empty)) == digest(ledger(source))
        assert state_of(ledger(empty)).seq == 2

    def test_numbers_stay_where_tells_are_withheld(self, room, empty, tmp_path):
        log("export", room, "-o", tmp_path / "room.jsonl")
        said = words(log("import", tmp_path / "room.jsonl", empty))
        assert re.search(r"now holds log \w{16} up to entry 27$", said, re.MULTILINE)
        assert texts(ledger(empty)) == [text for text in texts(ledger(room)) if text != "between us"]
        before, after = state_of(ledger(room)), state_of(ledger(empty))
        assert "private key" in before.keys
        assert "private key" not in after.keys
        assert [seq for _, seq in after.keys.values()] == [seq for _, seq in before.keys.values()]
        before.keys = after.keys = {}
        assert before.digest() == after.digest()

    def test_a_server_goes_on_where_the_other_stopped(self, room, empty, serve, join):
        log("import", "-", empty, stdin=b"".join(self.exported(room)))
        server = serve(directory=empty, max_clients=10)
        client = join(server)
        assert client.call("SAY", "public 3", "ID", "key 3", "AS", "again") == 6
        assert client.call("SAY", "new", "AS", "visitor") == 28
        assert len(client.call("HISTORY", "SINCE", "0", "COUNT", "1000")) == 27

    def test_a_trimmed_log_keeps_its_numbers_and_withholds_its_tells(self, empty, tmp_path):
        trimmed_room(tmp_path / "source")
        exported = log("export", tmp_path / "source").stdout
        assert b"text 35" not in exported
        assert b"text 56" not in exported
        assert b"text 57" in exported
        words(log("import", "-", empty, stdin=exported))
        with reading(ledger(empty)) as after, reading(tmp_path / "source") as before:
            assert after.bounds == before.bounds
            assert after.identity != before.identity
        mine, theirs = state_of(ledger(empty)), state_of(tmp_path / "source")
        assert len(mine.keys) == len(theirs.keys)
        assert "key 28" not in mine.keys
        mine.keys, theirs.keys = {}, {}
        assert mine.digest() == theirs.digest()
        assert "Entries: " in words(log("check", empty))
        assert log("export", empty).stdout.splitlines()[1:] == [
            re.sub(rb'"to":"b","record"', b'"to":"","record"', line) for line in exported.splitlines()[1:]
        ]

    def test_never_over_a_log(self, room):
        before = ledger(room).read_bytes()
        assert "there is a log already" in words(log("import", "-", room, stdin=b""), 1)
        assert ledger(room).read_bytes() == before

    def test_not_beside_a_server(self, room, serve, empty, tmp_path):
        serve(directory=empty, ledger=tmp_path / "elsewhere")
        said = words(log("import", "-", empty, stdin=b"".join(self.exported(room))), 1)
        assert "is in use by another server" in said

    @pytest.mark.parametrize(
        "number,line,said",
        [
            (1, b"hello\n", "line 1: it is not JSON"),
            (1, b"[1]\n", "line 1: it is not a JSON object"),
            (1, b"{}\n", "line 1: it is not the first line of an export"),
            (1, b'{"format":"portico-log","version":2}\n', "line 1: this Portico reads exports of version 1"),
            (1, b'{"format":"portico-log","version":1}\n', "line 1: the facts of the header do not fit"),
            (5, b'{"position":4,"rec\n', "line 5: it is not JSON"),
            (5, b'{"position":5,"record":{}}\n', "line 5: position 4 should stand here"),
            (5, b'{"position":4,"record":{"v":1,"do":"say"}}\n', "line 5: its record cannot be understood"),
            (5, b'{"position":4,"record":7}\n', "line 5: its record cannot be understood"),
            (5, b'{"position":4,"record":{"v":1,"do":"nothing"}}\n', "the export was changed"),
        ],
    )
    def test_a_broken_line_is_named_and_nothing_is_left(self, room, empty, number, line, said):
        lines = self.exported(room)
        lines[number - 1] = line
        assert said in words(log("import", "-", empty, stdin=b"".join(lines)), 1)
        assert list(empty.iterdir()) == []

    def test_an_export_that_ends_early_or_late_is_refused(self, room, empty):
        lines = self.exported(room)
        for broken, said in (
            (lines[:-1], "the export ends too early"),
            ([*lines[:-1], lines[-1][:-5]], "it is cut off"),
            ([*lines, b"{}\n"], "there should be no more"),
        ):
            assert said in words(log("import", "-", empty, stdin=b"".join(broken)), 1)
            assert list(empty.iterdir()) == []

    def test_what_is_not_there_is_5(self, empty, tmp_path):
        assert "there is no file" in words(log("import", tmp_path / "nothing", empty), 5)

    def test_an_interrupted_import_leaves_nothing(self, room, empty):
        lines = self.exported(room)
        command = [sys.executable, "-m", "portico", "log", "import", "-", str(empty)]
        with subprocess.Popen(command, env=clean_environment(), stdin=subprocess.PIPE) as process:
            process.stdin.write(b"".join(lines[:5]))
            process.stdin.flush()
            while not list(empty.glob(".portico/*.partial")):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        assert list(empty.iterdir()) == []

    def test_what_could_be_read_of_a_damaged_log(self, room, empty, tmp_path):
        change(ledger(room), "DELETE FROM records_1 WHERE position = 10")
        path = ledger(room)
        path.write_bytes(path.read_bytes().replace(b"public 15", b"public 51", 1))
        words(log("export", room, "--damaged", "-o", tmp_path / "saved"))
        assert (tmp_path / "saved").read_bytes().count(b'"damaged":true') == 2
        assert b"between us" not in (tmp_path / "saved").read_bytes()
        assert "exported from a damaged log" in words(log("import", tmp_path / "saved", empty))
        assert "public 14" in texts(ledger(empty))
        assert "public 15" not in texts(ledger(empty))
        assert "is sound" in words(log("check", empty))


class TestBackup:
    def test_holds_everything_acknowledged_before_it_began(self, serve, tmp_path, join):
        server = serve(max_clients=10)
        acknowledged, stop = [], threading.Event()

        def talk() -> None:
            client = join(server)
            while not stop.is_set():
                acknowledged.append(client.call("SAY", f"text {len(acknowledged)}"))

        talking = threading.Thread(target=talk)
        talking.start()
        while len(acknowledged) < 200:
            assert talking.is_alive()
        count = len(acknowledged)
        said = words(log("backup", tmp_path / "copy", server.directory))
        stop.set()
        talking.join()
        assert re.search(r"copy: \d+\.\d KB, verified, up to entry [\d,]+ of \d{4}-", said)
        assert len(acknowledged) > count
        kept = texts(tmp_path / "copy")
        assert kept[:count] == [f"text {number}" for number in range(count)]
        assert "is sound" in words(log("check", tmp_path / "copy"))

    def test_a_backup_put_back_is_served(self, room, serve, empty, join):
        words(log("backup", empty / "copy", room))
        ledger(empty).parent.mkdir()
        (empty / "copy").rename(ledger(empty))
        server = serve(directory=empty)
        assert join(server).call("SAY", "on we go", "AS", "visitor") == 28

    def test_replaces_nothing(self, room, tmp_path):
        (tmp_path / "copy").write_text("mine")
        assert "exists already" in words(log("backup", tmp_path / "copy", room), 1)
        assert (tmp_path / "copy").read_text() == "mine"

    def test_is_one_file_for_its_owner_alone(self, room, empty):
        words(log("backup", empty / "copy", room))
        assert [path.name for path in empty.iterdir()] == ["copy"]
        assert (empty / "copy").stat().st_mode & 0o777 == 0o600

    def test_what_is_not_there_is_5(self, empty, tmp_path):
        assert "there is no log" in words(log("backup", tmp_path / "copy", empty), 5)
        assert not (tmp_path / "copy").exists()


def test_usage_is_2():
    assert "error: " in words(log(), 2)
    assert "error: " in words(log("polish"), 2)
    assert "error: " in words(log("backup"), 2)
