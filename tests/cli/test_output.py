"""What is printed: clean, readable in any locale, in colours only for people."""

from __future__ import annotations

import argparse
import io
import json

import pytest

from portico.cli import output
from portico.model.errors import PorticoError


@pytest.mark.parametrize(
    "text,shown",
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b]0;title\x07", "?]0;title?"),
        ("a\rb\x9b1m", "a?b?1m"),
        ("evil \u202etxt.exe", "evil ?txt.exe"),
        ("👩\u200d💻 你好", "👩\u200d💻 你好"),
    ],
)
def test_nothing_drives_a_terminal(text, shown):
    assert output.clean(text) == shown


def test_a_note_is_clean_and_needs_no_listener(monkeypatch, capsys):
    output.note("the server said \x1b[31m")
    assert capsys.readouterr().err == "the server said ?[31m\n"
    monkeypatch.setattr("sys.stderr", None)
    output.note("nobody listens")
    output.let_go()
    assert capsys.readouterr().out == ""


def test_closed_standard_output_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    output.flush()
    output.let_go()
    with pytest.raises(PorticoError, match="standard output is closed"):
        output.prepare()


@pytest.mark.parametrize(
    "encoding,line", [("utf-8", '"é"'), ("latin-1", '"\\u00e9"'), ("ascii", '"\\u00e9"')]
)
def test_json_is_json_in_any_locale(monkeypatch, encoding, line):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert output.as_json("é") == line
    assert json.loads(line) == "é"


@pytest.mark.parametrize("encoding,shown", [("utf-8", "é\\udcff\n"), ("ascii", "\\xe9\\udcff\n")])
def test_what_cannot_be_encoded_is_escaped(monkeypatch, encoding, shown):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    output.prepare()
    output.lines(["é\udcff"])
    output.flush()
    assert stream.buffer.getvalue().decode() == shown


@pytest.mark.parametrize(
    "terminal,no_color,variables,wanted",
    [
        (True, False, {}, True),
        (False, False, {}, False),
        (True, True, {}, False),
        (True, False, {"NO_COLOR": "1"}, False),
        (True, False, {"NO_COLOR": ""}, True),
        (True, False, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_people_who_want_them(monkeypatch, terminal, no_color, variables, wanted):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.setenv(name, variables.get(name, ""))
    monkeypatch.setattr(output, "on_terminal", lambda: terminal)
    assert output.colours(argparse.Namespace(no_color=no_color)) is wanted
