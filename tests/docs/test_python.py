"""The code of docs/python.md is run as it stands, but for the port."""

import re
from pathlib import Path

import pytest

from tests.conftest import Serve

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_python_of_the_page_runs(serve: Serve, block: str):
    server = serve()
    exec(block.replace("65432", str(server.port)), {})  # noqa: S102 - our own page


def test_there_is_python_on_the_page():
    assert len(BLOCKS) == 7
