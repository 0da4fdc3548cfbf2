"""One connection against a real server in this process; what each wire says is tested in tests/wire."""

import asyncio

import pytest

from portico.server import door, limits
from tests.server.conftest import until


async def test_a_line_is_answered(start):
    peer = await (await start()).connect()
    peer.send("Hello\n")
    assert await peer.lines(2) == [
        "You are Client1 (1 of 3 clients). Type help for the commands.",
        "Hello ACK",
    ]


async def test_every_split_of_a_dialogue_gives_the_same_answers(start):
    served = await start(max_clients=1000)
    dialogue = b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n*1\r\n$4\r\nPING\r\n*1\r\n$3\r\nBYE\r\n"
    for at in range(1, len(dialogue)):
        peer = await served.connect()
        peer.send(dialogue[:at])
        await peer.writer.drain()
        await asyncio.sleep(0)
        peer.send(dialogue[at:])
        assert await peer.rest() == b"$2\r\nhi\r\n+PONG\r\n+OK\r\n"


async def test_the_last_line_without_an_end_is_run_and_answered(start):
    peer = await (await start()).connect()
    peer.send("Hello")
    peer.end()
    assert (await peer.rest()).decode().splitlines()[1:] == ["Hello ACK"]


async def test_nothing_sent_and_ended_is_closed_without_a_word(start):
    peer = await (await start()).connect()
    peer.end()
    assert await peer.rest() == b""


async def test_a_tls_handshake_is_closed_without_a_word(start):
    peer = await (await start()).connect()
    peer.send(b"\x16\x03\x01\x02\x00")
    assert await peer.rest() == b""


async def test_a_pipeline_is_one_batch_and_its_answers_leave_in_order(start):
    served = await start()
    peer = await served.connect()
    peer.send(b"*2\r\n$4\r\nNAME\r\n$3\r\nann\r\n")
    assert await peer.lines(2) == ["$3", "ann"]
    before = served.log.appends
    peer.send(b"".join(b"*2\r\n$3\r\nSAY\r\n$1\r\nx\r\n*1\r\n$4\r\nPING\r\n" for _ in range(200)))
    answers = await peer.lines(400)
    assert answers[::2] == [f":{seq}" for seq in range(2, 202)]
    assert set(answers[1::2]) == {"+PONG"}
    assert served.log.appends - before <= 3


async def test_what_reads_the_room_comes_after_what_was_said_before(start):
    peer = await (await start()).connect()
    peer.send("one\ntwo\n/history 2\nthree\n")
    lines = await peer.lines(6)
    assert lines[1:3] == ["one ACK", "two ACK"]
    assert [line.rpartition(" ")[2] for line in lines[3:5]] == ["one", "two"]
    assert lines[5] == "three ACK"


async def test_a_pipeline_of_a_visitor_joins_once(start):
    served = await start()
    peer = await served.connect()
    peer.send(b"*2\r\n$3\r\nSAY\r\n$1\r\nx\r\n" * 3)
    assert await peer.lines(3) == [":2", ":3", ":4"]
    assert len(served.server.room.state.sessions) == 1


async def test_a_lost_connection_leaves_the_room_and_its_place_is_free_at_once(start):
    served = await start(max_clients=1)
    first = await served.joined()
    second = await served.connect()
    assert await second.say("Hello") == "Server is full: 1 of 1 clients are connected. Try again later."
    assert await second.rest() == b""
    first.reset()
    await until(lambda: not served.server.room.state.names)
    assert (
        await (await served.connect()).say("")
        == "You are Client2 (1 of 1 clients). Type help for the commands."
    )


async def test_a_connection_lost_while_joining_leaves_again(start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "VIGIL_SECONDS", 0.05)
    served = await start()
    served.log.gate.clear()
    peer = await served.connect()
    peer.send("Hello\n")
    await until(lambda: len(served.server.room.outbox) == 1)
    peer.reset()
    await until(lambda: not served.server.connections())
    served.log.gate.set()
    await until(lambda: served.server.room.state.seq == 2)
    assert not served.server.room.state.names


async def test_others_have_their_turn_beside_a_long_pipeline(start):
    served = await start()
    greedy, modest = await served.connect(), await served.connect()
    greedy.send(b"*1\r\n$4\r\nPING\r\n" * 5_000)
    modest.send(b"*1\r\n$4\r\nPING\r\n")
    assert await modest.line() == "+PONG"
    assert len(await greedy.lines(5_000)) == 5_000


