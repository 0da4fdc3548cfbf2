"""The client library over a network that breaks, to a server that is killed: nothing lost, doubled or moved.

`python3 dev.py faults client` does the same at full size.
"""

import asyncio

from faults.client import cut, kill
from portico import AsyncClient
from tests.support.proxy import Proxy, Trouble


async def test_a_connection_that_is_cut_again_and_again(serve):
    server = serve(max_clients=50)
    result = await cut(server.port, says=600, cuts=60, seed=1)
    assert result.account.acknowledged >= 600
    assert result.breaks >= 60
    assert result.repeats > 0
    assert result.sound, str(result)


async def test_a_server_that_is_killed_again_and_again(serve):
    server = serve(max_clients=50)
    result = await kill(server, kills=10, seed=1)
    assert result.account.acknowledged > 0
    assert result.breaks == 10
    assert result.sound, str(result)


async def test_a_network_that_is_slow_and_splits_everything(serve):
    server = serve()
    trouble = Trouble(fragment=7, delay=0.001)
    async with (
        Proxy("127.0.0.1", server.port, 1, trouble) as proxy,
        AsyncClient(f"127.0.0.1:{proxy.port}", name="ann") as client,
    ):
        events = client.events(since=0)
        assert await asyncio.gather(*[client.say(f"+{number}") for number in range(30)]) == [*range(2, 32)]
        texts = [(await anext(events)).sender for _ in range(31)]
        assert texts == ["ann"] * 31
        await events.aclose()


async def test_everything_said_twice(serve):
    """All that a client sent comes to the server once more, over a connection of its own."""
    server = serve(max_clients=50)
    async with Proxy("127.0.0.1", server.port, 2, Trouble(upwards=2_000, repeated=1.0)) as proxy:
        async with AsyncClient(f"127.0.0.1:{proxy.port}") as client:
            numbers = [await client.say(str(number), sender="bot") for number in range(100)]
            first = await client.join("ann")
            numbers += [await client.say(str(number)) for number in range(100, 200)]
        assert first == "ann"
        assert proxy.repeats > 3
    async with AsyncClient(f"127.0.0.1:{server.port}") as reader:
        said = await reader.history(since=0, count=1_000, kind="message")
    assert [entry.text for entry in said] == [str(number) for number in range(200)]
    assert [entry.seq for entry in said] == numbers


async def test_erasing_renaming_and_telling_over_a_bad_line(serve):
    server = serve(max_clients=50)
    async with (
        AsyncClient(f"127.0.0.1:{server.port}", name="bob") as bob,
        Proxy("127.0.0.1", server.port, 3, Trouble(upwards=700, downwards=2_000, lingering=0.02)) as proxy,
        AsyncClient(f"127.0.0.1:{proxy.port}") as client,
    ):
        for number in range(25):
            seq = await client.say("a secret", key=f"secret {number}")
            await client.erase(seq)
            assert await client.join(f"ann{number}") == client.name == f"ann{number}"
            told = await client.tell("bob", str(number))
            assert [entry.seq for entry in await bob.history(kind="message", count=1)] == [told]
        assert proxy.cuts > 5
        letters = [entry.text for entry in await bob.history(kind="message", count=1_000)]
        assert letters == [str(number) for number in range(25)]
        assert len(await bob.history(kind="erased", count=1_000)) == 25
