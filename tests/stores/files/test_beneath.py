"""Opening and renaming below a folder: both ways of each, and what leads outside."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from portico.stores.files import beneath


@pytest.fixture
def root(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("not yours")
    place = tmp_path / "root"
    (place / "a" / "b").mkdir(parents=True)
    (place / "a" / "b" / "file").write_text("ours")
    (place / "link").symlink_to(tmp_path / "outside")
    (place / "a" / "up").symlink_to("..")
    handle = os.open(place, os.O_RDONLY)
    yield handle
    os.close(handle)


@pytest.fixture(params=["the kernel resolves", "part by part"])
def way(request, monkeypatch):
    if request.param == "part by part":
        monkeypatch.setattr(beneath._kernel, "resolves", False)
        monkeypatch.setattr(beneath._kernel, "renames", False)


@pytest.mark.parametrize("path", ["", "a", "a/b"])
def test_a_folder_is_opened(root, way, path):
    handle = beneath.open_folder(root, path)
    assert os.path.samestat(os.fstat(handle), os.stat(path or ".", dir_fd=root))
    os.close(handle)


@pytest.mark.parametrize(
    "path", ["link", "a/up", "a/up/a", "a/up/a/b", "a/b/file", "link/x", "a/b/file/x", "a/none/x", "none"]
)
def test_what_is_no_folder_inside_is_not_opened(root, way, path):
    with pytest.raises(OSError) as error:  # noqa: PT011 - which one differs
        beneath.open_folder(root, path)
    assert error.value.errno in {errno.ELOOP, errno.ENOTDIR, errno.ENOENT, errno.EXDEV}


@pytest.mark.parametrize("path", ["link/secret", "a/up/a/b/file", "a/b/link"])
def test_no_file_is_reached_over_a_link(root, way, path):
    os.symlink("file", "a/b/link", dir_fd=root)
    with pytest.raises(OSError):  # noqa: PT011 - which one differs
        beneath.open_file(root, path, os.O_RDONLY)


def test_a_file_is_opened(root, way):
    handle = beneath.open_file(root, "a/b/file", os.O_RDONLY)
    assert os.read(handle, 9) == b"ours"
    os.close(handle)


def test_no_descriptor_is_lost(root, way):
    before = len([*Path("/proc/self/fd").iterdir()])
    for path in ("a/b", "a/b/file", "link/x", "none/x"):
        try:
            os.close(beneath.open_folder(root, path))
        except OSError:
            continue
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_a_new_name_never_replaces(root, way):
    folder = beneath.open_folder(root, "a/b")
    beneath.rename_new(folder, "file", root, "new")
    assert os.stat("new", dir_fd=root).st_size == 4
    os.close(os.open("other", os.O_CREAT | os.O_WRONLY, dir_fd=root))
    with pytest.raises(FileExistsError):
        beneath.rename_new(root, "new", root, "other")
    assert (os.stat("new", dir_fd=root).st_size, os.stat("other", dir_fd=root).st_size) == (4, 0)
    os.close(folder)


def test_a_kernel_without_the_call_is_asked_once(root, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSYS, "not implemented")

    monkeypatch.setattr(beneath, "_open_at_once", refuse)
    monkeypatch.setattr(beneath._kernel, "resolves", True)
    os.close(beneath.open_folder(root, "a/b"))
    assert not beneath._kernel.resolves


@pytest.mark.parametrize("release, wanted", [("5.4.0-200-generic", False), ("5.10.0", True), ("?", False)])
def test_a_kernel_that_tells_of_no_failed_write_is_not_asked_to_sync_all(monkeypatch, release, wanted):
    wanted = wanted and beneath.can_sync_all()
    monkeypatch.setattr(beneath.os, "uname", lambda: SimpleNamespace(release=release))
    assert beneath._Kernel().syncs_all == wanted
