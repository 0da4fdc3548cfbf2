"""The promises of `python3 dev.py faults`, at the size of a test."""

import pytest

from faults.figures import FIGURES


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_promise_is_kept(name, tmp_path):
    figure = FIGURES[name](tmp_path, quick=True)
    print(figure)
    assert figure.sound, str(figure)
