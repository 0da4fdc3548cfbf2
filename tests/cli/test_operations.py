"""docs/operations.md says what is so: flags, variables, defaults, limits, sentences."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from portico.cli import printer
from portico.cli.settings import SERVE, Setting

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()

LIMITS = {
    "room": "room.limits",
    "server": "server.limits",
    "archives": "server.http.archives",
    "tus": "server.http.tus",
    "sniff": "wire.sniff",
    "websocket": "wire.websocket",
    "resp": "wire.resp",
    "text": "wire.text",
    "audit": "stores.audit",
    "deposits": "stores.files.deposits",
}
"""The modules with limits, as the page calls them."""


def row(setting: Setting) -> str:
    value = "" if setting.switch else " " + ("\\|".join(setting.choices) or setting.metavar)
    default = "" if setting.default in (None, False, ()) else f"`{setting.default}` "
    return f"| `{setting.flag}{value}` | `{setting.variable}` | {default}| {setting.help} |"


def test_the_table_of_flags_is_that_of_the_command():
    shown = [line for line in PAGE.splitlines() if line.startswith("| `--") and "PORTICO_" in line]
    assert shown == [row(setting) for setting in SERVE]


def test_the_limits_are_those_of_the_code():
    shown = re.findall(r"^\| `(\w+)\.([A-Z_`, ]+)` \| ([\d., ]+) \|", PAGE, re.MULTILINE)
    assert len(shown) == PAGE.partition("## Limits")[2].partition("\n## ")[0].count("\n| `")
    for module, names, values in shown:
        code = import_module(f"portico.{LIMITS[module]}")
        found = [getattr(code, name) for name in names.split("`, `")]
        assert found == [float(value.replace(",", "")) for value in values.split(", ")]


def test_the_console_waits_as_long_as_the_page_says():
    assert f"{printer.QUEUE_LINES:,} lines or {printer.QUEUE_BYTES // 1_048_576} MiB" in PAGE


@pytest.mark.parametrize(
    "sentence",
    [
        "the disk under the log is full",
        "nothing is being stored: ",
        "the log does not answer, trying on: ",
        "is locked by another program",
        "was written by a newer Portico",
        "is on a network file system (",
        "where a log is not safe",
        "is in use by another server (process ",
        "is taken by another program; choose one with --port",
        "can be reached from a network",
        " open files and this system allows ",
        "; free some space and start again",
    ],
)
def test_the_sentences_are_those_of_the_code(sentence):
    code = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    assert sentence in PAGE
    assert sentence in code
