"""`ping`: a line for each answer, and one about several."""

from __future__ import annotations

import json
import re

import pytest

from portico.cli import ping


def test_one_answer(room, shell):
    done = shell(room, "ping")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(rf"PONG from 127\.0\.0\.1:{room.port} in \d+\.\d ms\n", done.out)


def test_several_have_a_summary(room, shell, monkeypatch):
    monkeypatch.setattr(ping, "PAUSE", 0.001)
    *answers, summary = shell(room, "ping", "--count", "3").out.splitlines()
    assert len(answers) == 3
    assert re.fullmatch(r"3 answers: fastest \d+\.\d, median \d+\.\d, slowest \d+\.\d ms", summary)
    facts = [json.loads(line) for line in shell(room, "ping", "--count", "2", "--json").out.splitlines()]
    assert [each["server"] for each in facts] == [f"127.0.0.1:{room.port}"] * 2
    assert 0 < facts[0]["seconds"] < 10


@pytest.mark.parametrize("seconds,shown", [(0.000_04, "0.0"), (0.000_44, "0.4"), (1.5, "1,500.0")])
def test_milliseconds(seconds, shown):
    assert ping.answer("there:1", seconds) == f"PONG from there:1 in {shown} ms"


def test_the_summary_says_fastest_median_slowest():
    assert ping.summary([0.003, 0.001, 0.010]) == "3 answers: fastest 1.0, median 3.0, slowest 10.0 ms"


def test_nonsense_is_usage(room, shell):
    done = shell(room, "ping", "--count", "0")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: argument --count: '0': a whole number from 1 to 1,000,000 is wanted")
