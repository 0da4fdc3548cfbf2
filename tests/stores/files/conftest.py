"""What the tests of a directory's files share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty directory to be served."""
    made = tmp_path / "root"
    made.mkdir()
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    """The descriptor of the test's own folder."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)
