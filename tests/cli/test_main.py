"""The command line as a whole: exit codes, sentences, and what `--help` costs."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from portico.cli.errors import UsageError
from portico.cli.main import main
from portico.model.errors import NotFound, PorticoError, Refused
from portico.model.version import __version__
from tests.support.server import clean_environment


def portico(*arguments: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "portico", *arguments],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_and_version():
    shown = portico("--help")
    assert shown.returncode == 0
    assert "serve a directory's room" in shown.stdout
    assert "check, export, import or back up" in shown.stdout
    assert portico("--version").stdout == f"portico {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("serve", "--help"), ("connect", "--help"), ("log", "check", "--help"), ("--version",)],
)
def test_help_loads_neither_the_server_nor_the_store(arguments):
    shown = portico(*arguments, flags=("-X", "importtime"))
    loaded = set(re.findall(r"\| +(\S+)$", shown.stderr, re.MULTILINE))
    slow = {
        "asyncio",
        "sqlite3",
        "uvloop",
        "socket",
        "ssl",
        "portico.app",
        "portico.server",
        "portico.stores",
    }
    assert "portico.cli.main" in loaded
    assert not loaded & slow


@pytest.mark.parametrize("arguments", [(), ("polish",), ("serve", "--colour"), ("serve", "--max-c", "3")])
def test_usage_is_one_sentence_and_2(arguments):
    shown = portico(*arguments)
    assert shown.returncode == 2
    assert re.fullmatch(r"error: .*; see portico.* --help\n", shown.stderr)


@pytest.mark.parametrize(
    "error,code,said",
    [
        (UsageError("no"), 2, "error: no\n"),
        (PorticoError("no"), 1, "error: no\n"),
        (Refused("no"), 1, "error: no\n"),
        (NotFound("no"), 5, "error: no\n"),
        (PermissionError(13, "Permission denied", "/root"), 1, "error: /root: Permission denied\n"),
        (OSError("odd"), 1, "error: odd\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_are_sentences_and_codes(error, code, said, monkeypatch, capsys):
    def fail(_arguments):
        raise error

    module = sys.modules["portico.cli.main"]
    parser = module.Parser()
    parser.set_defaults(run=fail)
    monkeypatch.setattr(module, "build_parser", lambda: parser)
    assert main([]) == code
    assert capsys.readouterr().err == said
