"""Open folders: how few of them are, and that each changed one gets on the disk."""

import errno
from pathlib import Path

import pytest

from portico.stores.files import handles
from portico.stores.files.folders import Folders
from portico.stores.files.handles import CHANGED_MOST, HELD, Handles


@pytest.fixture
def synced(monkeypatch):
    """Return the set of folders that were synced, as it grows."""
    seen = set()
    monkeypatch.setattr(handles.os, "fsync", lambda fd: seen.add(str(Path(f"/proc/self/fd/{fd}").readlink())))
    return seen


def open_folders(place):
    links = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return sum(link == str(place) or link.startswith(f"{place}/") for link in links)


DEEP = "/".join("d" for _ in range(500))


def test_a_path_of_many_folders_holds_few_descriptors_and_all_of_it_is_synced(tmp_path, folder, synced):
    with Handles(folder, Folders(), durable=True) as held:
        held.make(DEEP)
        held.changed(DEEP)
        assert open_folders(tmp_path) <= 1 + HELD + CHANGED_MOST + 1
        held.sync()
        assert open_folders(tmp_path) <= 1 + HELD
        assert synced == {str(tmp_path / DEEP[: 2 * depth]).rstrip("/") for depth in range(501)}
    assert open_folders(tmp_path) == 1


def test_many_changed_folders_do_not_stay_open(tmp_path, folder, synced):
    with Handles(folder, Folders(), durable=True) as held:
        for number in range(100):
            held.make(f"f{number}")
            held.changed(f"f{number}")
        assert not synced
        held.sync()
        assert len(synced) == 101
        assert open_folders(tmp_path) <= 1 + HELD


def test_nothing_is_synced_that_need_not_be_durable(folder, synced):
    with Handles(folder, Folders(), durable=False) as held:
        held.make(DEEP)
        held.sync()
    assert not synced


def test_all_can_be_let_go_and_what_has_changed_is_synced(tmp_path, folder, synced):
    with Handles(folder, Folders(), durable=True) as held:
        held.make("new")
        held.changed("new")
        held.let_go()
        assert open_folders(tmp_path) == 1
        assert synced == {str(tmp_path), str(tmp_path / "new")}
        held.sync()
        assert held.get("new") >= 0


def test_what_could_not_be_synced_when_it_was_let_go_is_told_once(folder, monkeypatch):
    def fails(_):
        raise OSError(errno.EIO, "Input/output error")

    with Handles(folder, Folders(), durable=True) as held:
        held.make("new")
        with monkeypatch.context() as broken:
            broken.setattr(handles.os, "fsync", fails)
            held.let_go()
        held.changed("new")
        with pytest.raises(OSError, match="Input/output"):
            held.sync()
        held.sync()
