"""`transfers` and `receipts`: what is on its way, and where it went."""

from __future__ import annotations

import json
import re

import pytest

from portico.cli.traffic import transfer_row
from portico.model.replies import TransferLine
from tests.support import shell as command


@pytest.mark.parametrize(
    "line,row",
    [
        (
            TransferLine("get", "fw.bin", 100_000_000, 71_000_000, 8_420_000, "ann", "::1"),
            ("get", "71 %", "100.0 MB", "8.4 MB/s", "0:03", "ann", "::1", "fw.bin"),
        ),
        (
            TransferLine("put", "said", None, 71_000, 0, "visitor", "::1", "id"),
            ("put", "71.0 KB", "?", "0 bytes/s", "", "visitor", "::1", "said"),
        ),
    ],
)
def test_a_transfer_on_a_terminal(line, row):
    assert transfer_row(line) == row


def test_nothing_is_on_its_way(room, shell):
    assert shell(room, "transfers") == (0, "", "")
    env = command.environment(room, NO_COLOR="1")
    assert command.on_terminal("transfers", env=env) == (0, "nothing is on its way\n")


def test_what_is_on_its_way(room, shell, join):
    program = join(room, 3)
    program.call("NAME", "Zoë")
    upload = program.call("PUT", "half.bin", 100)["upload"]
    program.call("WRITE", upload, 0, b"x" * 40)
    assert shell(room, "transfers").out == "put half.bin\n"
    (facts,) = (json.loads(line) for line in shell(room, "transfers", "--json").out.splitlines())
    assert (facts["path"], facts["offset"], facts["size"], facts["name"]) == ("half.bin", 40, 100, "Zoë")
    code, shown = command.on_terminal("transfers", env=command.environment(room, NO_COLOR="1"))
    assert code == 0
    head, line = shown.splitlines()
    assert head.split() == ["done", "of", "rate", "left", "who", "address", "path"]
    assert line.split()[:4] == ["put", "40", "%", "100"]
    program.call("CANCEL", upload)


def test_who_fetched_a_file(room, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = command.environment(room, NO_COLOR="1")
    nobody = "nobody has fetched tester1.txt yet\n"
    assert command.on_terminal("receipts", "tester1.txt", env=env) == (0, nobody)
    shell(room, "get", "tester1.txt")
    assert re.fullmatch(r"\d{4}-\S+ \S+ visitor\n", shell(room, "receipts", "tester1.txt").out)
    (facts,) = (
        json.loads(line) for line in shell(room, "receipts", "tester1.txt", "--json").out.splitlines()
    )
    assert facts["name"] == "visitor"
    code, shown = command.on_terminal("receipts", "tester1.txt", env=env)
    assert (code, shown.splitlines()[0].split()) == (0, ["fetched", "who", "address", "version"])
