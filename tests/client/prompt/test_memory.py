"""The memory of typed lines: bounded, private, without tokens, and never a failure."""

import stat

import pytest

from portico.client.prompt.memory import KEPT, LONGEST, SLACK, Memory, default_path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "portico" / "typed"


def test_lines_are_kept_from_run_to_run(path):
    one = Memory(path)
    assert one.lines == []
    for line in ("Hello", "two\nlines", "世界"):
        one.keep(line)
    assert Memory(path).lines == one.lines == ["Hello", "two\nlines", "世界"]


def test_nobody_else_may_read_them(path):
    Memory(path).keep("Hello")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("line", ["/auth secret", "x" * (LONGEST + 1)])
def test_tokens_and_very_long_lines_are_not_kept(path, line):
    memory = Memory(path)
    memory.keep(line)
    assert memory.lines == []
    assert not path.exists()


def test_the_file_is_bounded_and_stays_private(path):
    memory = Memory(path)
    for number in range(KEPT + SLACK + 1):
        memory.keep(str(number))
    assert len(path.read_text().splitlines()) == KEPT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Memory(path).lines[-1] == str(KEPT + SLACK)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_another_prompt_wrote_meanwhile_is_kept(path):
    one, two = Memory(path), Memory(path)
    one.keep("a")
    two.keep("b")
    assert Memory(path).lines == ["a", "b"]


def test_what_makes_no_sense_is_left_out(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b'"one"\n\xff\n{\n7\n"two"\n"thr')
    assert Memory(path).lines == ["one", "two"]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(parents=True), lambda path: path.parent.touch()])
def test_a_file_that_cannot_be_written_is_no_failure(path, make):
    path.parent.parent.mkdir(exist_ok=True)
    make(path)
    memory = Memory(path)
    memory.keep("Hello")
    assert memory.lines == ["Hello"]


def test_it_lies_where_state_belongs(monkeypatch):
    assert str(default_path({"XDG_STATE_HOME": "/s"})) == "/s/portico/typed"
    monkeypatch.setenv("HOME", "/home/ann")
    for environment in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}):
        assert str(default_path(environment)) == "/home/ann/.local/state/portico/typed"
