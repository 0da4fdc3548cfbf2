"""Files that change while fetched, a disk that fills, a server that ends: nothing is half or mixed."""

import asyncio
import contextlib
import random

import pytest

from faults import contents
from faults.contents import KIB, MIB
from faults.transfers import Place, Tally, connected, hold_against_log
from portico.model.errors import NoSpace, PorticoError
from tests.faults.machines import small_disk
from tests.support.proxy import Proxy, Trouble

BLOCK = 4 * KIB
SLOW = Trouble(delay=0.002)


@pytest.fixture(autouse=True)
def uploads_of_its_own(monkeypatch, tmp_path):
    """What clients remember of their uploads; `Place.under` names the folder, and this makes it forgotten."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def grow(file, number):
    """Appends; what it had stays as it was."""
    with file.open("ab") as content:
        content.write(b"g" * (MIB if number == 0 else 10 * BLOCK))


def shorten(file, number):
    """Shortens, and makes it long anew with other bytes."""
    with file.open("r+b" if number else "wb") as content:
        content.truncate(0)
        content.write(bytes([number % 251]) * (MIB + BLOCK * (number % 50)))


def rewrite(file, number):
    """Puts another file of the same size in its place."""
    new = file.with_name(".new")
    new.write_bytes(bytes([number % 251]) * (2 * MIB))
    new.replace(file)


def is_of_one_content(file):
    """Whether it was fetched as it was at one moment; each content is one byte, again and again."""
    return len(set(file.read_bytes())) == 1


@pytest.mark.parametrize("change", [grow, shorten, rewrite])
async def test_a_file_that_changes_while_it_is_fetched(serve, tmp_path, change):
    """It comes as it was at one moment, or not at all; and once it is still, as it is."""
    server, target = serve(quiet=True), tmp_path / "target.bin"
    file = server.directory / "changing.bin"
    change(file, 0)

    async def keep_changing():
        for number in range(1, 1_000):
            await asyncio.sleep(0.02)
            change(file, number)

    async with Proxy("127.0.0.1", server.port, 1, SLOW) as proxy, connected(proxy.port) as client:
        changing = asyncio.ensure_future(keep_changing())
        for _ in range(2):
            with contextlib.suppress(PorticoError):
                await client.get(file.name, target)
                # Shortened in place it may be caught between two contents: then it is all of what was there.
                assert is_of_one_content(target) or change is shorten
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)
        await client.get(file.name, target)
    assert target.read_bytes() == file.read_bytes()


async def test_a_disk_that_is_full_and_freed(serve, tmp_path):
    place, tally, dice = Place.under(tmp_path), Tally(), random.Random(1)
    with small_disk(tmp_path / "disk", "160m") as disk:
        ballast = disk / ".ballast"
        ballast.write_bytes(bytes(80 * MIB))
        server = serve(disk, quiet=True)
        async with connected(server.port) as client:
            refused = ""
            while not refused:
                file = contents.make(place.outbox, 4 * MIB, dice)
                tally.deposits[file.name] = 4 * MIB
                try:
                    await client.put(file, file.name)
                except NoSpace as error:
                    refused = str(error)
            assert len(refused.split()) > 3
            await client.ping()
            ballast.unlink()
            await client.put(file, file.name)
            for name in tally.deposits:
                await client.get(name, place.target / name)
                assert not contents.wrong(place.target / name)
        await hold_against_log(server.port, tally)
        server.stop()
    assert not tally.mistakes, tally.mistakes


async def both_ways(client, there, here, target):
    """A fetch and a deposit at the same time."""
    await asyncio.gather(client.get(there.name, target), client.put(here, here.name))


@pytest.mark.parametrize(
    "size", [pytest.param(2 * MIB, id="ends in time"), pytest.param(48 * MIB, id="is cut")]
)
async def test_a_server_that_is_to_end_gives_transfers_their_time(serve, tmp_path, size):
    """What is finished within `--drain` is finished; the rest goes on when it is back."""
    server = serve(drain=2, quiet=True)
    place, dice = Place.under(tmp_path), random.Random(2)
    there, here = contents.make(server.directory, size, dice), contents.make(place.outbox, size, dice)
    target = place.target / there.name
    async with Proxy("127.0.0.1", server.port, 1, SLOW) as proxy, connected(proxy.port) as client:
        moving = asyncio.ensure_future(both_ways(client, there, here, target))
        while proxy.up < size // 8 or proxy.down < size // 8:  # noqa: ASYNC110 - numbers
            await asyncio.sleep(0.005)
        assert await asyncio.to_thread(server.terminate) == 0
        await asyncio.to_thread(server.restart)
        await moving
        again = proxy.up + proxy.down - 2 * size
    assert not contents.wrong(target)
    assert not contents.wrong(server.directory / here.name)
    assert again < 4 * MIB, "it went on where it was"
    tally = Tally(deposits={here.name: size})
    await hold_against_log(server.port, tally)
    assert not tally.mistakes, tally.mistakes
