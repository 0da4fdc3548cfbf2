"""docs/tls.md says the truth: its commands and its Python are run as they stand, but for the port."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shell import environment
from tests.support.stream import PATIENCE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "tls.md").read_text(encoding="utf-8")
SESSION = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.peer("redis-cli", "apt-get install redis-tools"),
    pytest.mark.peer("openssl", "apt-get install openssl"),
]


@pytest.fixture
def server(serve, tmp_path, monkeypatch):
    """One whose directory is called as on the page, from where we stand."""
    server = serve(tls=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "shared").symlink_to(server.directory)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    return server


def test_the_commands_print_what_the_page_shows(server, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "portico").write_text(f'#!/bin/sh\nexec {sys.executable} -m portico "$@"\n')
    (programs / "portico").chmod(0o755)
    for turn in re.split(r"^\$ ", SESSION.replace("65432", str(server.port)), flags=re.MULTILINE)[1:]:
        line, _, shown = turn.partition("\n")
        done = subprocess.run(
            ["bash", "-c", line],
            env=environment(PATH=f"{programs}:/usr/bin:/bin"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        pattern = ".*?".join(map(re.escape, shown.split("...")))
        assert re.fullmatch(pattern, done.stdout, re.DOTALL), f"{line!r} printed {done.stdout!r}"


@pytest.mark.parametrize("block", BLOCKS)
def test_the_python_of_the_page_runs(server, block):
    exec(block.replace("65432", str(server.port)), {})  # noqa: S102 - our own page


def test_there_are_commands_and_python_on_the_page():
    assert SESSION.count("$ ") == 8
    assert len(BLOCKS) == 2
