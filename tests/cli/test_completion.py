"""Completion scripts: what the parser knows, in three shells; names are offered and never run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from portico.cli.completion import FILES, PATHS, PEOPLE, SHELLS, bash, levels
from portico.cli.main import COMMANDS, build_parser
from tests.support import shell as command

BASH = """\
{script}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_portico
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def found():
    return {level.command: level for level in levels(build_parser())}


def completed(found, *words, path="/usr/bin:/bin", **env):
    script = BASH.format(script=bash(list(found.values())).replace("compopt -o default", "COMPREPLY=(FILES)"))
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        capture_output=True,
        text=True,
        env={"PATH": path, **env},
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_the_levels_are_those_of_the_parser(found):
    assert list(found["portico"].below) == list(COMMANDS)
    assert found["portico"].below["say"] == COMMANDS["say"][1]
    assert list(found["portico log"].below) == ["check", "export", "import", "backup"]
    assert list(found["portico token"].below) == ["create", "list", "revoke"]
    assert found["portico drop"].values == [PEOPLE]
    assert found["portico wait"].values == ["message", "client", "file"]
    assert found["portico tell"].values == [PEOPLE]
    assert found["portico get"].values == [PATHS]
    assert found["portico put"].values == [FILES]
    assert found["portico move"].values == [PATHS, PATHS]
    assert found["portico serve"].values == [FILES]
    flags = {word: flag.values for flag in found["portico history"].flags for word in flag.spelled}
    assert flags["--json"] is None
    assert flags["--since"] == []
    assert "presence" in flags["--kind"]


@pytest.mark.parametrize(
    "words,offered",
    [
        (["portico", "s"], ["serve", "say", "status"]),
        (["/opt/bin/portico", "--v"], ["--version"]),
        (["portico", "log", ""], ["check", "export", "import", "backup"]),
        (["portico", "log", "export", "--d"], ["--damaged"]),
        (["portico", "log", "export", "-o", ""], ["FILES"]),
        (["portico", "wait", ""], ["message", "client", "file"]),
        (["portico", "get", "-o", ""], ["FILES"]),
        (["portico", "put", "x", ""], ["FILES"]),
        (["portico", "put", "--re"], ["--replace", "--recursive"]),
        (["portico", "wait", "message", ""], [""]),
        (["portico", "wait", "--ti"], ["--timeout"]),
        (["portico", "serve", "--sync", "f"], ["full"]),
        (["portico", "serve", "--port", ""], [""]),
        (["portico", "serve", ""], ["FILES"]),
        (["portico", "say", "--as", "sta"], [""]),
        (["portico", "say", "status", "--k"], ["--key"]),
        (["portico", "completion", "z"], ["zsh"]),
        (["portico", "token", "create", "--role", ""], ["reader", "member", "admin"]),
        (["portico", "token", "create", "--name", ""], [""]),
        (["portico", "invite", ""], ["FILES"]),
        (["portico", "nonsense", ""], ["serve", "connect", "say"]),
    ],
)
def test_bash_completes(found, words, offered):
    assert completed(found, *words)[: len(offered)] == offered


def test_names_come_from_the_room_and_are_not_run(found, room, join, tmp_path):
    join(room, 3).call("NAME", "$(touch x) Bob")
    join(room, 3).call("NAME", "alice")
    script = tmp_path / "portico"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m portico "$@"\n')
    script.chmod(0o755)
    env = {"path": f"{tmp_path}:/usr/bin:/bin", "PORTICO_SERVER": f"127.0.0.1:{room.port}"}
    assert completed(found, "portico", "tell", "", **env) == [r"\$\(touch\ x\)\ Bob", "alice"]
    assert completed(found, "portico", "tell", "al", **env) == ["alice"]
    assert completed(found, "portico", "tell", "alice", "", **env) == [""]


def test_paths_come_from_the_repository_and_are_not_run(found, serve, tmp_path):
    files = tmp_path / "files" / "notes"
    files.mkdir(parents=True)
    for name in ("$(touch x) 1.txt", "2.txt", "[3].txt"):
        (files / name).touch()
    script = tmp_path / "portico"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m portico "$@"\n')
    script.chmod(0o755)
    env = {"path": f"{tmp_path}:/usr/bin:/bin", "PORTICO_SERVER": f"127.0.0.1:{serve(files.parent).port}"}
    odd = r"notes/\$\(touch\ x\)\ 1.txt"
    assert completed(found, "portico", "get", "n", **env) == [odd, "notes/2.txt", r"notes/\[3\].txt"]
    assert completed(found, "portico", "remove", "notes/2.txt", "notes/2", **env) == ["notes/2.txt"]
    assert completed(found, "portico", "move", "notes/2.txt", "other", **env) == [""]


@pytest.mark.parametrize(
    "shell",
    [
        "bash",
        pytest.param("zsh", marks=pytest.mark.peer("zsh", "apt-get install zsh")),
        pytest.param("fish", marks=pytest.mark.peer("fish", "apt-get install fish")),
    ],
)
def test_each_shell_understands_its_script(shell, tmp_path):
    done = command.run("completion", shell, env=command.environment())
    assert (done.returncode, done.stderr) == (0, b"")
    script = tmp_path / "script"
    script.write_bytes(done.stdout)
    checked = subprocess.run([shell, "-n", str(script)], capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")


@pytest.mark.peer("fish", "apt-get install fish")
def test_fish_completes(found, tmp_path):
    (tmp_path / "script").write_text(SHELLS["fish"](list(found.values())))
    ask = "; ".join(
        f'complete -C "portico {line}"' for line in ("wa", "log ex", "history --kind p", "say --k")
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {tmp_path}/script; {ask}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "wait",
        "export",
        "presence",
        "--key",
    ]


@pytest.mark.peer("zsh", "apt-get install zsh")
def test_zsh_completes(found, tmp_path):
    script = SHELLS["zsh"](list(found.values()))
    # Outside of a completion there is no compadd: ours shows what would be offered.
    start = 'compdef() {}; compadd() { shift; print -l -- "$@" }; _files() { print FILES }\n'
    asks = [
        ("portico", "log", ""),
        ("portico", "wait", ""),
        ("portico", "serve", "--sync", ""),
        ("portico", "serve", ""),
    ]
    lines = [f"words=({' '.join(map(repr, words))}) CURRENT={len(words)}; _portico\n" for words in asks]
    done = subprocess.run(
        ["zsh", "-f", "-c", start + script + "".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == [
        "check",
        "export",
        "import",
        "backup",
        "message",
        "client",
        "file",
        "full",
        "normal",
        "FILES",
    ]


def test_a_shell_that_is_not_known_is_usage(room, shell):
    done = shell(room, "completion", "tcsh")
    assert (done.code, done.out) == (2, "")
    assert "invalid choice: 'tcsh'" in done.err
