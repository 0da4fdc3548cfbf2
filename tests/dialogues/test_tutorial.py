"""The walk of docs/tutorial.md is what happens: each screen, but for times and ports."""

import pytest

from tests.dialogues.transcript import timeless
from tests.dialogues.tutorial import in_page, walk


@pytest.mark.slow
@pytest.mark.peer("nc", "apt-get install netcat-openbsd")
@pytest.mark.peer("redis-cli", "apt-get install redis-tools")
def test_the_tutorial_is_what_happens(tmp_path):
    written, came = in_page(), dict(walk(tmp_path))
    assert list(written) == list(came)
    for name, text in came.items():
        assert timeless(written[name]) == timeless(text), "run: python -m tests.dialogues.tutorial --write"