async def test_who_does_not_read_is_not_read_from(start, monkeypatch: pytest.MonkeyPatch):
    served = await start()
    peer = await served.connect()
    peer.writer.transport.set_write_buffer_limits(high=64 * 1024 * 1024)
    request = b"*2\r\n$4\r\nECHO\r\n$50000\r\n" + b"x" * 50_000 + b"\r\n"
    for _ in range(400):
        peer.send(request)
    await asyncio.sleep(0.3)
    (connection,) = served.server.door.connections
    assert connection.choked
    assert connection.transport.get_write_buffer_size() < 4 * limits.BYTES_PER_TURN
    async with asyncio.timeout(20):
        await peer.reader.readexactly(400 * (len(b"$50000\r\n") + 50_002))


async def test_a_handler_that_fails_is_reported_and_answered(start, monkeypatch: pytest.MonkeyPatch):
    served = await start()

    async def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(served.server.repository, "list", broken)
    peer = await served.connect()
    peer.send(b"*1\r\n$4\r\nLIST\r\n")
    assert (await peer.line()).startswith("-UNAVAILABLE something went wrong inside the server")
    assert isinstance(served.console.reports[0], ZeroDivisionError)


async def test_what_was_begun_and_not_finished_is_closed_in_words(start):
    served = await start()
    for half, word in (
        (b"*2\r\n$4\r\nEC", b"-ERR protocol: "),
        (b"Hel", b""),
        (b"GET / HTTP/1.1\r\nHos", b"HTTP/1.1 408 "),
    ):
        peer = await served.connect()
        peer.send(half)
        await until(lambda: len(served.server.door.partial) == 1)
        (connection,) = served.server.door.partial.expired(served.server.door.time() + 60)
        connection.time_out()
        assert (await peer.rest()).startswith(word)


async def test_time_does_not_run_against_one_who_is_not_read_from(start):
    served = await start()
    peer = await served.connect()
    served.log.gate.clear()
    peer.send(b"*2\r\n$3\r\nSAY\r\n$1\r\nx\r\n*1\r\n$6\r\nSTATUS\r\n*1\r\n$4\r\nPI")
    await until(lambda: len(served.server.door.partial) == 1)
    (connection,) = served.server.door.partial.expired(served.server.door.time() + 60)
    connection.time_out()
    assert connection in served.server.door.partial
    served.log.gate.set()
    assert await peer.line() == ":2"


async def test_after_the_last_word_input_is_thrown_away_and_the_word_arrives(start):
    served = await start()
    peer = await served.connect()
    peer.send(b"*1\r\n$4\r\nPING\r\nnonsense" + b"x" * 200_000)
    answer = await peer.rest()
    assert answer.startswith(b"+PONG\r\n-ERR protocol: ")
    peer.send(b"*1\r\n$4\r\nPING\r\n")
    assert await peer.rest() == b""


async def test_who_is_gone_before_its_work_began_leaves_nothing_behind(start):
    """A coroutine that nobody ever awaits would be complained of, and warnings are errors here."""
    served = await start()
    peer = await served.joined()
    (connection,) = served.server.door.connections
    connection.data_received(b"/history\n")
    connection.transport.abort()
    connection.connection_lost(None)
    peer.reset()
    await until(lambda: not served.server.door.connections)


async def test_who_says_too_much_is_slowed_down_and_loses_nothing(start, monkeypatch):
    monkeypatch.setattr("portico.server.connection.SAID_BURST", 10)
    monkeypatch.setattr("portico.server.connection.SAID_PER_SECOND", 100)
    monkeypatch.setattr("portico.server.connection.PACE_SECONDS", 0.05)
    served = await start()
    noted = []
    monkeypatch.setattr(served.server.audit, "note", lambda event, **facts: noted.append((event, facts)))
    flood, other = await served.connect(), await served.connect()
    loop = asyncio.get_running_loop()
    began = loop.time()
    flood.send("".join(f"{number}\n" for number in range(30)))
    flood.send("".join(f"{number}\n" for number in range(30, 40)))
    assert (await flood.line()).startswith("You are Client1 ")
    assert await flood.lines(40) == [f"{number} ACK" for number in range(40)]
    assert await other.say("") == "You are Client2 (2 of 3 clients). Type help for the commands."
    flood.send("late\n")
    lines = await flood.lines(2)
    assert lines == ["* Client2 joined", "late ACK"]
    assert loop.time() - began > 0.05
    assert ("limit", "pace") in [(event, facts.get("rule")) for event, facts in noted]
