"""Colours: who speaks, what matters less, what went wrong."""

import pytest

from portico.client.prompt.paint import colours, plain
from portico.client.prompt.wording import Kind, Shown

PAINTED = [
    (Shown(Kind.MESSAGE, "Bob: hi", 3), "\x1b[1;2mBob:\x1b[0m hi"),
    (Shown(Kind.TYPED, "Ann: hi", 3), "\x1b[1;2mAnn:\x1b[0m hi"),
    (Shown(Kind.ACK, "Message: hi ACK"), "Message: hi ACK"),
    (Shown(Kind.ANSWER, "Message:\nOK"), "Message:\nOK"),
    (Shown(Kind.EVENT, "* Bob joined"), "\x1b[2m* Bob joined\x1b[0m"),
    (Shown(Kind.REFUSAL, "error: no"), "\x1b[31merror: no\x1b[0m"),
    (Shown(Kind.NOTICE, "* one\n\ntwo"), "\x1b[2m* one\x1b[0m\n\n\x1b[2mtwo\x1b[0m"),
]


@pytest.mark.parametrize("shown,painted", PAINTED)
def test_colours(shown, painted):
    assert colours(shown) == painted


@pytest.mark.parametrize("shown,painted", PAINTED)
def test_without_colours_nothing_is_added(shown, painted):
    assert plain(shown) == shown.text
    assert painted.replace("\x1b[1;2m", "").replace("\x1b[2m", "").replace("\x1b[31m", "").replace(
        "\x1b[0m", ""
    ) == plain(shown)
