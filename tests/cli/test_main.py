"""The command line as a whole: exit codes, sentences, and what `--help` costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portico.cli.errors import UsageError
from portico.cli.main import COMMANDS, main
from portico.model.errors import NotFound, PorticoError, Refused
from portico.model.version import __version__
from tests.support import shell as command
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
    [
        ("--help",),
        ("serve", "--help"),
        ("connect", "--help"),
        ("log", "check", "--help"),
        ("--version",),
        ("say", "--help"),
    ],
)
def test_help_loads_neither_the_server_nor_the_store(arguments):
    loaded = command.imported(*arguments, env=clean_environment())
    slow = {
        "asyncio",
        "sqlite3",
        "uvloop",
        "socket",
        "ssl",
        "shutil",
        "portico.app",
        "portico.server",
        "portico.stores",
    }
    assert "portico.cli.main" in loaded
    assert not loaded & slow


def test_the_list_of_commands_loads_no_command():
    loaded = command.imported("--help", env=clean_environment())
    ours = {name for name in loaded if name.startswith("portico.cli.")}
    assert ours == {"portico.cli.main", "portico.cli.output", "portico.cli.errors"}
    assert not loaded & {"dataclasses", "inspect", "pathlib", "json", "difflib", "datetime"}


def test_every_command_has_help(capsys):
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: portico {name} ")


def test_a_typing_mistake_is_understood(capsys):
    assert main(["stauts"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no command 'stauts' (did you mean status?); see portico --help\n"
    )
    assert main(["qqq"]) == 2
    assert capsys.readouterr().err == "error: there is no command 'qqq'; see portico --help\n"


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


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_is_full_is_a_sentence(unbuffered):
    env = clean_environment() | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("wb") as full:
        done = command.run("completion", "bash", env=env, stdout=full)
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_gone_is_quiet(unbuffered):
    env = clean_environment() | {"PYTHONUNBUFFERED": unbuffered}
    read, write = os.pipe()
    os.close(read)
    done = command.run("completion", "bash", env=env, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_nobody_to_complain_to(stderr):
    script = f'"$@" polish {stderr}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command.COMMAND],
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")


def test_closed_standard_output_is_a_sentence():
    done = subprocess.run(
        ["bash", "-c", '"$@" ping >&-', "bash", *command.COMMAND],
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        b"error: standard output is closed; there is nowhere to print to\n",
    )


def test_what_a_command_does_not_take_names_its_manual(capsys):
    assert main(["history", "-n", "5"]) == 2
    assert capsys.readouterr().err == "error: unrecognized arguments: -n 5; see portico history --help\n"
