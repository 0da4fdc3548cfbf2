"""The client for asyncio against a real server in the same process: what works, and what breaks."""

import asyncio
import inspect

import pytest

from portico import AsyncClient
from portico.commands.table import TABLE
from portico.model.entries import ErasedMessage, Message, Presence
from portico.model.errors import (
    BadName,
    Denied,
    Full,
    Gone,
    KeyReused,
    Lost,
    NameTaken,
    NotFound,
    PorticoError,
    TimedOut,
    TooBig,
)
from tests.client.conftest import address, break_off
from tests.server.conftest import until

PLUMBING = {
    "FOLLOW": "events",
    "QUIET": "events",
    "NAME": "join",
    "BYE": "close",
    "QUIT": "close",
    "AUTH": "the token of AsyncClient",
    "CLIENT": "for other libraries",
    "SELECT": "for other libraries",
    "CONFIG": "for other libraries",
    "COMMAND": "for other libraries",
    "READ": "get",
    "WRITE": "put",
    "FINISH": "put",
    "CANCEL": "put",
    "MULTI": "not offered",
    "EXEC": "not offered",
    "DISCARD": "not offered",
}
"""Commands that have no method of their own name, and what they are for instead."""


# --- the surface ----------------------------------------------------------------------------------


def test_every_command_is_a_method_or_known_plumbing():
    names = {command.name for command in TABLE}
    methods = {name.upper() for name, _ in inspect.getmembers(AsyncClient, inspect.isfunction)}
    assert names - methods - set(PLUMBING) == set()
    assert not set(PLUMBING) & methods, "what has a method is no plumbing"


def test_every_method_says_what_it_does():
    for name, method in inspect.getmembers(AsyncClient, inspect.isfunction):
        if not name.startswith("_"):
            assert method.__doc__, name
            assert inspect.signature(method).return_annotation is not inspect.Signature.empty


# --- one after another ----------------------------------------------------------------------------


