"""One upload: what its digest does while who wrote it leaves."""

from __future__ import annotations

import os

import pytest

from portico.model.files import Order
from portico.stores.files.uploads import Upload


@pytest.fixture
def folder(tmp_path):
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def test_who_finishes_it_is_not_kept_from_the_digest_by_who_leaves(folder):
    upload = Upload(folder, "a" * 32, Order("x", 3), 0, 0.0)
    upload.create()
    upload.append(b"abc", None)
    upload.leaving = True
    assert not upload.follow()
    assert upload.follow(to_the_end=True)
    assert upload.running.hashed == 3
    upload.let_go()
