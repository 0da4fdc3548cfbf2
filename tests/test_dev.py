import json
import sys
import threading

import pytest

import dev


@pytest.fixture(autouse=True)
def own_lock(tmp_path, monkeypatch):
    """Lets no other test, and no dev.py in another terminal, hold up this one."""
    lock = tmp_path / "lock"
    lock.touch()
    monkeypatch.setattr(dev, "LOCK", lock)


@pytest.fixture
def environment(tmp_path):
    """An environment that looks as if it had been made and installed, its Python a link to this one."""
    made = dev.Environment(tmp_path / ".venv", sys.executable, "{}.{}".format(*sys.version_info))
    (made.directory / "bin").mkdir(parents=True)
    (made.directory / "bin" / "python").symlink_to(sys.executable)
    (made.directory / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {made.version}.1\n")
    return made


@pytest.fixture
def script(tmp_path):
    """Makes an executable that runs this shell text."""

    def make(name, text):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return make


def test_an_environment_with_the_right_python_is_usable(environment):
    assert environment.usable()


def test_an_environment_of_another_python_is_not_usable(environment):
    assert not dev.Environment(environment.directory, sys.executable, "3.99").usable()


def test_an_environment_whose_python_is_gone_is_not_usable(environment):
    (environment.directory / "bin" / "python").unlink()
    assert not environment.usable()


def test_no_environment_is_not_usable(tmp_path):
    assert not dev.Environment(tmp_path / "none", sys.executable, "3.11").usable()


@pytest.mark.parametrize(
    "installed,wanted,enough",
    [("", "", True), ("", "dev", False), ("dev", "", True), ("dev", "test", True), ("test", "dev", False)],
)
def test_more_than_wanted_is_enough(environment, installed, wanted, enough):
    environment.stamp.write_text(json.dumps(dev.stamp_of(installed)))
    assert environment.installed(wanted) is enough


@pytest.mark.parametrize("key", ["pyproject", "checkout"])
def test_another_pyproject_or_a_moved_checkout_is_installed_again(environment, key):
    environment.stamp.write_text(json.dumps({**dev.stamp_of(""), key: "another"}))
    assert not environment.installed("")


@pytest.mark.parametrize("text", ["", "{", "{}", '{"extra": "dev"}'])
def test_a_broken_stamp_is_no_stamp(environment, text):
    environment.stamp.write_text(text)
    assert not environment.installed("")


def test_nothing_is_run_when_all_is_there(environment, monkeypatch, capfd):
    environment.stamp.write_text(json.dumps(dev.stamp_of("dev")))
    monkeypatch.setattr(dev, "run_logged", pytest.fail)
    dev.prepare(environment, "dev")
    assert capfd.readouterr() == ("", "")


def test_a_failure_ends_in_a_sentence_with_the_last_lines(tmp_path, script, capfd):
    command = script("broken", "for i in $(seq 30); do echo line $i; done; exit 1")
    with pytest.raises(dev.Failure) as raised, dev.progress("Trying") as tick:
        dev.run_logged([command], tmp_path / "log", tick)
    assert "line 30" in str(raised.value)
    assert "line 18\n" not in str(raised.value)
    assert capfd.readouterr().err == "Trying ... stopped after 0 s.\n"


def test_a_second_terminal_waits_and_says_so(capfd):
    def second():
        with dev.one_at_a_time():
            entered.set()

    entered = threading.Event()
    waiting = threading.Thread(target=second)
    with dev.one_at_a_time():
        waiting.start()
        assert not entered.wait(0.2)
    waiting.join()
    assert entered.is_set()
    assert "another terminal" in capfd.readouterr().err


def test_serve_takes_the_example_unless_a_directory_comes_first(monkeypatch):
    monkeypatch.chdir(dev.ROOT)
    assert dev.serve_arguments([]) == ["examples/repository"]
    assert dev.serve_arguments(["--port", "7000"]) == ["examples/repository", "--port", "7000"]
    assert dev.serve_arguments(["/srv/files", "--port", "7000"]) == ["/srv/files", "--port", "7000"]


@pytest.mark.parametrize("name", ["connect", "token", "invite"])
def test_commands_of_portico_get_their_arguments_without_the_tools_of_development(monkeypatch, name):
    installed, run = [], []
    monkeypatch.setattr(dev, "prepare", lambda _, *extra: installed.append(extra))
    monkeypatch.setattr(dev, "become", run.append)
    dev.main([name, "--name", "ann"])
    assert installed == [()]
    assert run == [[dev.main_environment().python, "-m", "portico", name, "--name", "ann"]]


@pytest.mark.parametrize("arguments", [["-n0"], ["-n", "1"], ["--pdb"], ["-x", "--trace"]])
def test_the_person_may_choose_the_workers(arguments):
    assert dev.workers(arguments) == []


def test_otherwise_the_tests_are_shared_out():
    assert dev.workers(["-k", "name"])[0] == "-n"


def test_a_command_that_only_says_what_is_not_chosen_is_no_python(script, monkeypatch, tmp_path):
    script("python3.11", "exit 127")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert list(dev.candidates("3.11")) == [str(tmp_path / "python3.11")]
    assert dev.find_python("3.11") is None


def test_a_python_that_runs_is_found_behind_one_that_does_not(script, monkeypatch, tmp_path):
    script("python3.11", "exit 127")
    (tmp_path / "versions" / "3.11.9" / "bin").mkdir(parents=True)
    works = script("versions/3.11.9/bin/python", "echo 3.11")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert dev.find_python("3.11") == works


def test_an_unknown_command_is_a_usage_error(capsys):
    assert dev.main(["biuld"]) == 2
    assert "There is no command biuld. There are: serve, " in capsys.readouterr().err


@pytest.mark.parametrize("arguments,code", [([], 2), (["--help"], 0)])
def test_help_names_every_command(arguments, code, capsys):
    assert dev.main(arguments) == code
    shown = capsys.readouterr().out
    assert all(f"    {command} " in shown or f"    {command}\n" in shown for command in dev.COMMANDS)


def test_a_failure_is_exit_code_1(capsys):
    assert dev.main(["check", "everything"]) == 1
    assert capsys.readouterr().err == "check takes no arguments.\n"
