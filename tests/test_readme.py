"""The README's code is run as it stands, but for the port."""

import re
from pathlib import Path

import pytest

from tests.conftest import Serve

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_python_of_the_readme_runs(serve: Serve, block: str):
    server = serve()
    exec(block.replace("65432", str(server.port)).replace("5000", "50"), {})  # noqa: S102 - our own README
    server.wait_for("builder: the nightly build is green")


def test_there_is_python_in_the_readme():
    assert BLOCKS
