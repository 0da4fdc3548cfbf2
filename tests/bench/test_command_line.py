import json
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import __main__ as command_line
from bench import context, figures, servers
from bench.errors import BenchError
from bench.figures import start
from bench.figures.base import Figure, Sides, alternate
from bench.ratios import NoGoal, RatioAtLeast, Sample
from bench.servers import tool


def figure(name: str, *, fails: bool = False) -> Figure:
    @contextmanager
    def prepare(_context):
        if fails:
            raise BenchError("no server")
        yield Sides(lambda: Sample(3.0), lambda: Sample(1.0))

    return Figure(name, f"title of {name}", "req/s", RatioAtLeast(5.0), prepare)


def test_the_runs_alternate():
    order: list[str] = []

    def run(side: str):
        return lambda: order.append(side) or Sample(1.0)

    ours, peer = alternate(Sides(run("A"), run("B")), 3)
    assert "".join(order) == "ABABAB"
    assert len(ours) == len(peer) == 3


def test_the_figures_have_names_of_their_own():
    names = [each.name for each in figures.wire()]
    assert len(set(names)) == len(names)
    assert {"echo", "words-p16", "say-1000", "fanout-1000-w1", "memory", "text", "kill9"} <= set(names)


@pytest.mark.parametrize("group", command_line.COMMANDS)
def test_every_group_can_be_listed(group, capsys):
    assert command_line.main([group, "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 2


def test_figures_are_chosen_by_name_and_groups_by_theirs():
    def chosen(only: str) -> list[str]:
        return [each.name for each in command_line.choose(figures.wire(), only)]

    assert chosen("kill9, echo") == ["echo", "kill9"]
    assert chosen("say") == ["say-1", "say-50", "say-1000"]
    assert len(chosen("fanout")) == 4


def test_the_client_has_figures_of_its_own(capsys):
    assert command_line.main(["client", "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("library-ping ")
    assert {each.name for each in command_line.choose(figures.client(), "start")} == {
        "start-help",
        "start-say",
    }


def test_a_start_that_fails_is_no_figure():
    with pytest.raises(BenchError, match="polish ended with 2: error: there is no command 'polish'"):
        start.start(("-m", "portico", "polish"), dict(os.environ))
    assert 0 < start.start(start.NOTHING, dict(os.environ)).value < 10_000


def test_an_unknown_figure_names_the_known_ones():
    with pytest.raises(BenchError, match=r"no figure 'nonsense': echo, "):
        command_line.choose(figures.wire(), "nonsense")


def test_a_missed_speed_is_no_failure_and_a_figure_without_value_is(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(figures, "wire", lambda: [figure("slow"), figure("broken", fails=True)])
    monkeypatch.setattr(context, "file_system", lambda _path: "ext4")
    arguments = ["wire", "--scratch", str(tmp_path), "--json", str(tmp_path / "out.json")]
    assert command_line.main([*arguments, "--only", "slow"]) == 0
    assert command_line.main(arguments) == 1
    output = capsys.readouterr().out
    assert "MISSED" in output
    assert "broken: no server" in output
    assert json.loads((tmp_path / "out.json").read_text())["figures"]["slow"]["ratio"] == 3.0


def test_a_missing_peer_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(servers.shutil, "which", lambda _name: None)
    with pytest.raises(BenchError, match="redis-benchmark is missing: apt-get install redis-tools"):
        tool("redis-benchmark")
    with pytest.raises(BenchError, match="redis-server is missing: apt-get install redis-server"):
        tool("redis-server")


def test_a_scratch_directory_in_memory_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(context, "file_system", lambda _path: "tmpfs")
    with (
        pytest.raises(BenchError, match="durability costs nothing"),
        context.scratch_directory(tmp_path / "new"),
    ):
        pass


def test_the_file_system_is_that_of_the_longest_mount_point():
    assert context.file_system(Path("/proc/self")) == "proc"


def test_the_scratch_directory_is_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(context, "file_system", lambda _path: "ext4")
    with context.scratch_directory(tmp_path) as scratch:
        (scratch / "file").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_no_goal_has_no_words():
    assert NoGoal().words() == ("", "")
