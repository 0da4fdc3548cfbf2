"""QR codes in a terminal: every square is where it belongs, and both colours are said."""

from __future__ import annotations

import pytest
import segno

from portico.cli.code import HALVES, MARGIN, drawn, squares

LINKS = ["http://127.0.0.1:65432/", "https://192.168.100.200:65432/#token=portico_" + "x" * 43]


def light(lines):
    """The squares of a drawing, row by row: True is light."""
    for line in lines:
        yield [HALVES.index(half) & 2 > 0 for half in line]
        yield [HALVES.index(half) & 1 > 0 for half in line]


@pytest.mark.parametrize("link", LINKS)
def test_the_squares_are_those_of_the_code(link):
    expected = [
        [not dark for dark in row] for row in segno.make(link, micro=False).matrix_iter(border=MARGIN)
    ]
    found = list(light(squares(link)))
    assert found[: len(expected)] == expected
    assert len(found) - len(expected) <= 1


@pytest.mark.parametrize("link", LINKS)
def test_it_fits_a_usual_terminal(link):
    lines = squares(link)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24


class Terminal:
    encoding = "utf-8"

    def __init__(self, encoding="utf-8"):
        self.encoding = encoding

    def isatty(self):
        return True

    def fileno(self):
        raise OSError("no size")


@pytest.mark.parametrize("term,encoding", [("dumb", "utf-8"), ("", "utf-8"), ("xterm", "ascii")])
def test_what_cannot_show_it_is_spared_it(term, encoding, monkeypatch, capsys):
    assert drawn(LINKS[0]) == [], "a pipe"
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stdout", Terminal(encoding))
    assert drawn(LINKS[0]) == []
