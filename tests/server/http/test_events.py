"""`GET /events`: entries as they come, from where a reader was, until one of both goes."""

import asyncio
import json

import pytest

from portico.server.http import events
from tests.server.conftest import until
from tests.support.web import visiting


def request(headers="", version="1.1", path="/events"):
    return f"GET {path} HTTP/{version}\r\nHost: localhost\r\n{headers}\r\n"


class Reader:
    """An EventSource, line by line; takes chunks apart."""

    def __init__(self, peer):
        self.peer = peer

    async def head(self):
        lines = [await self.peer.line()]
        while lines[-1]:
            lines.append(await self.peer.line())
        return "\n".join(lines)

    async def event(self):
        """The next event's fields; {} for a comment, None at the end."""
        if not await self.peer.line() or not (line := await self.peer.line()):
            return None
        fields = {}
        while line:
            name, _, value = line.partition(": ")
            fields[name] = value
            line = await self.peer.line()
        await self.peer.line()
        return {name: value for name, value in fields.items() if name}

    async def entry(self):
        while not (fields := await self.event()):
            assert fields is not None
        assert fields["event"] == "entry"
        entry = json.loads(fields["data"])
        assert int(fields["id"]) == entry["seq"]
        return entry


async def read(served, headers="", path="/events"):
    peer = await served.connect()
    peer.send(request(headers, path=path))
    reader = Reader(peer)
    head = await reader.head()
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert "Content-Type: text/event-stream" in head
    assert "Cache-Control: no-store" in head
    assert await reader.event() == {}
    return reader


async def say(served, *texts):
    async with visiting(served.server.address) as session:
        for text in texts:
            async with session.post("/messages", data=text) as answer:
                assert answer.status == 201


async def test_from_now_on_after_a_number_or_after_the_last_that_came(start):
    served = await start()
    await say(served, "one", "two")
    now = await read(served)
    since = await read(served, path="/events?since=1")
    again = await read(served, "Last-Event-ID: 1\r\n", path="/events?since=0")
    await say(served, "three")
    assert (await now.entry())["text"] == "three"
    for reader in (since, again):
        assert [(await reader.entry())["text"] for _ in range(2)] == ["two", "three"]


@pytest.mark.parametrize(
    "given, status",
    [("Last-Event-ID: 99\r\n", 410), ("Last-Event-ID: x\r\n", 400), ("Last-Event-ID: \u00ff\r\n", 400)],
)
async def test_what_is_not_kept_is_refused_before_anything_streams(start, given, status):
    served = await start()
    peer = await served.connect()
    peer.send(request(given + "Connection: close\r\n"))
    answer = await peer.rest()
    assert answer.split(b" ")[1] == str(status).encode()
    assert b"application/json" in answer
    assert not served.console.reports


async def test_what_is_told_to_one_is_for_no_stream(start):
    served = await start()
    reader = await read(served)
    ann, _bob = await served.joined(), await served.joined()
    await ann.line()
    assert await ann.say("/tell Client2 psst") == "psst ACK"
    await say(served, "aloud")
    entries = [await reader.entry() for _ in range(3)]
    assert [entry["kind"] for entry in entries] == ["presence", "presence", "message"]


async def test_a_stream_takes_no_place_and_is_forgotten_when_its_reader_goes(start):
    served = await start()
    reader = await read(served)
    assert not served.server.room.state.names
    reader.peer.writer.close()
    await until(lambda: not served.server.connections())
    assert not served.server.site._manager.connections


async def test_what_a_reader_sends_is_thrown_away(start):
    served = await start()
    reader = await read(served)
    reader.peer.send(request(path="/status") * 100)
    await say(served, "still here")
    assert (await reader.entry())["text"] == "still here"


async def test_many_who_come_back_at_once_miss_nothing_and_hear_nothing_twice(start):
    served = await start()
    await say(served, *map(str, range(20)))
    readers = [await read(served, f"Last-Event-ID: {last}\r\n") for last in range(20) for _ in range(3)]
    await say(served, "now")
    wanted = [*map(str, range(20)), "now"]
    for number, reader in enumerate(readers):
        last = number // 3
        assert [(await reader.entry())["text"] for _ in wanted[last:]] == wanted[last:]


async def test_a_reader_that_does_not_read_stalls_nobody_and_misses_nothing(start):
    served = await start()
    slow, quick = await read(served), await read(served)
    slow.peer.reader._transport.pause_reading()
    texts = [f"{n} " + "x" * 60_000 for n in range(150)]
    await say(served, *texts)
    assert [(await quick.entry())["text"] for _ in texts] == texts
    choked = [each for each in served.server.door.connections if each.choked]
    assert [each.transport.get_write_buffer_size() < 4_000_000 for each in choked] == [True]
    slow.peer.reader._transport.resume_reading()
    assert [(await slow.entry())["text"] for _ in texts] == texts


async def test_a_stopping_server_says_so_and_ends_the_response(start):
    served = await start(drain=30.0)
    reader = await read(served)
    async with asyncio.timeout(5):
        await served.server.stop()
    assert await reader.event() == {"event": "closing", "data": '"the server is shutting down"'}
    assert await reader.peer.rest() == b"0\r\n\r\n"


async def test_a_silent_stream_has_comments_in_it(start, monkeypatch):
    monkeypatch.setattr(events, "KEEPALIVE_SECONDS", 0.02)
    served = await start()
    reader = await read(served)
    for _ in range(3):
        assert await reader.event() == {}


async def test_an_old_client_gets_the_stream_without_chunks(start):
    served = await start()
    peer = await served.connect()
    peer.send(request(version="1.0"))
    head = await Reader(peer).head()
    assert "chunked" not in head
    assert await peer.lines(2) == [": still here", ""]
    await say(served, "plain")
    assert (await peer.line()) == "id: 1"


async def test_aiohttps_client_reads_the_stream_to_its_end(start):
    served = await start()
    async with visiting(served.server.address) as session, session.get("/events") as answer:
        await say(served, "Hello")
        while not (line := await answer.content.readline()).startswith(b"data"):
            pass
        assert json.loads(line.removeprefix(b"data: "))["text"] == "Hello"
        await served.server.stop()
        assert (await answer.content.read()).endswith(b'data: "the server is shutting down"\n\n')
