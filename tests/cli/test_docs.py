"""The command reference: complete, deterministic, and checked against the file."""

import sys

import pytest

from portico.cli import docs
from portico.commands.table import TABLE
from portico.model.errors import Denied, PorticoError


def run(monkeypatch, *flags):
    monkeypatch.setattr(sys, "argv", ["portico.cli.docs", *flags])
    return docs.main()


def test_the_file_is_up_to_date():
    assert docs.PAGE.read_text(encoding="utf-8") == docs.build_page()


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.name)
def test_every_command_is_on_the_page(command):
    entry = docs.build_page().split(f"### {command.name}\n")[1]
    assert entry.startswith(f"\n`{command.usage}`\n\n{command.summary}.\n\nReply: {command.reply}.\n")


def test_every_code_is_on_the_page_once():
    codes = [code for code, _ in docs._codes()]
    assert len(set(codes)) == len(codes)
    assert {PorticoError.code, Denied.code} < set(codes)


def test_check_fails_until_the_page_is_written(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(docs, "PAGE", tmp_path / "docs" / "commands.md")
    assert run(monkeypatch, "--check") == 1
    assert capsys.readouterr().err == "commands.md is not up to date; run: python3 dev.py docs\n"
    assert run(monkeypatch) == 0
    assert run(monkeypatch, "--check") == 0
    docs.PAGE.write_text("old")
    assert run(monkeypatch, "--check") == 1
