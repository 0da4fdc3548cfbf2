"""Folders that are open while a batch works."""

import os
from pathlib import Path

from portico.stores.files.folders import Folders
from portico.stores.files.handles import CHANGED_MOST, HELD, Handles


def opened() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_a_path_of_hundreds_of_new_folders_holds_a_few_open(tmp_path):
    root = os.open(tmp_path, os.O_RDONLY)
    before = opened()
    with Handles(root, Folders()) as handles:
        path = "/".join("d" * 300)
        os.close(os.open("file", os.O_CREAT, dir_fd=handles.make(path)))
        assert opened() - before <= CHANGED_MOST + HELD
        handles.sync()
    assert opened() == before
    assert (tmp_path / path / "file").exists()
    os.close(root)
