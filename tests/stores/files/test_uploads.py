"""One upload: what its digest does while who wrote it leaves."""

from __future__ import annotations

import contextlib
import os
import threading

import pytest

from portico.model.errors import Busy
from portico.model.files import Order
from portico.stores.files import uploads
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


def test_nobody_writes_to_what_is_being_finished_or_finishes_it_as_well(folder):
    upload = Upload(folder, "a" * 32, Order("x"), 0, 0.0)
    upload.create()
    upload.sink = object()
    upload.append(b"abc", upload.sink)
    sink = upload.sink
    upload.begin_to_finish()
    for late in (
        lambda: upload.append(b"d", None),
        lambda: upload.append(b"d", sink),
        upload.begin_to_finish,
    ):
        with pytest.raises(Busy):
            late()
    assert upload.offset == 3
    upload.let_go()


def test_who_writes_and_who_digests_open_its_file_once(folder, monkeypatch):
    upload = Upload(folder, "a" * 32, Order("x"), 0, 0.0)
    upload.create()
    upload.append(b"abc", None)
    upload.let_go()
    both, opened, open_file = threading.Barrier(2), [], os.open

    def slowly(*args, **named):
        opened.append(open_file(*args, **named))
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)
        return opened[-1]

    monkeypatch.setattr(uploads.os, "open", slowly)
    thread = threading.Thread(target=upload.follow)
    thread.start()
    upload.append(b"def", None)
    thread.join()
    upload.let_go()
    assert len(opened) == 1
