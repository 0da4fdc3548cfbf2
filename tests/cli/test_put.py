"""`put`: files go whole or not at all, to where they shall be; a name that is taken is not overwritten."""

from __future__ import annotations

import base64
import http.client
import json
import os

import pytest

from tests.support import shell as command
from tests.support.gate import Gate
from tests.support.terminal import CTRL_C, Terminal


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder one is in, with files in it."""
    folder = tmp_path / "here"
    (folder / "notes" / "old").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in ("one.txt", "two.txt", "notes/today.txt", "notes/old/last.txt"):
        (folder / name).write_text(name)
    return folder


def there(server, path):
    return (server.directory / path).read_text()


@pytest.mark.parametrize(
    "arguments,paths,files",
    [
        (["one.txt", "--as", "a/1"], ["a/1"], {"a/1": "one.txt"}),
        (["one.txt", "--as", "b/"], ["b/one.txt"], {"b/one.txt": "one.txt"}),
        (
            ["one.txt", "two.txt", "--as", "c/"],
            ["c/one.txt", "c/two.txt"],
            {"c/one.txt": "one.txt", "c/two.txt": "two.txt"},
        ),
        (["notes/today.txt"], ["today.txt"], {"today.txt": "notes/today.txt"}),
        (
            ["-r", "notes"],
            ["notes"],
            {"notes/today.txt": "notes/today.txt", "notes/old/last.txt": "notes/old/last.txt"},
        ),
        (["-r", "notes/old", "--as", "d/"], ["d/old"], {"d/old/last.txt": "notes/old/last.txt"}),
        (["-r", "notes/old", "--as", "e"], ["e"], {"e/last.txt": "notes/old/last.txt"}),
    ],
)
def test_where_files_go(shelf, shell, here, arguments, paths, files):
    assert shell(shelf, "put", *arguments) == (0, "".join(f"{path}\n" for path in paths), "")
    assert {path: there(shelf, path) for path in files} == files


def test_standard_input(shelf, here):
    done = command.run(
        "put", "-", "--as", "said.txt", env=command.environment(shelf), input=b"something" * 100_000
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"said.txt\n", b"")
    assert there(shelf, "said.txt") == "something" * 100_000


def test_a_name_that_is_taken(shelf, shell, here):
    assert shell(shelf, "put", "one.txt", "--as", "taken").code == 0
    done = shell(shelf, "put", "two.txt", "--as", "taken")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("or replace it with --replace\n")
    assert there(shelf, "taken") == "one.txt"
    assert shell(shelf, "put", "two.txt", "--as", "taken", "--replace") == (0, "taken\n", "")
    assert there(shelf, "taken") == "two.txt"


def test_programs_get_maps(shelf, shell, here, join):
    done = shell(shelf, "put", "-r", "one.txt", "notes", "--as", "json/", "--json")
    file, folder = (json.loads(line) for line in done.out.splitlines())
    assert file == {**join(shelf, 3).call("STAT", "json/one.txt"), "from": "one.txt"}
    assert folder == {
        "path": "json/notes",
        "from": "notes",
        "files": 2,
        "bytes": 33,
        "same": 0,
        "failed": [],
    }


@pytest.mark.parametrize(
    "arguments,code,said",
    [
        (["nothing"], 5, "error: there is no file nothing"),
        (["notes"], 1, "error: notes is a folder; -r puts it with all that is in it"),
        (["one.txt", "--as", "../x"], 1, "error: a path is relative"),
        (["one.txt", "two.txt", "--as", "x"], 2, "error: --as is the name of one file"),
        (["-"], 2, "error: standard input has no name"),
        (["-", "--as", "x/"], 2, "error: standard input has no name"),
        (["-", "--as", "x", "--token-file", "-"], 2, "error: standard input can be the file or the token"),
        (["one.txt", "--as", ""], 2, "error: argument --as"),
    ],
)
def test_what_cannot_be_put(shelf, shell, here, arguments, code, said):
    done = shell(shelf, "put", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(said)
    assert done.err.count("\n") == 1


def test_the_others_go_all_the_same(shelf, shell, here):
    done = shell(shelf, "put", "nothing", "one.txt", "notes", "--as", "f/")
    assert (done.code, done.out) == (5, "f/one.txt\n")
    assert done.err.count("error: ") == 2


def test_what_is_not_allowed_is_4(serve, shell, here):
    done = shell(serve(files="read"), "put", "one.txt")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("error: ")


def test_ctrl_c_keeps_what_came_and_the_same_again_goes_on(shelf, here, tmp_path):
    data = os.urandom(1 << 20) * 8
    (here / "big.bin").write_bytes(data)
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with Gate(shelf.port, 4 << 20) as gate:
        env = command.environment(gate, TERM="xterm", **state)
        with Terminal(*command.COMMAND, "put", "big.bin", env=env, lines=10) as one:
            one.shows("big.bin   ", " %")
            one.press(CTRL_C)
            one.ends(130)
            one.shows("to go on: portico put big.bin")
        assert not (shelf.directory / "big.bin").exists()
    done = command.run("put", "big.bin", env=command.environment(shelf, **state))
    assert (done.returncode, done.stdout) == (0, b"big.bin\n")
    assert done.stderr.startswith(b"big.bin: resuming at ")
    assert (shelf.directory / "big.bin").read_bytes() == data


def test_an_upload_that_began_in_a_browser_is_gone_on_with(shelf, shell, here):
    data = os.urandom(300_000)
    (here / "big.bin").write_bytes(data)
    web = http.client.HTTPConnection("127.0.0.1", shelf.port)
    tus = {"Tus-Resumable": "1.0.0"}
    name = base64.b64encode(b"begun.bin").decode()
    web.request(
        "POST", "/uploads", headers=tus | {"Upload-Length": "300000", "Upload-Metadata": f"filename {name}"}
    )
    begun = web.getresponse()
    begun.read()
    where = begun.headers["Location"]
    part = tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    web.request("PATCH", where, data[:50_000], part)
    assert web.getresponse().status == 204
    web.close()
    upload = where.rpartition("/")[2]
    done = shell(shelf, "put", "big.bin", "--as", "begun.bin", "--upload", upload)
    assert (done.code, done.out) == (0, "begun.bin\n")
    assert "resuming at 16 %" in done.err
    assert (shelf.directory / "begun.bin").read_bytes() == data


def test_an_upload_is_of_one_file(shelf, shell, here):
    done = shell(shelf, "put", "-r", "notes", "--upload", "a" * 32)
    assert (done.code, done.out) == (2, "")
    assert "--upload is one file's" in done.err
