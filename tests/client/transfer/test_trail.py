"""A digest that follows behind the bytes."""

import hashlib
import io

import pytest

from portico.client.transfer.trail import BLOCK_BYTES, Trail

DATA = bytes(range(256)) * (3 * BLOCK_BYTES // 256) + b"end"


class Breaking(io.BytesIO):
    def readinto(self, view):
        raise OSError("the disk is gone")


@pytest.mark.parametrize("steps", [[], [len(DATA)], [1, 2, BLOCK_BYTES, BLOCK_BYTES + 1, len(DATA)], [7, 3]])
def test_it_is_the_digest_of_what_is_there(steps):
    with Trail(io.BytesIO(DATA)) as trail:
        for offset in steps:
            trail.reach(offset)
        assert trail.result() == hashlib.sha256(DATA[: max(steps, default=0)]).hexdigest()


def test_given_up_it_ends():
    trail = Trail(io.BytesIO(DATA))
    trail.reach(len(DATA))
    trail.close()
    trail.close()
    assert not trail._thread.is_alive()


def test_a_file_that_was_shortened_has_another_digest():
    with Trail(io.BytesIO(b"abc")) as trail:
        trail.reach(10)
        assert trail.result() == hashlib.sha256(b"abc").hexdigest()


def test_what_cannot_be_read_is_said_at_the_end():
    with Trail(Breaking()) as trail:
        trail.reach(1)
        with pytest.raises(OSError, match="the disk is gone"):
            trail.result()
