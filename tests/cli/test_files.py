"""`list`: a table for people, paths for pipes, maps for programs."""

from __future__ import annotations

import json
import os
import re
import time

from portico.cli.files import row
from portico.model.files import FileFacts
from tests.support import shell as command


def test_paths_in_a_pipe_and_maps_as_json(room, shell, join):
    assert shell(room, "list").out == "tester1.txt\ntester2.txt\n"
    assert shell(room, "list", "*2*").out == "tester2.txt\n"
    assert shell(room, "list", "*.bin") == (0, "", "")
    maps = [json.loads(line) for line in shell(room, "list", "--json").out.splitlines()]
    assert maps == join(room, 3).call("LIST")


def test_more_than_a_page(serve, shell, tmp_path):
    directory = tmp_path / "many"
    directory.mkdir()
    for number in range(1_001):
        (directory / f"{number:04}").touch()
    assert shell(serve(directory), "list").out == "".join(f"{number:04}\n" for number in range(1_001))


def test_a_table_on_a_terminal(serve, tmp_path):
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "Café 你好.bin").write_bytes(b"x" * 12_345)
    os.utime(directory / "Café 你好.bin", (time.time() - 7_300,) * 2)
    env = command.environment(serve(directory), NO_COLOR="1")
    code, shown = command.on_terminal("list", env=env)
    assert code == 0
    assert re.fullmatch(r"   size      age  path\n12\.3 KB  2 hours  Café 你好\.bin\n", shown)
    assert command.on_terminal("list", "nothing", env=env) == (0, "no file matches\n")


def test_a_file_of_the_future_is_of_now():
    assert row(FileFacts("a", 3, 10**15, "etag"), 0, by=False) == ("3 bytes", "now", "a")


def test_who_put_a_file_is_shown_where_it_is_known():
    assert row(FileFacts("a", 3, 10**15, "etag", by="ann"), 0, by=True) == ("3 bytes", "now", "ann", "a")
