"""Lines that are drawn in place: on a terminal, below what is said, and gone without a trace."""

from __future__ import annotations

import asyncio
import io

import pyte
import pytest

from portico.cli.live import Live, columns
from portico.client.meter import Meter
from portico.client.transfer.values import FileProgress


class Screen(io.StringIO):
    """Standard error that is a terminal, and what stands there."""

    def __init__(self):
        super().__init__()
        self._screen = pyte.Screen(80, 10)
        self._stream = pyte.Stream(self._screen)

    def isatty(self):
        return True

    def write(self, text):
        self._stream.feed(text.replace("\n", "\r\n"))
        return super().write(text)

    @property
    def lines(self):
        return [line.rstrip() for line in self._screen.display if line.strip()]


def look(monkeypatch, term="xterm"):
    """Be a person; each phase of a test has a standard error of its own."""
    one = Screen()
    monkeypatch.setattr("sys.stderr", one)
    monkeypatch.setenv("TERM", term)
    return one


@pytest.fixture
def meter():
    one = Meter()
    for name in ("a", "b", "c"):
        one.heard(name, FileProgress(name, 50, 100), 0.0)
    return one


def picture(meter):
    return [line.rstrip() for line in meter.lines(20, 0.0)]


def test_the_lines_stand_below_what_is_said(meter, monkeypatch):
    screen = look(monkeypatch)
    live = Live(meter)
    live._draw(picture(meter))
    assert screen.lines == ["a   50 %", "b   50 %", "c   50 %"]
    meter.end("a")
    live._draw(picture(meter))
    live.say("error: something\x1b[2J")
    assert screen.lines == ["error: something?[2J"]
    live._draw(picture(meter))
    assert screen.lines == ["error: something?[2J", "b   50 %", "c   50 %"]


async def test_nothing_is_left_of_them(meter, monkeypatch):
    screen = look(monkeypatch)
    seen = asyncio.Event()
    live = Live(meter)
    draw = live._draw
    monkeypatch.setattr(live, "_draw", lambda lines: (draw(lines), seen.set()))
    async with live.drawing():
        await seen.wait()
        assert len(screen.lines) == 3
    assert screen.lines == []


def test_the_same_picture_is_not_drawn_twice(meter, monkeypatch):
    screen = look(monkeypatch)
    live = Live(meter)
    live._draw(picture(meter))
    before = screen.getvalue()
    live._draw(picture(meter))
    assert screen.getvalue() == before


@pytest.mark.parametrize("term", ["dumb", ""])
async def test_a_terminal_that_cannot_draw_gets_a_line_at_each_end(meter, monkeypatch, term):
    screen = look(monkeypatch, term)
    live = Live(meter)
    async with live.drawing():
        live.begin("a ...")
        live.end("a: done")
    assert screen.getvalue() == "a ...\na: done\n"


async def test_a_program_gets_what_is_said_and_no_more(meter, capsys):
    live = Live(meter)
    async with live.drawing():
        live.begin("a ...")
        live.say("a: resuming at 71 %")
        live.end("a: done")
    assert capsys.readouterr().err == "a: resuming at 71 %\n"


def test_a_terminal_that_does_not_tell_its_width(monkeypatch):
    screen = look(monkeypatch)
    assert columns() == 80
    assert screen.lines == []
