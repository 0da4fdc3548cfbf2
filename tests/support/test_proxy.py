"""The proxy of the tests does to a connection what it is told to, and leaves nothing behind."""

import asyncio
import math
import random

import pytest

from tests.support import proxy as module
from tests.support.proxy import NONE, Proxy, Trouble
from tests.support.stage import soon

DATA = random.Random(0).randbytes(20_000)


class Peer:
    """A server behind the proxy: what each connection said, in the order of their coming, and its end."""

    def __init__(self):
        self.said = []
        self.ends = []
        self.answer = b""
        self.end = None
        self.port = 0

    async def accept(self, reader, writer):
        said, end = bytearray(), asyncio.Event()
        self.said.append(said)
        self.ends.append(end)
        try:
            writer.write(self.answer)
            while data := await reader.read(1 << 16):
                said += data
                writer.write(data)
                if self.end is not None:
                    self.end(writer)
                    break
        except OSError:
            pass
        finally:
            writer.close()
            end.set()


@pytest.fixture
async def peer():
    """It says back what it hears, after its answer."""
    made = Peer()
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    for end in made.ends:
        await soon(end.wait())


async def rest(reader):
    """What still comes, and how it ends: with FIN or RST."""
    came = bytearray()
    try:
        while data := await soon(reader.read(1 << 16)):
            came += data
    except ConnectionResetError:
        return bytes(came), "RST"
    return bytes(came), "FIN"


async def visit(proxy, data=DATA):
    """Say it all to the server through a proxy; return what comes, and how it ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(data)
    try:
        return await rest(reader)
    finally:
        writer.transport.abort()


async def test_without_trouble_all_passes_in_both_directions(peer):
    peer.answer = b"welcome"
    async with Proxy("127.0.0.1", peer.port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        for _ in range(3):
            writer.write(DATA)
        assert await soon(reader.readexactly(7 + 60_000)) == b"welcome" + 3 * DATA
        writer.close()
        await soon(peer.ends[0].wait())
        assert peer.said == [3 * DATA]
        assert (proxy.connections, proxy.cuts, proxy.repeats) == (1, 0, 0)
        assert (proxy.up, proxy.down) == (60_000, 60_007)


async def test_a_cut_upwards_lets_no_more_pass_than_it_says(peer):
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(upwards=5_000)) as proxy:
        for count in range(1, 21):
            came, _ = await visit(proxy)
            assert DATA.startswith(came)
            assert proxy.cuts == count
    assert len(peer.said) == 20
    assert all(len(said) <= 5_000 and DATA.startswith(said) for said in peer.said)
    assert len({len(said) for said in peer.said}) > 5, "the dice decide where"


async def test_a_cut_downwards_lets_no_more_pass_than_it_says(peer):
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(downwards=5_000)) as proxy:
        came = [(await visit(proxy))[0] for _ in range(20)]
        assert proxy.cuts == 20
    assert all(len(each) <= 5_000 and DATA.startswith(each) for each in came)
    assert len({len(each) for each in came}) > 5


async def test_connections_end_in_both_ways(peer):
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(downwards=0)) as proxy:
        ends = {(await visit(proxy, b""))[1] for _ in range(30)}
    assert ends == {"FIN", "RST"}


@pytest.mark.parametrize("end", [asyncio.StreamWriter.close, module.reset])
async def test_when_the_server_ends_so_does_the_connection_and_that_is_no_cut(peer, end):
    peer.end = end
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(upwards=1e9, repeated=1.0)) as proxy:
        assert (await visit(proxy, b"bye"))[0] in (b"bye", b"")
        assert (proxy.connections, proxy.cuts, proxy.repeats) == (1, 0, 0)


async def test_what_was_said_before_a_cut_is_said_once_more(peer):
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(upwards=5_000, fragment=100, repeated=1.0)) as proxy:
        for count in range(1, 6):
            await visit(proxy)
            while len(peer.ends) < 2 * count:
                await soon(asyncio.sleep(0.001))
            await soon(peer.ends[-1].wait())
            assert proxy.repeats == count
            assert peer.said[-1].startswith(peer.said[-2]), "a reset may have eaten the end of the first"
            assert DATA.startswith(peer.said[-1])
    assert any(peer.said)


async def test_nothing_is_repeated_unless_told(peer):
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(upwards=5_000)) as proxy:
        for _ in range(10):
            await visit(proxy)
        assert (proxy.cuts, proxy.repeats) == (10, 0)
    assert len(peer.said) == 10


async def test_the_server_hears_of_a_cut_later(peer):
    trouble = Trouble(upwards=5_000, lingering=1e6)  # that it is less than a second: one in a million
    async with Proxy("127.0.0.1", peer.port, 1, trouble) as proxy:
        await visit(proxy)
        assert proxy.cuts == 1
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
        for _ in range(5):  # so the server has had its turn
            writer.write(b"x")
            assert await soon(reader.readexactly(1)) == b"x"
        writer.transport.abort()
        assert not peer.ends[0].is_set()
    await soon(peer.ends[0].wait())


async def test_trouble_that_changes_is_that_of_the_next_connection(peer):
    async with Proxy("127.0.0.1", peer.port, 1, Trouble(upwards=0)) as proxy:
        assert (await visit(proxy))[0] == b""
        proxy.trouble = NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one")
        assert await soon(reader.readexactly(3)) == b"one"
        proxy.trouble = Trouble(upwards=0)
        writer.write(b"two")
        assert await soon(reader.readexactly(3)) == b"two"
        assert proxy.cuts == 1
        writer.transport.abort()


class Pieces:
    """Where a pump writes to: the pieces as they come."""

    def __init__(self):
        self.pieces = []

    def write(self, data):
        self.pieces.append(data)

    async def drain(self):
        """Never full."""


def pouring(data):
    """A stream with all of this in it, and its end."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize("most,fragment", [(1, 1), (7, 7), (30_000, 1 << 16)])
