"""The talk: in order, whatever is typed how fast, and over a server that is killed and started again."""

import asyncio
import shutil

import pytest

from portico import AsyncClient
from portico.client.prompt.talk import ASKED, Talk
from portico.model.errors import Lost, PorticoError


class Reader:
    """What one person sees."""

    def __init__(self, talk):
        self.texts = []
        self.news = asyncio.Event()
        talk.show = self.show

    def show(self, lines):
        self.texts += [line.text for line in lines]
        self.news.set()

    async def until(self, text):
        async with asyncio.timeout(10):
            while not any(text in each for each in self.texts):
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def join():
    """Joins a room: a talk that runs, and its reader."""
    begun = []

    async def begin(server, name=""):
        talk = Talk()
        client = AsyncClient(
            f"127.0.0.1:{server.port}",
            name=name,
            timeout=None,
            on_lost=talk.lost_it,
            on_back=talk.has_it_back,
        )
        await talk.join(client)
        reader = Reader(talk)
        running = asyncio.ensure_future(talk.run())
        begun.append((client, running))
        return talk, reader, running

    yield begin
    for client, running in begun:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()


async def test_what_is_typed_is_answered_in_order_and_bye_ends_it(serve, join):
    talk, reader, running = await join(serve())
    for line in ("Hello", "", "/fly", "list", "again", "bye", "not any more"):
        talk.typed(line)
    await running
    assert reader.texts == [
        "Message: Hello ACK",
        "error: unknown command fly; HELP shows them all",
        "Message:\nFiles: tester1.txt | tester2.txt |",
        "Message: again ACK",
        "Message:\nGoodbye, Client1.",
    ]


async def test_two_read_the_same_order(serve, join):
    server = serve()
    one, first, _ = await join(server)
    two, second, _ = await join(server)
    for number in range(200):
        one.typed(f"one {number}")
        two.typed(f"two {number}")
        if number % 10 == 0:
            await asyncio.sleep(0)
    one.typed("/ping end")
    two.typed("/ping end")
    await first.until("end")
    await second.until("end")
    await first.until("two 199")
    await second.until("one 199")

    def messages(reader, other):
        texts = [each for each in reader.texts if " joined" not in each and "end" not in each]
        return [
            each.removeprefix("Message: ").removeprefix(f"{other}: ").removesuffix(" ACK") for each in texts
        ]

    assert messages(first, "Client2") == messages(second, "Client1")
    assert len(messages(first, "Client2")) == 400


async def test_only_what_happened_since_one_joined_is_shown(serve, join):
    server = serve()
    with server.line_client() as netcat:
        netcat.ask("before")
        _, reader, _ = await join(server, "Ann")
        netcat.send("after")
        await reader.until("after")
        assert reader.texts == ["Client1: after"]


async def test_quiet_and_follow(serve, join):
    server = serve()
    talk, reader, _ = await join(server)
    with server.line_client() as netcat:
        netcat.ask("one")
        await reader.until("one")
        talk.typed("/quiet")
        await reader.until("OK")
        netcat.line()
        assert netcat.ask("two") == "two ACK"
        talk.typed("mine")
        await reader.until("mine ACK")
        talk.typed("/follow")
        netcat.send("three")
        await reader.until("three")
    assert "Client2: two" not in reader.texts


async def test_a_server_that_was_killed_gets_what_was_typed_meanwhile_once(serve, join):
    server = serve()
    talk, reader, running = await join(server)
    talk.typed("before")
    await reader.until("before ACK")
    server.kill()
    await reader.until("* lost the server (")
    for number in range(20):
        talk.typed(f"meanwhile {number}")
    server.restart()
    await reader.until("* back as Client1")
    talk.typed("after")
    talk.typed("bye")
    await running
    acks = [f"Message: meanwhile {number} ACK" for number in range(20)]
    assert reader.texts[2:] == [
        "* back as Client1",
        *acks,
        "Message: after ACK",
        "Message:\nGoodbye, Client1.",
    ]
    server.wait_for("Client1: after")
    assert sum("meanwhile" in line for line in server.console) == 20


async def test_a_room_that_begins_anew_is_said_to_and_the_talk_goes_on(serve, join):
    server = serve()
    talk, reader, running = await join(server)
    for number in range(20):
        talk.typed(str(number))
    await reader.until("19 ACK")
    server.kill()
    await reader.until("* lost the server (")
    talk.typed("meanwhile")
    shutil.rmtree(server.directory / ".portico")
    server.restart()
    await reader.until("* something is missing here: ")
    talk.typed("after")
    talk.typed("bye")
    await running
    assert "Message: meanwhile ACK" in reader.texts
    assert reader.texts[-2:] == ["Message: after ACK", "Message:\nGoodbye, Client1."]


async def test_a_mistake_of_our_own_ends_the_talk_rather_than_hide(serve, join, monkeypatch):
    talk, _, running = await join(serve())

    async def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("portico.client.prompt.talk.carry_out", fail)
    talk.typed("Hello")
    with pytest.raises(ZeroDivisionError):
        await running


async def test_who_finds_the_room_full_on_the_way_back_waits_calmly(serve, join):
    server = serve()
    talks = [await join(server), await join(server)]
    server.kill()
    server.restart(max_clients=1)
    _, pending = await asyncio.wait(
        [asyncio.ensure_future(reader.until("* back as")) for _, reader, _ in talks],
        return_when=asyncio.FIRST_COMPLETED,
    )
    talks.sort(key=lambda each: "* back as" not in "".join(each[1].texts))
    (first, _, running), (second, reader, _) = talks
    second.typed("still here")
    assert second.lost
    first.typed("bye")
    await running
    await reader.until("still here ACK")
    assert sum("lost the server" in each for each in reader.texts) == 1
    for each in pending:
        await each


async def test_leaving_while_the_server_is_away_says_what_is_left_behind(serve, join):
    server = serve()
    talk, reader, running = await join(server)
    server.kill()
    await reader.until("* lost the server (")
    talk.typed("never sent")
    talk.typed("bye")
    await reader.until("1 line waits for the server; bye again leaves all the same")
    talk.typed("bye")
    with pytest.raises(Lost, match="1 line waits for the server"):
        await running


async def test_leaving_while_the_server_is_away_with_nothing_to_send(serve, join):
    server = serve()
    talk, reader, running = await join(server)
    server.kill()
    await reader.until("* lost the server (")
    talk.typed("bye")
    await running
    assert reader.texts[-1] == "Message:\nGoodbye, Client1."


async def test_more_than_may_be_asked_at_once_waits_in_order(serve, join):
    talk, reader, running = await join(serve())
    for number in range(3 * ASKED):
        talk.typed(str(number))
    assert talk.unanswered == 3 * ASKED
    await talk.until_fewer()
    assert talk.unanswered < ASKED
    talk.finish()
    await running
    assert reader.texts[:-1] == [f"Message: {number} ACK" for number in range(3 * ASKED)]


async def test_a_name_that_is_taken_is_refused(serve, join):
    server = serve()
    await join(server, "Ann")
    with pytest.raises(PorticoError, match="the name ann is taken"):
        await join(server, "ann")
