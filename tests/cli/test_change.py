"""`remove` and `move`: done or said why not; what goes wrong with one does not keep the others."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def files(shelf, request):
    """Two files of this test's own in the repository, in a folder named as the test."""
    folder = shelf.directory / request.node.name
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_text(name)
    return folder


def test_remove(shelf, shell, files):
    done = shell(shelf, "remove", f"{files.name}/one", f"{files.name}/none", f"{files.name}/two")
    assert (done.code, done.out) == (5, "")
    assert done.err.count("error: ") == 1
    assert list(files.iterdir()) == []


def test_move(shelf, shell, files):
    assert shell(shelf, "move", f"{files.name}/one", "elsewhere/1") == (0, "", "")
    assert (shelf.directory / "elsewhere" / "1").read_text() == "one"
    assert shell(shelf, "move", f"{files.name}/two", "elsewhere/") == (0, "", "")
    assert (shelf.directory / "elsewhere" / "two").read_text() == "two"
    assert shell(shelf, "move", f"{files.name}/one", "x").code == 5


def test_move_to_where_something_is(shelf, shell, files):
    one, two = f"{files.name}/one", f"{files.name}/two"
    done = shell(shelf, "move", one, two)
    assert done.code == 1
    assert done.err.endswith("or replace it with --replace\n")
    assert shell(shelf, "move", one, two, "--replace").code == 0
    assert [path.read_text() for path in files.iterdir()] == ["one"]


def test_programs_get_what_the_log_tells(shelf, shell, files):
    one, two, three = (f"{files.name}/{name}" for name in ("one", "two", "three"))
    moved = shell(shelf, "move", one, three, "--json")
    assert json.loads(moved.out) == {"change": "moved", "path": three, "from": one}
    removed = shell(shelf, "remove", three, two, "--json")
    assert [json.loads(line) for line in removed.out.splitlines()] == [
        {"change": "removed", "path": three},
        {"change": "removed", "path": two},
    ]


@pytest.mark.parametrize("arguments", [["remove", "tester1.txt"], ["move", "tester1.txt", "x"]])
def test_what_is_not_allowed_is_4(room, shell, arguments):
    done = shell(room, *arguments)
    assert (done.code, done.out) == (4, "")
    assert (room.directory / "tester1.txt").exists()
