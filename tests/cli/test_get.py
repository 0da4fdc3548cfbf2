"""`get`: files come whole or not at all, to where they shall be; scripts learn what became of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest

from portico.client.aio import AsyncClient
from portico.model.errors import NoSpace, WrongDigest
from tests.support import shell as command
from tests.support.gate import Gate
from tests.support.shell import Running
from tests.support.stream import PATIENCE
from tests.support.terminal import CTRL_C, Terminal

FIRST, SECOND = "The first test file.\n", "The second test file.\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder one is in, empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def notes(room):
    """The room, with a folder in it."""
    folder = room.directory / "notes" / "old"
    folder.mkdir(parents=True)
    (folder.parent / "today.txt").write_text("today")
    (folder.parent / "list [1].txt").write_text("list")
    (folder / "last.txt").write_text("last")
    os.utime(folder / "last.txt", (1_000_000_000,) * 2)
    return room


def tree(folder):
    """Every file below a folder, with what is in it."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "arguments,places,files",
    [
        (["tester1.txt"], ["tester1.txt"], {"tester1.txt": FIRST}),
        (["tester1.txt", "-o", "one"], ["one"], {"one": FIRST}),
        (["tester1.txt", "-o", "new/"], ["new/tester1.txt"], {"new/tester1.txt": FIRST}),
        (
            ["tester1.txt", "tester2.txt", "-o", "new"],
            ["new/tester1.txt", "new/tester2.txt"],
            {"new/tester1.txt": FIRST, "new/tester2.txt": SECOND},
        ),
        (["notes/list [1].txt"], ["list [1].txt"], {"list [1].txt": "list"}),
        (["tester*"], ["."], {"tester1.txt": FIRST, "tester2.txt": SECOND}),
        (["notes/t*", "-o", "new"], ["new"], {"new/today.txt": "today"}),
        (
            ["-r", "notes", "-o", "back"],
            ["back/notes"],
            {
                "back/notes/today.txt": "today",
                "back/notes/list [1].txt": "list",
                "back/notes/old/last.txt": "last",
            },
        ),
        (
            ["-r", "notes/old", "tester1.txt"],
            ["old", "tester1.txt"],
            {"old/last.txt": "last", "tester1.txt": FIRST},
        ),
    ],
)
def test_where_files_come_to(notes, shell, here, arguments, places, files):
    assert shell(notes, "get", *arguments) == (0, "".join(f"{place}\n" for place in places), "")
    assert tree(here) == files


def test_a_folder_that_is_there_and_a_file_that_is_replaced(notes, shell, here):
    (here / "there").mkdir()
    (here / "there" / "tester1.txt").write_text("something else")
    assert shell(notes, "get", "tester1.txt", "-o", "there").out == "there/tester1.txt\n"
    assert tree(here) == {"there/tester1.txt": FIRST}


def test_times_are_kept(notes, shell, here):
    shell(notes, "get", "-r", "notes/old/last.txt", "notes")
    assert (here / "last.txt").stat().st_mtime == 1_000_000_000
    assert (here / "notes" / "old" / "last.txt").stat().st_mtime == 1_000_000_000


def test_programs_get_maps(notes, shell, here, join):
    done = shell(notes, "get", "tester1.txt", "notes", "-r", "-o", "x", "--json")
    file, folder = (json.loads(line) for line in done.out.splitlines())
    assert file == {**join(notes, 3).call("STAT", "tester1.txt"), "to": "x/tester1.txt"}
    assert folder == {"path": "notes", "to": "x/notes", "files": 3, "bytes": 13, "same": 0, "failed": []}


