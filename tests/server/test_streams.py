"""The bytes of files through a real server over real sockets: fetched, deposited, cut, stalled, refused."""

import asyncio
import os

import pytest

from portico.server import limits
from tests.server.conftest import until
from tests.support.desks import OpenRange
from tests.support.resp import encode

MIB = 1_048_576
UPLOAD = "0" * 32


@pytest.fixture
async def served(start):
    """A server whose repository holds `big.bin`, of 5 MiB and a bit."""
    served = await start()
    (served.files.root / "big.bin").write_bytes(BIG)
    yield served
    await until(lambda: OpenRange.opened == 0)


BIG = os.urandom(5 * MIB + 17)


def read(path, offset, count):
    return encode("READ", path, str(offset), str(count))


def bulk(data):
    return b"$%d\r\n%b\r\n" % (len(data), data)


async def test_a_pipeline_of_ranges_and_other_answers_leaves_in_order(served):
    peer = await served.connect()
    peer.send(
        encode("PING")
        + read("big.bin", 0, 2 * MIB)
        + encode("ECHO", "between")
        + read("big.bin", 2 * MIB, 16 * MIB)
        + read("big.bin", 9 * MIB, 100)
        + read("big.bin", 7, 10)
        + read("none", 0, 10)
        + encode("BYE")
    )
    expected = (
        b"+PONG\r\n"
        + bulk(BIG[: 2 * MIB])
        + bulk(b"between")
        + bulk(BIG[2 * MIB :])
        + bulk(b"")
        + bulk(BIG[7:17])
        + b"-NOTFOUND there is no file none\r\n+OK\r\n"
    )
    assert await peer.rest() == expected


async def test_a_long_pipeline_opens_a_few_files_at_a_time(served):
    served.files.slow = True
    peer = await served.connect()
    peer.send(read("big.bin", 0, MIB) * 50)
    await until(lambda: len(served.files.due) == limits.SLOT_BYTES // 65_536)
    served.files.slow = False
    served.files.settle()
    for _ in range(50):
        assert await peer.line() == f"${MIB}"
        async with asyncio.timeout(5):
            assert await peer.reader.readexactly(MIB + 2) == BIG[:MIB] + b"\r\n"
    assert OpenRange.opened <= limits.SLOT_BYTES // 65_536
