"""A request is words, or a line."""

from portico.model.requests import Line


def test_a_line_is_said_unless_it_is_the_wires_own():
    assert Line(b"SAY", "hi") == Line(b"SAY", "hi", silent=False)
    assert Line(b"NAME").rest == ""