@pytest.mark.parametrize(
    "arguments,code,said",
    [
        (["nothing"], 5, "error: "),
        (["nothing*"], 5, "error: "),
        (["-r", "nothing"], 5, "error: "),
        (["notes"], 1, "error: notes is a folder; -r fetches it with all that is in it"),
        (["../tester1.txt"], 1, "error: a path is relative"),
        (["tester1.txt", "-o", "/dev/null/x"], 1, "error: "),
        (["tester1.txt", "tester2.txt", "-o", "-"], 2, "error: standard output takes one file"),
        (["-r", "notes", "-o", "-"], 2, "error: standard output takes one file"),
        (["tester*", "-o", "-"], 2, "error: tester* may be many files"),
        (["tester1.txt", "notes/../tester1.txt"], 2, "error: two files would become tester1.txt"),
        (["tester1.txt", "-o", "-", "--json"], 2, "error: standard output takes one file"),
    ],
)
def test_what_cannot_be_fetched(notes, shell, here, arguments, code, said):
    done = shell(notes, "get", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(said)
    assert done.err.count("\n") == 1
    assert tree(here) == {}


def test_the_others_come_all_the_same(notes, shell, here):
    done = shell(notes, "get", "nothing", "tester1.txt", "notes")
    assert (done.code, done.out) == (5, "tester1.txt\n")
    assert done.err.count("error: ") == 2
    assert tree(here) == {"tester1.txt": FIRST}


@pytest.mark.parametrize("error,code", [(WrongDigest("it differs"), 6), (NoSpace("the disk is full"), 1)])
def test_what_goes_wrong_on_the_way(notes, shell, here, monkeypatch, error, code):
    async def get(*_, **__):
        raise error

    monkeypatch.setattr(AsyncClient, "get", get)
    assert shell(notes, "get", "tester1.txt") == (code, "", f"error: {error.sentence}\n")


def test_a_server_that_is_away_is_said_once(notes, here, shell):
    class Nowhere:
        port = 1

    done = shell(Nowhere, "get", "tester1.txt", "tester2.txt")
    assert done.code == 3
    assert done.err.count("error: ") == 1


@pytest.fixture(scope="module")
def big(room):
    """A file that does not fit into any buffer; its bytes."""
    data = os.urandom(1 << 20) * 8
    (room.directory / "big.bin").write_bytes(data)
    return data


def test_standard_output_gets_the_bytes_and_nothing_else(room, big, here):
    done = command.run("get", "big.bin", "-o", "-", env=command.environment(room))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == big


def test_a_terminal_that_shows_the_file_shows_nothing_else(notes, here):
    env = command.environment(notes, TERM="xterm")
    assert command.on_terminal("get", "tester1.txt", "-o", "-", env=env) == (0, FIRST)


def test_a_reader_who_goes_ends_it(room, big, here):
    script = '"$@" get big.bin -o - | head -c 100000 | wc -c; echo ${PIPESTATUS[0]}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command.COMMAND],
        env=command.environment(room),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.stdout == b"100000\n1\n"
    assert done.stderr == b""


def test_ctrl_c_keeps_what_came_and_the_same_again_goes_on(room, big, here):
    with Gate(room.port, 4 << 20) as gate:
        env = command.environment(gate, TERM="xterm")
        with Terminal(*command.COMMAND, "get", "big.bin", env=env, lines=10) as one:
            one.shows("big.bin   ", " %")
            one.press(CTRL_C)
            one.ends(130)
            one.shows("to go on: portico get big.bin")
            assert len(one.lines) == 1
    (part,) = here.iterdir()
    assert 0 < part.stat().st_size <= len(big)
    done = command.run("get", "big.bin", env=command.environment(room))
    assert (done.returncode, done.stdout) == (0, b"big.bin\n")
    assert done.stderr.startswith(b"big.bin: resuming at ")
    assert (here / "big.bin").read_bytes() == big
    assert [path.name for path in here.iterdir()] == ["big.bin"]


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_is_waited_for(serve, here):
    server = serve()
    data = os.urandom(1 << 20) * 8
    (server.directory / "big.bin").write_bytes(data)
    with Gate(server.port, 4 << 20) as gate:
        env = command.environment(gate, TERM="xterm")
        with Terminal(*command.COMMAND, "get", "big.bin", env=env, columns=120) as one:
            one.shows("big.bin   ", " %")
            server.kill()
            one.shows("; waiting until the server is back")
            server.restart()
            gate.open()
            one.ends(0)
            one.shows("big.bin: 8.4 MB fetched in ")
            assert len(one.lines) == 2
    assert (here / "big.bin").read_bytes() == data


def test_an_interrupt_before_anything_began_says_nothing(here):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = command.environment(PORTICO_SERVER=f"127.0.0.1:{listener.getsockname()[1]}")
        with Running("get", "x", env=env) as fetching:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                fetching.interrupt()
                assert fetching.ended() == (130, "", "")


def test_a_person_reads_what_became_of_it(notes, here):
    env = command.environment(notes, NO_COLOR="1", TERM="xterm")
    with Terminal(
        *command.COMMAND, "get", "-r", "tester1.txt", "notes", "nothing", env=env, columns=120
    ) as one:
        one.ends(5)
        one.shows("tester1.txt: 21 bytes fetched in ", "notes: 3 files, 13 bytes fetched in ", "error: ")
        assert len(one.lines) == 3


def test_a_dumb_terminal_gets_a_line_at_each_end(notes, here):
    with Terminal(*command.COMMAND, "get", "tester1.txt", env=command.environment(notes, TERM="dumb")) as one:
        one.ends(0)
        one.shows("tester1.txt: 21 bytes fetched in ")
        assert one.lines[0] == "tester1.txt ..."
        assert len(one.lines) == 2
        assert b"\x1b" not in one.raw
