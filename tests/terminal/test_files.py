"""Files on their way at the prompt: shown above the line that is typed, never in its way."""

from __future__ import annotations

import os

import pytest

from tests.support.gate import Gate
from tests.support.terminal import TAB, prompt

DATA = os.urandom(1 << 20) * 8

HALF = 2 << 20
"""What a gate lets through: a transfer of the data stops on its way."""


@pytest.fixture
def here(tmp_path):
    """A folder of this machine, with something to put."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "mine.bin").write_bytes(DATA)
    return folder


@pytest.fixture
def stocked(serve):
    """A server that has something to fetch."""
    server = serve()
    (server.directory / "big.bin").write_bytes(DATA)
    return server


def on_its_way(one, name):
    """Wait until the line of a transfer is the one above the prompt."""
    one.wait_until(
        lambda: len(one.lines) > 1 and one.lines[-2].startswith(f"{name}  ") and "%" in one.lines[-2]
    )


def test_a_file_is_fetched_while_one_talks(stocked, here):
    with (
        Gate(stocked.port, HALF) as gate,
        prompt(gate.port) as one,
        stocked.line_client() as netcat,
    ):
        one.prompts("Client1:")
        one.enter(f"/get big.bin {here}/")
        one.shows("fetching big.bin")
        on_its_way(one, "big.bin")
        one.press("half a li")
        one.prompts("Client1: half a li")
        netcat.ask("meanwhile")
        one.shows("Client2: meanwhile")
        one.prompts("Client1: half a li")
        on_its_way(one, "big.bin")
        one.enter("ne")
        one.shows("Message: half a line ACK")
        gate.open()
        one.shows("* big.bin: 8.4 MB fetched, verified")
        one.prompts("Client1:")
        assert not any("%" in line for line in one.lines)
        one.enter("bye")
        one.ends(0)
    assert (here / "big.bin").read_bytes() == DATA


@pytest.mark.slow
def test_several_go_both_ways_and_what_fails_is_said(stocked, here):
    with prompt(stocked.port, columns=200) as one, stocked.line_client() as netcat:
        one.prompts("Client1:")
        netcat.ask("")
        one.enter(f"/put {here}/mine.bin as deep/theirs.bin")
        one.enter(f"/get tester*.txt {here}")
        one.enter("/get nothing")
        one.enter(f"/put {here}/nothing")
        one.shows(
            f"* {here}/mine.bin: 8.4 MB put, verified",
            "* tester*.txt: 2 files, 43 bytes fetched, verified",
            "error: nothing: ",
            f"error: {here}/nothing: ",
        )
        netcat.expect("* Client1 put deep/theirs.bin (8.4 MB)")
        one.enter(f"/put {here}/mine.bin as tester1.txt")
        one.shows("or type replace at the end of the line")
        assert not any("Client1 put" in line for line in one.everything)
    assert (stocked.directory / "deep" / "theirs.bin").read_bytes() == DATA
    assert (here / "tester2.txt").read_text() == "The second test file.\n"


@pytest.mark.slow
def test_who_leaves_is_warned_once_and_what_came_stays(stocked, here):
    with Gate(stocked.port, HALF) as gate, prompt(gate.port) as one:
        one.prompts("Client1:")
        one.enter(f"/get big.bin {here}")
        on_its_way(one, "big.bin")
        one.enter("/cancel big.bin")
        one.shows("* big.bin: stopped; the same again goes on with it")
        one.enter(f"/get big.bin {here}")
        one.shows("* big.bin: resuming at ")
        one.enter("bye")
        one.shows("* 1 transfer is under way; bye again leaves all the same")
        one.enter("bye")
        one.ends(0)
        one.shows("Goodbye, Client1.")
    assert [path.suffix for path in here.iterdir() if path.name.startswith("big")] == [".part"]


@pytest.mark.slow
def test_tab_completes_paths_on_both_sides(stocked, here):
    with prompt(stocked.port) as one:
        one.prompts("Client1:")
        one.press("/get b", TAB)
        one.prompts("Client1: /get big.bin")
        one.press(f" {here}/m", TAB)
        one.wait_until(lambda: "".join(one.lines).endswith("/here/mine.bin"))
