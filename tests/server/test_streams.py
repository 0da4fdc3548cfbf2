"""The bytes of files through a real server over real sockets: fetched, deposited, cut, stalled, refused."""

import asyncio
import errno
import os
import re
from contextlib import AsyncExitStack
from functools import partial

import pytest

from portico.model.errors import NoSpace
from portico.server import door, limits
from tests.server.conftest import SETTINGS, FaultyLog, start_server, until
from tests.support.desks import OpenRange, OpenUpload
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
    stored = served.files.uploads / UPLOAD
    for leave in (lambda peer: peer.end(), lambda peer: peer.writer.close(), lambda peer: peer.reset()):
        peer = await served.connect()
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


async def test_a_write_whose_bytes_do_not_come_is_given_up_and_what_came_is_kept(
    start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(door, "STALLED_SECONDS", 0.1)
    served = await start()
    peer = await served.connect()
    peer.send(put() + write(0, BIG)[: 2 * MIB])
    assert (await peer.rest()).endswith(
        b"-ERR protocol: the rest of a WRITE took too long to come; what came is kept\r\n"
    )
    kept = (served.files.uploads / UPLOAD).read_bytes()
    assert kept == BIG[: len(kept)]
    assert len(kept) > 2 * MIB - 100


async def test_a_reader_that_stalls_lives_and_delays_nobody(served):
    slow, other = await served.connect(), await served.connect()
    slow.writer.transport.pause_reading()
    slow.send(read("big.bin", 0, 5 * MIB) * 10 + encode("PING"))
    await until(lambda: OpenRange.opened == 10)
    for _ in range(20):
        other.send(encode("PING"))
        assert await other.line() == "+PONG"
    slow.writer.transport.resume_reading()
    for _ in range(10):
        assert await slow.reader.readexactly(len(bulk(BIG[: 5 * MIB]))) == bulk(BIG[: 5 * MIB])
    assert await slow.line() == "+PONG"


async def test_a_peer_that_is_gone_in_the_middle_of_a_fetch_leaves_nothing_open(served):
    for leave in (lambda peer: peer.writer.close(), lambda peer: peer.reset()):
        peer = await served.connect()
        peer.writer.transport.pause_reading()
        peer.send(read("big.bin", 0, 5 * MIB) * 10)
        await until(lambda: OpenRange.opened == 10)
        leave(peer)
        await until(lambda: not served.server.connections() and not OpenRange.opened)
    assert not served.files.receipts_kept


async def test_a_file_that_became_shorter_is_never_padded(served):
    served.files.slow = True
    peer = await served.connect()
    peer.send(read("big.bin", 0, 5 * MIB))
    await until(lambda: bool(served.files.due))
    served.files.settle()
    os.truncate(served.files.root / "big.bin", MIB)
    assert await peer.rest() == bulk(BIG[: 5 * MIB])[: MIB + len(b"$5242880\r\n")]


async def test_pushes_stand_whole_between_ranges_and_none_is_lost(served):
    follower, speaker = await served.connect(), await served.connect()
    follower.send(encode("HELLO", "3") + encode("FOLLOW"))
    assert (await follower.lines(1))[0].startswith("%")
    speaker.send(encode("NAME", "ann"))
    await speaker.lines(2)
    follower.send(b"".join(read("big.bin", at, 200_000) for at in range(0, 5 * MIB, 200_000)))
    for number in range(300):
        speaker.send(encode("SAY", f"word{number}."))
        if number % 20 == 0:
            await asyncio.sleep(0)
    follower.send(encode("PING"))
    await speaker.lines(300)
    stream, words = b"", []
    while len(words) < 300 or b"+PONG\r\n" not in stream:
        async with asyncio.timeout(5):
            stream += await follower.reader.read(1 << 20)
        words = re.findall(rb"\$\d+\r\n(word\d+\.)\r\n", stream)
    assert words == [b"word%d." % number for number in range(300)]
    ranges = [BIG[at : at + 200_000] for at in range(0, 5 * MIB, 200_000)]
    places = [stream.index(bulk(data)) for data in ranges]
    assert places == sorted(places)


async def test_who_fetched_a_file_to_its_end_is_told_and_what_is_under_way_is_shown(served):
    peer = await served.connect()
    peer.send(encode("NAME", "ann") + read("big.bin", 0, 3 * MIB))
    await peer.lines(3)
    await peer.reader.readexactly(3 * MIB + 2)
    (connection,) = served.server.door.connections
    under_way = partial(served.server.transfers.lines, connection.call)
    await until(lambda: [line.offset for line in under_way()] == [3 * MIB])
    (fetch,) = under_way()
    assert (fetch.direction, fetch.path, fetch.size, fetch.name) == ("get", "big.bin", len(BIG), "ann")
    peer.send(read("big.bin", 3 * MIB, 3 * MIB) + put(str(len(BIG))) + write(0, BIG) + encode("PING"))
    await peer.line()
    await peer.reader.readexactly(2 * MIB + 17 + 2)
    assert (await peer.lines(10))[-2:] == [f":{len(BIG)}", "+PONG"]
    (upload,) = under_way()
    assert (upload.direction, upload.path, upload.size, upload.name) == ("put", "new.bin", len(BIG), "ann")
    assert upload.offset == len(BIG)
    assert [(receipt.path, receipt.name) for receipt in served.files.receipts_kept] == [("big.bin", "ann")]
    peer.writer.close()
    await until(lambda: not under_way())


async def test_a_server_that_stops_lets_transfers_end(start):
    served = filled(await start(drain=5.0))
    peer, idle = await served.connect(), await served.connect()
    idle.send(encode("PING"))
    assert await idle.line() == "+PONG"
    peer.send(put(str(len(BIG) + 5)) + write(0, BIG))
    await peer.lines(9)
    stopping = asyncio.create_task(served.server.stop())
    await asyncio.sleep(0)
    idle.send(encode("PING"))
    peer.send(write(len(BIG), "small"))
    assert await peer.line() == f":{len(BIG) + 5}"
    served.server.transfers.ended(UPLOAD)
    await stopping
    assert await peer.rest() == b""
    with pytest.raises(ConnectionResetError):
        await idle.rest()


async def test_a_server_that_stops_cuts_what_takes_too_long(start):
    served = filled(await start(drain=0.1))
    fetching, depositing = await served.connect(), await served.connect()
    fetching.writer.transport.pause_reading()
    fetching.send(read("big.bin", 0, 5 * MIB) * 10)
    depositing.send(put() + write(0, BIG)[:MIB])
    await until(lambda: OpenRange.opened == 10 and (served.files.uploads / UPLOAD).exists())
    await served.server.stop()
    assert not OpenRange.opened
    assert await depositing.rest() == begun()


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


async def test_a_mistake_of_our_own_ends_one_transfer_and_lets_go_of_its_files(served, monkeypatch):
    def fail(*_: object) -> int:
        raise ZeroDivisionError

    peer = await served.connect()
    with monkeypatch.context() as patched:
        patched.setattr(os, "sendfile", fail)
        peer.send(read("big.bin", 0, 5 * MIB) * 3)
        head = b"$%d\r\n" % (5 * MIB)
        assert head.startswith(await peer.rest())
        await until(lambda: not OpenRange.opened)
        patched.setattr(OpenUpload, "take", fail)
        peer = await served.connect()
        peer.send(put() + write(0, BIG))
        assert (await peer.rest()).startswith(begun() + b"-ERR protocol: a WRITE was cut short")
        await until(lambda: not OpenUpload.opened)
    assert [type(error) for error in served.console.reports] == [ZeroDivisionError] * 2
    peer = await served.connect()
    peer.send(read("big.bin", 0, 5 * MIB) + encode("BYE"))
    assert await peer.rest() == bulk(BIG[: 5 * MIB]) + b"+OK\r\n"


async def test_without_a_descriptor_more_a_transfer_ends_alone_and_nothing_stays_open(served, monkeypatch):
    def crowded(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    fetching, depositing, other = [await served.connect() for _ in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(os, "dup", crowded)
        fetching.send(read("big.bin", 0, 5 * MIB) * 3)
        depositing.send(put() + write(0, BIG) + encode("PING"))
        other.send(encode("STAT", "none") + encode("PING"))
        assert await fetching.rest() == b""
        assert await depositing.reader.readexactly(len(begun())) == begun()
        assert (await depositing.line()).startswith("-UNAVAILABLE the server has too many files open")
        assert await depositing.line() == "+PONG"
        assert (await other.lines(2))[1] == "+PONG"
        assert not OpenRange.opened
        assert not OpenUpload.opened
    depositing.send(write(0, BIG) + encode("BYE"))
    assert await depositing.rest() == b":%d\r\n+OK\r\n" % len(BIG)
