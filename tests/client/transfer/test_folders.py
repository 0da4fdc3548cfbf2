"""Where files from a server may go: below one folder, and nowhere else."""

import os
import sys
from pathlib import Path

import pytest

from portico.client.transfer import folders as folders_module
from portico.client.transfer.folders import Folders, check_name, check_parts
from portico.model.errors import BadPath


@pytest.mark.parametrize("name", ["a.txt", "ü", "a b", "con", "x" * 255])
def test_names(name):
    assert check_name(name, windows=False) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\\b", "c:x", "a\0", "a\nb", "x" * 256, "u\u0308"]
)
def test_no_names_anywhere(name):
    with pytest.raises(BadPath):
        check_name(name, windows=False)


@pytest.mark.parametrize(
    "name",
    [
        "con",
        "NUL.txt",
        "aux .c",
        "com1",
        "LPT9.x",
        "com¹",
        "conin$",
        "a?",
        "a*b",
        "<",
        'a"',
        "a|b",
        "a.",
        "a ",
    ],
)
def test_no_names_on_windows(name):
    with pytest.raises(BadPath, match="say where to put it"):
        check_name(name, windows=True)


@pytest.mark.parametrize("name", ["console", "nul1", "com", "com10", "a.con", "aux_"])
def test_names_on_windows_too(name):
    assert check_name(name, windows=True) == name


@pytest.mark.parametrize("path", ["../x", "a/../b", "/etc/passwd", "a//b", "a/", "~/.ssh/x", "a/.git/config"])
def test_paths_that_a_server_must_not_give(path):
    with pytest.raises(BadPath):
        check_parts(path)


@pytest.fixture(params=[True, False], ids=["by name", "by path"])
def either(request, monkeypatch):
    """As on systems with calls relative to a folder, and without."""
    monkeypatch.setattr(folders_module, "BY_NAME", request.param)


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def count_open():
    """The descriptors of this process, where there is a way to see them."""
    return len(list(Path("/dev/fd").iterdir())) if sys.platform != "win32" else 0


def make(folders, path):
    *parts, name = check_parts(path)
    folder = folders.of(parts)
    os.close(folder.open(name, os.O_WRONLY | os.O_CREAT))
    return folder


def test_folders_are_made_as_paths_come(either, tmp_path):
    top = tmp_path / "new" / "top"
    paths = ["a", "b/c", "b/d/e/f", "b/d/g", "b-/x", "h/i/j/k", "l"]
    with Folders(top) as folders:
        assert [make(folders, path).fresh for path in paths] == [False, True, True, True, True, True, False]
    assert sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()) == sorted(paths)
    with Folders(top) as folders:
        assert not folders.of(["b", "d"]).fresh
        assert sorted(folders.of(["b", "d"]).names()) == ["e", "g"]
        assert folders.of(["b"]).stat("c").st_size == 0
        folders.of(["b"]).rename("c", "cc")
        folders.of(["b"]).unlink("cc")
        assert folders.of(["b"]).names() == ["d"]


def test_no_link_below_the_top_is_followed(either, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to(outside)
    (top / "file").symlink_to(outside / "x")
    with Folders(top) as folders:
        for path in ("link/x", "link/deeper/x", "file/x", "file"):
            with pytest.raises(OSError, match=r".+"):
                make(folders, path)
        make(folders, "fine/x")
    assert listed(outside) == []


def test_the_top_itself_may_be_a_link(either, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "top").symlink_to(tmp_path / "real")
    with Folders(tmp_path / "top") as folders:
        make(folders, "a/b")
    assert (tmp_path / "real" / "a" / "b").exists()


def test_a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere(tmp_path):
    outside, top = tmp_path / "outside", tmp_path / "top"
    outside.mkdir()
    with Folders(top) as folders:
        make(folders, "a/1")
        (top / "a").rename(top / "moved")
        (top / "a").symlink_to(outside)
        make(folders, "a/2")
        make(folders, "b/1")
        with pytest.raises(OSError, match=r".+"):
            make(folders, "a/3")
    assert listed(outside) == []
    assert listed(top / "moved") == ["1", "2"]


def test_all_are_closed(tmp_path):
    before = count_open()
    with Folders(tmp_path) as folders:
        for number in range(50):
            folders.of([str(number), "x"])
    assert count_open() == before