async def test_a_visit(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as visitor:
        assert (ann.name, visitor.name) == ("ann", None)
        seq = await ann.say("Hello")
        assert await visitor.say("from a bot", sender="bot") == seq + 1
        assert visitor.name is None
        assert [(e.sender, e.text) for e in await visitor.history(kind="message")] == [
            ("ann", "Hello"),
            ("bot", "from a bot"),
        ]
        (line,) = await visitor.status(online=True)
        assert (line.name, line.disconnected) == ("ann", None)
        assert [file.path for file in await visitor.list()] == ["tester1.txt"]
        assert (await visitor.stat("tester1.txt")).size == 4
        assert await visitor.echo("+x") == "+x"
        assert await ann.ping() < 5
        assert "portico" in await ann.info()
        assert any(line.startswith("SAY") for line in await ann.help())
        assert await ann.call("PING") == "PONG"
        assert (await visitor.hello())["clients"] == 1
    await until(lambda: any(getattr(e, "change", "") == "left" for e in served.console.told))


async def test_the_first_message_joins(start):
    served = await start()
    async with AsyncClient(address(served)) as client:
        assert await client.say("Hello") == 2
        assert client.name == "Client1"


async def test_telling(start):
    served = await start()
    async with (
        AsyncClient(address(served), name="ann") as ann,
        AsyncClient(address(served), name="bob") as bob,
        AsyncClient(address(served), name="eve") as eve,
    ):
        seq = await ann.tell("bob", "psst")
        (entry,) = await bob.history(kind="message")
        assert (entry.seq, entry.sender, entry.to, entry.text) == (seq, "ann", "bob", "psst")
        assert await eve.history(kind="message") == []
        with pytest.raises(NotFound):
            await ann.tell("nobody", "psst")


async def test_erasing(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as bob:
        seq = await ann.say("secret")
        events = bob.events(since=seq - 1)
        assert (await anext(events)).text == "secret"
        with pytest.raises(Denied):
            await bob.erase(seq)
        await ann.erase(seq)
        await ann.erase(seq)
        await events.aclose()
        kept = await bob.history(since=seq - 1, count=1)
        assert [(type(entry), entry.seq) for entry in kept] == [(ErasedMessage, seq)]
        with pytest.raises(NotFound):
            await ann.erase(1_000)


async def test_a_key_says_it_once(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as bob:
        seq = await ann.say("x", key="k")
        assert await ann.say("x", key="k") == seq
        assert await bob.say("x", key="k", sender="bot") == seq
        with pytest.raises(KeyReused):
            await ann.say("y", key="k")


async def test_many_at_once(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann:
        numbers = await asyncio.gather(*[ann.say(str(n)) for n in range(1_500)])
        assert numbers == list(range(2, 1_502))
        mixed = await ann.say_many(["a", "", "b"])
        assert (mixed[0], mixed[2]) == (1_502, 1_503)
        assert isinstance(mixed[1], PorticoError)
        assert await ann.call_many([["ECHO", "x"], ["PING"]]) == ["x", "PONG"]


async def test_waiting_for_history(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as bob:
        head = (await bob.hello())["head"]
        waiting = asyncio.ensure_future(bob.history(since=head, wait=30))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await ann.say("there")
        assert [entry.text for entry in await waiting] == ["there"]
        assert await bob.history(since=head + 1, wait=0.01) == []


async def test_who_waits_for_history_holds_up_nobody_and_gets_the_kind_it_wants(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann:
        head = (await ann.hello())["head"]
        waiting = asyncio.ensure_future(ann.history(since=head, kind="erased", wait=30))
        seq = await ann.say("on the same connection")
        await ann.erase(seq)
        (erased,) = await waiting
        assert (erased.kind, erased.sender) == ("erased", "ann")
        assert await ann.history(kind="file", wait=0.01) == []


@pytest.mark.parametrize("words", [["FOLLOW"], [b"quiet"], ["HELLO", 2], ["bye"]])
async def test_what_the_client_says_itself_nobody_else_says(start, words):
    served = await start()
    async with AsyncClient(address(served)) as client:
        with pytest.raises(PorticoError, match="is said by the client itself; use "):
            await client.call(*words)
        with pytest.raises(PorticoError, match="is said by the client itself; use "):
            await client.call_many([["PING"], words])
        assert await client.call("ping") == "PONG"


# --- names and places -----------------------------------------------------------------------------


async def test_joining_and_renaming(start):
    served = await start()
    async with AsyncClient(address(served)) as client:
        assert await client.join() == "Client1"
        assert await client.join() == "Client1"
        assert await client.join("ann") == "ann"
        assert client.name == "ann"
        break_off(client)
        assert await client.say("x")
        assert (client.name, (await client.hello())["name"]) == ("ann", "ann")
        assert [line.name for line in await client.status()] == ["ann"]


async def test_who_joins_while_a_message_joins_gets_the_name_asked_for(start):
    served = await start()
    async with AsyncClient(address(served)) as client:
        seqs = await asyncio.gather(client.say("x"), client.say("y"), client.join("ann"), client.say("z"))
        assert seqs[2] == "ann"
        assert client.name == "ann"
        texts = [entry.text for entry in await client.history(kind="message")]
        assert texts == ["x", "y", "z"]


async def test_asking_about_the_server_while_joining_forgets_no_name(start):
    served = await start()
    async with AsyncClient(address(served)) as client:
        await asyncio.gather(client.hello(), client.join("ann"), client.hello())
        assert client.name == "ann"


async def test_refused_names(start):
    served = await start(max_clients=2)
    full = await start(max_clients=1)
    async with AsyncClient(address(served), name="ann"), AsyncClient(address(full), name="ann"):
        for where, name, kind in [
            (served, "ann", NameTaken),
            (served, "x:y", BadName),
            (full, "bob", Full),
        ]:
            with pytest.raises(kind):
                await AsyncClient(address(where), name=name).connect()
            async with AsyncClient(address(where)) as visitor:
                with pytest.raises(kind):
                    await visitor.join(name)
                assert visitor.name is None
                assert await visitor.ping() < 5
        async with AsyncClient(address(full)) as visitor:
            refused = await asyncio.gather(*[visitor.say("x") for _ in range(3)], return_exceptions=True)
            assert [type(each) for each in refused] == [Full] * 3


# --- what cannot be -------------------------------------------------------------------------------


async def test_what_no_server_would_take(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as client:
        for text, kind in [("x" * 70_000, PorticoError), ("x" * 2_000_000, TooBig), ("\ud800", PorticoError)]:
            with pytest.raises(kind):
                await client.say(text)
        with pytest.raises(PorticoError):
            await client.call()
        assert await client.echo("still here") == "still here"


def answering(answer: bytes):
    async def handle(reader, writer):
        await reader.read(1)
        writer.write(answer)
        await reader.read()

    return handle


async def test_a_client_that_is_not_connected():
    client = AsyncClient("127.0.0.1:1")
    assert client.name is None
    await client.close()
    with pytest.raises(PorticoError, match="not connected"):
        await client.say("x")


async def test_a_client_that_is_closed(start):
    served = await start()
    client = await AsyncClient(address(served), name="ann").connect()
    events = client.events(since=0)
    await anext(events)
    waiting = [asyncio.ensure_future(work) for work in (anext(events), client.history(since=1, wait=30))]
    await asyncio.sleep(0.05)
    await client.close()
    await client.close()
    for each in await asyncio.gather(*waiting, return_exceptions=True):
        assert type(each) is Lost
    for work in (client.say("x"), client.join("bob"), client.connect(), client.say_many(["x"])):
        with pytest.raises(Lost):
            await work


async def test_connecting_twice_at_once_is_one_connection(start):
    served = await start()
    client = AsyncClient(address(served), name="ann")
    await asyncio.gather(client.connect(), client.connect())
    assert len(await client.status()) == 1
    await client.close()


async def test_closing_while_connecting(pretending):
    address = await pretending(answering(b""))
    client = AsyncClient(address)
    connecting = asyncio.ensure_future(client.connect())
    await asyncio.sleep(0.05)
    await client.close()
    with pytest.raises(Lost):
        await connecting


async def test_nothing_is_left_behind(start):
    served = await start()
    before = asyncio.all_tasks()
    for cancelled in (False, True):
        client = AsyncClient(address(served), name="ann")
        connecting = asyncio.ensure_future(client.connect())
        if cancelled:
            await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        else:
            await connecting
            transport = client._core._link._transport
            await client.close()
            assert transport.is_closing()
            assert client._core._link._transport is None
            await until(lambda: bool(served.console.told) and served.console.told[-1].change == "left")
    await until(lambda: asyncio.all_tasks() <= before)


# --- time -----------------------------------------------------------------------------------------


async def test_no_place_in_time(start):
    """Also joining ends after the time, though the server is away."""
    served = await start()
    async with AsyncClient(address(served), timeout=0.2) as client:
        await served.server.stop()
        for work in (client.say("x"), client.join("ann"), client.ping()):
            with pytest.raises(TimedOut):
                await work
        assert client._core.conversation.unanswered == 0, "nobody waits for these any more"


# --- breaks ---------------------------------------------------------------------------------------


async def test_it_comes_back_as_the_same_session(start):
    served = await start()
    lost, back = [], []
    async with AsyncClient(
        address(served), name="ann", on_lost=lost.append, on_back=lambda: back.append(1)
    ) as client:
        for number in range(3):
            break_off(client)
            assert await client.say(str(number))
        await until(lambda: len(back) == 3)
        assert len(lost) == 3
        assert [line.name for line in await client.status()] == ["ann"]


async def test_a_name_that_ones_own_ghost_holds(start):
    """A join whose answer was lost, over a connection the server still believes in."""
    served = await start()
    hole = asyncio.Event()

    async def handle(reader, writer):
        up_reader, up = await asyncio.open_connection(*served.server.address[:2])
        try:
            up.write(await reader.readuntil(b"3\r\n"))
            writer.write(await up_reader.read(9_999))
            up.write(await reader.read(9_999))  # the join, and nobody hears the answer
            await up_reader.read(1)
            writer.transport.abort()
            await hole.wait()
        finally:
            up.close()

    relay = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = relay.sockets[0].getsockname()[1]
    async with AsyncClient(f"127.0.0.1:{port}") as client:
        joining = asyncio.ensure_future(client.join("ann"))
        await until(lambda: client._core.conversation.joined_unknowingly)
        client._core._link._address = type(client.address)(*served.server.address[:2])
        await asyncio.sleep(0.3)
        assert not joining.done(), "it is still taken, perhaps by ourselves"
        hole.set()
        async with asyncio.timeout(10):
            assert await joining == "ann"
    relay.close()


# --- cancellation ---------------------------------------------------------------------------------


WORK = [
    lambda client: client.say("x"),
    lambda client: client.say("x", sender="bot"),
    lambda client: client.say_many(["x", "y"]),
    lambda client: client.join("ann"),
    lambda client: client.hello(),
    lambda client: client.history(wait=30, since=0, kind="erased"),
    lambda client: client.status(),
    lambda client: client.list(),
    lambda client: client.ping(),
    lambda client: anext(client.events()),
    lambda client: anext(client.events(since=0)),
]


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("broken", [False, True])
async def test_who_is_cancelled_leaves_a_usable_client(start, work, broken):
    served = await start()
    async with AsyncClient(address(served)) as client:
        for turns in range(6):
            task = asyncio.ensure_future(work(client))
            for _ in range(turns):
                await asyncio.sleep(0)
            if broken:
                break_off(client)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        break_off(client)
        assert await client.echo("usable") == "usable"
        assert await client.say("said")
        assert (await client.history(kind="message"))[-1].text == "said"


async def test_closing_that_is_cancelled_closes(start):
    served = await start()
    client = await AsyncClient(address(served), name="ann").connect()
    closing = asyncio.ensure_future(client.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    with pytest.raises(Lost):
        await client.say("x")
    await until(lambda: not served.server.room.state.open_sessions())


# --- events ---------------------------------------------------------------------------------------


async def take(events, count):
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]


async def test_events_from_the_beginning_and_from_now(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as bob:
        await ann.say("one")
        past = bob.events(since=0)
        joined, one = await take(past, 2)
        assert (type(joined), joined.change, type(one), one.text) == (Presence, "joined", Message, "one")
        now = bob.events()
        waiting = asyncio.ensure_future(anext(now))
        await asyncio.sleep(0.05)
        await ann.say("two")
        assert (await waiting).text == "two"
        assert [entry.text for entry in await take(past, 1)] == ["two"]
        await past.aclose()
        await now.aclose()
        again = bob.events(since=1)
        assert [entry.text for entry in await take(again, 2)] == ["one", "two"]
        await again.aclose()


async def test_several_readers_across_breaks(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as bob:
        readers = [bob.events(since=0) for _ in range(3)] + [ann.events(since=0)]
        reading = [asyncio.ensure_future(take(reader, 401)) for reader in readers]
        for number in range(20):
            await asyncio.gather(*[ann.say(f"{number} {each}") for each in range(20)])
            break_off(bob if number % 2 else ann)
        joins = []
        for entries in await asyncio.gather(*reading):
            numbers = [entry.seq for entry in entries]
            assert numbers == list(range(1, 402))
            joins.append([entry.seq for entry in entries if isinstance(entry, Presence)])
        for reader in readers:
            await reader.aclose()


async def test_a_slow_reader_in_a_busy_room(start, monkeypatch):
    monkeypatch.setattr("portico.client.feed.EVENTS_HELD", 50)
    served = await start()
    async with AsyncClient(address(served), name="ann") as ann, AsyncClient(address(served)) as bob:
        slow, quick = bob.events(since=0), bob.events(since=0)
        await take(slow, 1)
        seen = await take(quick, 1)
        readers = bob._core.feed._readers
        for _ in range(10):
            await ann.say_many([str(number) for number in range(200)])
            seen += await take(quick, 200)
            assert all(len(reader._buffer) <= 50 for reader in readers)
        assert [entry.seq for entry in seen] == list(range(1, 2_002))
        assert [entry.seq for entry in await take(slow, 2_000)] == list(range(2, 2_002))
        await slow.aclose()
        await quick.aclose()
        assert not readers


async def test_what_is_not_there(start):
    served = await start()
    async with AsyncClient(address(served)) as client:
        with pytest.raises(Gone):
            await take(client.events(since=1_000), 1)
        assert await client.ping() < 5


async def test_a_room_that_begins_anew(start):
    served = await start()
    async with AsyncClient(address(served), name="ann") as client:
        await client.say_many(["a", "b", "c"])
        events = client.events(since=3)
        assert (await take(events, 1))[0].seq == 4
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.05)
        other = await start()
        async with AsyncClient(address(other), name="eve") as eve:
            await eve.say_many(map(str, range(20)))
            client._core._link._address = type(client.address)(*other.server.address[:2])
            break_off(client)
            with pytest.raises(Gone, match="begins anew"):
                await waiting
            assert await client.say("here")
            assert [line.name for line in await eve.status()] == ["eve", "ann"]


async def test_who_speaks_while_connecting_joins_under_the_name_asked_for(start):
    served = await start()
    client = AsyncClient(address(served), name="ann")
    await asyncio.gather(client.connect(), client.say("x"))
    name = client.name
    await client.close()
    assert name == "ann"


@pytest.mark.parametrize("bad", ["\ud800", "x" * 2_000_000])
async def test_what_is_refused_here_stands_in_its_place(start, bad):
    served = await start()
    async with AsyncClient(address(served), name="ann") as client:
        one, refused, two = await client.say_many(["a", bad, "b"])
        assert (one, two) == (2, 3)
        assert isinstance(refused, PorticoError)
