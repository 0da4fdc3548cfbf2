"""docs/shell.md says the truth: its commands are run as they stand, its exit codes are those of the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from portico.cli.main import COMMANDS, EXIT_CODES, FAILED, INTERRUPTED, TIMED_OUT, UNREACHABLE, USAGE
from tests.conftest import Serve
from tests.support.shell import environment
from tests.support.stream import PATIENCE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "shell.md").read_text(encoding="utf-8")
SESSION = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
SCRIPTS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

STANDINS = {
    "portico": f'exec {sys.executable} -m portico "$@"',
    "git": "echo Say it once",
    "make": "true",
}
"""Programs that the page calls, as scripts of ours."""


@pytest.fixture
def world(serve: Serve, tmp_path: Path):
    """The environment of somebody who reads the page: a new room, and the programs on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, line in STANDINS.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    server = serve(files="change")
    (tmp_path / "room").symlink_to(server.directory)
    return environment(server, PATH=f"{programs}:/usr/bin:/bin", BUILD="512")


def turns(session):
    """Each command with what it prints."""
    for turn in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        line, _, shown = turn.partition("\n")
        yield line, shown


def test_the_commands_print_what_the_page_shows(world, tmp_path):
    for line, shown in turns(SESSION):
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=world,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        pattern = ".*?".join(map(re.escape, shown.split("...")))
        assert re.fullmatch(pattern, done.stdout), f"{line!r} printed {done.stdout!r}"


def test_the_scripts_find_each_other(world):
    running = [
        subprocess.Popen(["bash", "-c", script], env=world, stdout=subprocess.PIPE) for script in SCRIPTS
    ]
    shown = [process.communicate(timeout=PATIENCE)[0].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert shown[1].endswith(" Build Box: build 512 is green\n")


def test_the_exit_codes_are_those_of_the_code():
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert shown == {0, FAILED, USAGE, UNREACHABLE, *EXIT_CODES.values(), TIMED_OUT, INTERRUPTED}


def test_every_command_of_the_client_is_on_the_page():
    for name in COMMANDS:
        assert f"portico {name}" in PAGE
