"""The bytes of files through a real server over real sockets: fetched, deposited, cut, stalled, refused."""

import asyncio
import os
from contextlib import AsyncExitStack

import pytest

from portico.model.errors import NoSpace
from portico.server import limits
from tests.server.conftest import SETTINGS, FaultyLog, start_server, until
from tests.support.desks import OpenRange
from tests.support.resp import encode

MIB = 1_048_576
UPLOAD = "0" * 32


@pytest.fixture
async def served(start):
    """A server whose repository holds `big.bin`, of 5 MiB and a bit."""
    served = filled(await start())
    yield served
    await until(lambda: OpenRange.opened == 0)


def filled(served):
    (served.files.root / "big.bin").write_bytes(BIG)
    return served


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


def put(size="?"):
    return encode("PUT", "new.bin", size, "UPLOAD", UPLOAD)


def write(offset, data):
    return encode("WRITE", UPLOAD, str(offset), data)


def begun(offset=0):
    return b"*4\r\n$6\r\nupload\r\n" + bulk(UPLOAD.encode()) + b"$6\r\noffset\r\n:%d\r\n" % offset


async def test_a_pipeline_of_long_writes_is_stored_and_other_requests_go_on(served):
    peer = await served.connect()
    peer.send(put() + write(0, BIG) + write(len(BIG), "small") + write(len(BIG) + 5, BIG) + encode("BYE"))
    answers = begun() + b":%d\r\n:%d\r\n:%d\r\n+OK\r\n" % (len(BIG), len(BIG) + 5, 2 * len(BIG) + 5)
    assert await peer.rest() == answers
    assert (served.files.uploads / UPLOAD).read_bytes() == BIG + b"small" + BIG


async def test_a_body_that_nobody_takes_is_skipped_and_what_follows_is_answered(served):
    peer = await served.connect()
    peer.send(write(0, BIG) + encode("PING") + write(5, BIG)[:-1])
    peer.send(b"\n" + encode("BYE"))
    missing = b"-NOTFOUND there is no such upload\r\n"
    assert await peer.rest() == missing + b"+PONG\r\n" + missing + b"+OK\r\n"


async def test_a_full_disk_is_the_answer_and_the_rest_is_skipped(served):
    served.files.error = NoSpace("the disk is full")
    peer = await served.connect()
    peer.send(put() + write(0, BIG) + encode("BYE"))
    assert await peer.rest() == begun() + b"-NOSPACE the disk is full\r\n+OK\r\n"


async def test_what_came_is_kept_when_the_peer_is_gone_in_the_middle(served):
    for leave in (lambda peer: peer.end(), lambda peer: peer.writer.close(), lambda peer: peer.reset()):
        peer = await served.connect()
        stored = served.files.uploads / UPLOAD
        stored.unlink(missing_ok=True)
        peer.send(put() + write(0, BIG)[: 2 * MIB])
        await until(lambda: stored.exists() and stored.stat().st_size > 2 * MIB - 100)
        leave(peer)
        await until(lambda: not served.server.connections())
        kept = stored.read_bytes()
        assert kept == BIG[: len(kept)]
        assert all(desk.closed for desk in served.files.desks)


async def test_a_write_that_does_not_end_as_announced_is_said_and_closes(served):
    peer = await served.connect()
    peer.send(put() + write(0, BIG)[:-2] + b"xx" + encode("PING"))
    answer = await peer.rest()
    assert answer.startswith(begun() + b":%d\r\n-ERR protocol: a bulk string" % len(BIG))


async def test_a_write_that_is_too_long_is_refused_at_its_announcement(served):
    peer = await served.connect()
    peer.send(b"*4\r\n$5\r\nWRITE\r\n$32\r\n%b\r\n$1\r\n0\r\n$16777217\r\n" % UPLOAD.encode())
    assert await peer.rest() == b"-ERR protocol: one WRITE takes at most 16 MiB\r\n"


@pytest.mark.parametrize(
    "dialogue",
    [
        test_a_pipeline_of_ranges_and_other_answers_leaves_in_order,
        test_a_pipeline_of_long_writes_is_stored_and_other_requests_go_on,
        test_a_body_that_nobody_takes_is_skipped_and_what_follows_is_answered,
        test_what_came_is_kept_when_the_peer_is_gone_in_the_middle,
    ],
)
def test_the_same_with_uvloop(dialogue, tmp_path):
    uvloop = pytest.importorskip("uvloop")

    async def run():
        async with AsyncExitStack() as stack:
            await dialogue(filled(await start_server(stack, tmp_path, FaultyLog(), SETTINGS)))

    uvloop.run(run())
