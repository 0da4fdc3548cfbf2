"""Transfers over a network that breaks, to a server that is killed, by commands that are killed.

`python3 dev.py faults files` does the same at full size.
"""

import asyncio
import random

import pytest

from faults import contents, tree
from faults.contents import KIB, MIB
from faults.transfers import Place, Tally, connected, cut, hold_against_log, kill, kill_commands
from faults.watcher import watching


@pytest.fixture(autouse=True)
def uploads_of_its_own(monkeypatch, tmp_path):
    """What clients remember of their uploads; `Place.under` names the folder, and this makes it forgotten."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def test_connections_that_are_cut_again_and_again(serve, tmp_path):
    tally = await cut(serve(max_clients=50, quiet=True), tmp_path, cuts=200, seed=1, largest=4 * MIB)
    assert tally.breaks >= 200
    assert tally.seen.files > 10
    assert tally.sound, str(tally)


async def test_a_server_that_is_killed_again_and_again(serve, tmp_path):
    tally = await kill(serve(max_clients=50, quiet=True), tmp_path, kills=6, seed=1)
    assert tally.breaks == 6
    assert tally.sound, str(tally)


async def test_commands_that_are_killed_go_on_where_they_were(serve, tmp_path):
    tally = await kill_commands(serve(quiet=True), tmp_path, kills=4, seed=1)
    assert tally.breaks == 4
    assert tally.sound, str(tally)


async def test_a_hundred_clients_at_once(serve, tmp_path):
    server = serve(max_clients=50, quiet=True)
    place, tally = Place.under(tmp_path), Tally()
    shared = contents.make(server.directory, MIB, random.Random(0))

    async def one(number):
        dice = random.Random(number)
        file = contents.make(place.outbox, dice.randint(0, 100 * KIB), dice)
        target = place.target / str(number) / shared.name
        target.parent.mkdir()
        async with connected(server.port) as client:
            await asyncio.gather(client.put(file, file.name), client.get(shared.name, target))
        tally.deposits[file.name] = contents.size_of(file)
        assert not contents.wrong(target)

    await asyncio.gather(*map(one, range(100)))
    await hold_against_log(server.port, tally)
    assert len(tally.deposits) == 100
    assert not tally.mistakes, tally.mistakes


@pytest.mark.slow
def test_a_real_tree_there_and_back(serve, tmp_path):
    copied = tree.copy_there_and_back(serve(quiet=True), tmp_path, files=600)
    assert copied.files == 600
    assert copied.sound, str(copied)


def test_the_watcher_sees_what_is_not_whole(tmp_path):
    whole = contents.make(tmp_path, 1_000, random.Random(1))
    shorter = contents.make(tmp_path, 2_000, random.Random(2))
    other = contents.make(tmp_path, 3_000, random.Random(3))
    shorter.write_bytes(shorter.read_bytes()[:-1])
    other.write_bytes(bytes(3_000))
    (tmp_path / f"{whole.name}.part").write_bytes(b"of no interest")
    with watching(tmp_path) as seen:
        pass
    assert seen.looks > 0
    assert seen.files == 3
    # At each look, and there may be several.
    assert {what.partition("... ")[2] for what in seen.partial} == {
        "has 1,999 of 2,000 bytes",
        "has other bytes",
    }


async def test_what_the_log_and_the_deposits_do_not_agree_on_is_a_mistake(serve, tmp_path):
    server, place = serve(), Place.under(tmp_path)
    file = contents.make(place.outbox, 10, random.Random(1))
    async with connected(server.port) as client:
        await client.put(file, file.name)
        await client.put(file, "other.bin")
    tally = Tally(deposits={file.name: 10, "other.bin": 11, "nowhere.bin": 3})
    await hold_against_log(server.port, tally)
    assert tally.mistakes == [
        "other.bin is not listed as it is",
        "nowhere.bin stands 0 times in the log",
        "nowhere.bin is not listed as it is",
        "other.bin is told of as another file",
    ]
    tally = Tally(deposits={file.name: 10})
    await hold_against_log(server.port, tally)
    assert tally.mistakes == ["other.bin is in the log and was not deposited"]