async def test_fragments(most, fragment):
    proxy, out = Proxy("127.0.0.1", 1, seed=1), Pieces()
    assert await proxy._pump(pouring(DATA), out, Trouble(fragment=fragment), 1e9) is False
    assert b"".join(out.pieces) == DATA
    sizes = {len(piece) for piece in out.pieces}
    assert max(sizes) <= most
    if fragment < 100:
        assert sizes == set(range(1, fragment + 1)), "all sizes there are"


async def test_a_delay_before_each_piece(monkeypatch):
    out, slept, sleep = Pieces(), [], asyncio.sleep

    async def note(seconds):
        slept.append((seconds, len(out.pieces)))
        await sleep(0)

    monkeypatch.setattr(module.asyncio, "sleep", note)
    proxy = Proxy("127.0.0.1", 1, seed=1)
    await proxy._pump(pouring(DATA), out, Trouble(fragment=500, delay=0.5), 1e9)
    assert [before for _, before in slept] == list(range(len(out.pieces))), "one before each"
    assert all(0 <= seconds <= 0.5 for seconds, _ in slept)
    assert max(seconds for seconds, _ in slept) > 0.25
    slept.clear()
    await proxy._pump(pouring(DATA), Pieces(), NONE, 1e9)
    assert slept == []


def fates(seed):
    dice = random.Random(seed)
    return [module._limit(dice, 1_000) for _ in range(20)]


def test_one_seed_has_one_fate():
    assert fates(1) == fates(1) != fates(2)
    assert all(0 <= each <= 1_000 for each in fates(1))


def test_an_early_cut_comes_within_the_first_requests():
    dice = random.Random(1)
    limits = [module._limit(dice, 1_000_000, early=True) for _ in range(50)]
    assert max(limits) <= module.EARLY < 1_000_000
    assert module._limit(dice, 100, early=True) <= 100
    assert module._limit(dice, math.inf, early=True) == math.inf


# --- the end --------------------------------------------------------------------------------------


async def test_the_end_ends_all_connections_and_tasks(peer):
    before = asyncio.all_tasks()
    async with Proxy("127.0.0.1", peer.port) as proxy:
        streams = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(5)]
        for reader, writer in streams:
            writer.write(b"x")
            assert await soon(reader.readexactly(1)) == b"x"
    for end in peer.ends:
        await soon(end.wait())
    for reader, writer in streams:
        assert (await rest(reader))[0] == b""
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
    assert proxy._tasks == {}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)


async def test_the_end_ends_a_connection_that_just_came(peer):
    """Its task is cancelled before it begins, so it cannot close anything itself."""
    streams = asyncio.Queue()
    server = await asyncio.start_server(lambda *pair: streams.put_nowait(pair), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    accepted = await soon(streams.get())
    async with Proxy("127.0.0.1", peer.port) as proxy:
        proxy._accept(*accepted)
    assert await rest(reader) == (b"", "RST")
    assert peer.said == []
    writer.transport.abort()
    server.close()


async def test_a_server_that_is_not_there_resets_the_client(unused_tcp_port):
    async with Proxy("127.0.0.1", unused_tcp_port) as proxy:
        assert await visit(proxy, b"") == (b"", "RST")
        assert proxy.cuts == 0
