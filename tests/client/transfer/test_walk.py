"""The files of a folder here, and what is not deposited."""

import os

import pytest

from portico.client.transfer.walk import walk
from portico.model.errors import BadPath, PorticoError


def test_all_files_in_order_and_what_is_left_out(tmp_path):
    top = tmp_path / "top"
    for path in ("b/2", "b/1", "a", "c/d/e", ".git/config", "ok/.hidden", "u\u0308"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(path)
    (top / "file").symlink_to(top / "a")
    (top / "folder").symlink_to(top / "b")
    (top / "dangling").symlink_to("nowhere")
    (top / "back\\slash").write_text("")
    os.mkfifo(top / "pipe")
    (top / "empty").mkdir()
    found = list(walk(top, "x/y"))
    assert [(each.path, each.size) for each in found if each.error is None] == [
        ("x/y/a", 1),
        ("x/y/b/1", 3),
        ("x/y/b/2", 3),
        ("x/y/c/d/e", 5),
        ("x/y/file", 1),
        ("x/y/ü", 3),
    ]
    left_out = {each.path: each.error for each in found if each.error is not None}
    assert {path: type(error) for path, error in left_out.items()} == {
        "x/y/.git": BadPath,
        "x/y/ok/.hidden": BadPath,
        "x/y/back\\slash": BadPath,
        "x/y/folder": PorticoError,
        "x/y/dangling": PorticoError,
        "x/y/pipe": PorticoError,
    }
    assert left_out["x/y/folder"].sentence == "x/y/folder is a link to a folder; it was left out"
    assert left_out["x/y/pipe"].sentence == "x/y/pipe is neither a file nor a folder; it was left out"


def test_the_top_of_the_repository(tmp_path):
    (tmp_path / "a").write_text("")
    assert [each.path for each in walk(tmp_path, "")] == ["a"]


def test_no_such_folder(tmp_path):
    with pytest.raises(PorticoError, match=r"cannot read .*nothing: no such file or directory"):
        list(walk(tmp_path / "nothing", ""))


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_text("")
    scandir = os.scandir

    def refuse(folder):
        if folder.endswith("a"):
            raise PermissionError(13, "x")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [(each.path, each.error is None) for each in walk(tmp_path, "")] == [("a", False), ("b", True)]
