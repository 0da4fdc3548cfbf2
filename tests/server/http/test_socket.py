"""`GET /ws`: the handshake, requests in order, pushes, and everything that may come instead."""

import asyncio
import json
from contextlib import suppress

import pytest

from portico.server.http import socket
from tests.server.conftest import Peer, Served, until
from tests.support.web import asking, frame, handshake, split_frames, visiting

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Browser:
    """The client's end of one WebSocket, frame by frame."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    async def next_frame(self):
        reader = self.peer.reader
        async with asyncio.timeout(5):
            head = await reader.readexactly(2)
            if head[1] >= 126:
                head += await reader.readexactly(2 if head[1] == 126 else 8)
            size = int.from_bytes(head[2:], "big") if head[1] >= 126 else head[1]
            return split_frames(head + await reader.readexactly(size))[0]

    async def next(self):
        """The next text that is no question whether we are there."""
        opcode, payload = await self.next_frame()
        while opcode == PING:
            opcode, payload = await self.next_frame()
        assert opcode == TEXT, (opcode, payload)
        return json.loads(payload)

    async def ask(self, do, **args):
        self.peer.send(asking(do, 1, **args))
        answer = await self.next()
        assert answer.pop("id") == 1
        return answer.get("ok", answer.get("error"))

    async def code(self):
        """The code of the last frame."""
        opcode, payload = await self.next_frame()
        while opcode != CLOSE:
            opcode, payload = await self.next_frame()
        return int.from_bytes(payload[:2], "big")


async def browse(served: Served, more: str = "") -> Browser:
    peer = await served.connect()
    peer.send(handshake(more))
    assert await peer.line() == "HTTP/1.1 101 Switching Protocols"
    while await peer.line():
        pass
    return Browser(peer)


async def test_the_handshake_is_that_of_the_standard(start):
    served = await start()
    peer = await served.connect()
    peer.send(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    )
    head = [await peer.line()]
    while head[-1]:
        head.append(await peer.line())
    assert head[0].startswith("HTTP/1.1 101 ")
    fields = dict(line.lower().split(": ", 1) for line in head[1:-1])
    assert fields["sec-websocket-accept"] == "s3pplmbitxaq9kygzzhzrbk+xoo="
    assert fields["upgrade"] == "websocket"
    assert fields["connection"] == "upgrade"
    assert not fields.keys() & {"content-length", "transfer-encoding", "sec-websocket-extensions"}
    assert "sec-websocket-protocol" not in fields
    assert socket.accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    "change",
    [
        ("Version: 13", "Version: 8"),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", "Connection: close"),
        ("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: x"),
        ("HTTP/1.1", "HTTP/1.0"),
    ],
)
async def test_what_is_no_handshake_is_told_what_is_spoken(start, change):
    served = await start()
    peer = await served.connect()
    peer.send(handshake("Connection: close\r\n").replace(*(word.encode() for word in change)))
    answer = (await peer.rest()).decode()
    assert answer.split(" ")[1] == "426"
    assert "Sec-WebSocket-Version: 13" in answer
    assert "/events" in answer


async def test_aiohttps_client_joins_says_follows_and_leaves(start):
    served = await start()
    async with visiting(served.server.address) as session, session.ws_connect("/ws") as ws:
        await ws.send_json({"id": 1, "do": "hello", "args": {"setname": "Ann"}})
        facts = (await ws.receive_json())["ok"]
        assert facts["name"] == "Ann"
        assert len(facts["resume"]) == 32
        await ws.send_json({"id": 2, "do": "follow"})
        await ws.send_json({"id": 3, "do": "say", "args": {"text": "Grüße 🎉"}})
        assert await ws.receive_json() == {"id": 2, "ok": "OK"}
        told = [await ws.receive_json(), await ws.receive_json()]
        assert {"id": 3, "ok": 2} in told
        (push,) = [each for each in told if "push" in each]
        assert push["push"] == "entry"
        assert push["data"]["text"] == "Grüße 🎉"
        await ws.send_json({"id": 4, "do": "bye"})
        assert (await ws.receive_json())["ok"] == "OK"
        assert (await ws.receive()).data == 1000
    await until(lambda: not served.server.room.state.names)


async def test_a_tab_that_is_closed_has_left_at_once(start):
    served = await start()
    browser = await browse(served)
    await browser.ask("name")
    browser.peer.send(frame(b"\x03\xe9", CLOSE))
    assert await browser.code() == 1001
    browser.peer.writer.close()
    await until(lambda: not served.server.room.state.names)
    assert not served.server.site._manager.connections


async def test_five_hundred_said_in_one_go_are_answered_in_order(start):
    served = await start()
    browser = await browse(served)
    await browser.ask("name")
    before = served.log.appends
    browser.peer.send(b"".join(asking("say", n, text=f"text {n}") for n in range(500)))
    answers = [await browser.next() for _ in range(500)]
    assert [answer["id"] for answer in answers] == list(range(500))
    assert [answer["ok"] for answer in answers] == list(range(2, 502))
    assert served.log.appends - before < 20


async def test_everybody_is_pushed_the_same_in_the_same_order(start):
    served = await start()
    browsers = [await browse(served) for _ in range(3)]
    for browser in browsers:
        await browser.ask("follow", since=0)
    ann = await browse(served)
    await ann.ask("hello", setname="Ann")
    ann.peer.send(b"".join(asking("say", n, text=str(n)) for n in range(50)))
    for browser in browsers:
        seqs = [(await browser.next())["data"]["seq"] for _ in range(51)]
        assert seqs == list(range(1, 52))


async def test_what_is_told_to_one_is_pushed_to_both_and_to_nobody_else(start):
    served = await start()
    ann, bob, looker = [await browse(served) for _ in range(3)]
    await ann.ask("hello", setname="Ann")
    await bob.ask("hello", setname="Bob")
    for browser in (ann, bob, looker):
        await browser.ask("follow")
    ann.peer.send(asking("tell", 7, name="Bob", text="psst") + asking("say", 8, text="aloud"))
    for browser, texts in ((ann, ["psst", "aloud"]), (bob, ["psst", "aloud"]), (looker, ["aloud"])):
        came = [await browser.next() for _ in range(len(texts) + 2 * (browser is ann))]
        assert [each["data"]["text"] for each in came if "push" in each] == texts


async def test_a_session_goes_on_in_a_newer_tab_and_the_older_is_told(start):
    served = await start()
    older, newer = await browse(served), await browse(served)
    secret = (await older.ask("hello", setname="Ann"))["resume"]
    assert (await newer.ask("hello", resume=secret))["name"] == "Ann"
    told = await older.next()
    assert told == {"push": "closing", "data": "this session goes on over another connection"}
    assert await older.code() == 1001
    older.peer.send(asking("say", 1, text="not heard any more"))
    assert await older.peer.rest() == b""
    assert await newer.ask("say", text="here") == 2


async def test_a_browser_that_vanished_comes_back_as_who_it_was(start):
    served = await start()
    browser = await browse(served)
    secret = (await browser.ask("hello", setname="Ann"))["resume"]
    browser.peer.reset()
    await until(lambda: not served.server.room.state.names)
    again = await browse(served)
    facts = await again.ask("hello", resume=secret)
    assert facts["name"] == "Ann"


async def test_a_stopping_server_says_so_and_closes_with_its_code(start):
    served = await start()
    browser = await browse(served)
    await browser.ask("name")
    await served.server.stop()
    assert (await browser.next())["push"] == "closing"
    assert await browser.code() == 1001
    assert served.console.told[-1].change == "left"


async def test_pings_are_answered_between_requests(start):
    served = await start()
    browser = await browse(served)
    assert await browser.next_frame() == (PING, b"")
    browser.peer.send(frame("are you there", PING) + asking("ping", 1))
    assert await browser.next_frame() == (PONG, b"are you there")
    assert await browser.next() == {"id": 1, "ok": "PONG"}


async def test_a_request_cut_into_single_bytes_is_one(start):
    served = await start()
    browser = await browse(served)
    for byte in asking("echo", 1, text="whole"):
        browser.peer.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await browser.next() == {"id": 1, "ok": "whole"}


async def test_half_a_frame_has_its_time(start):
    served = await start()
    browser = await browse(served)
    browser.peer.send(asking("ping", 1)[:-1])
    await until(lambda: len(served.server.door.partial) == 1)
    (connection,) = served.server.door.partial.expired(served.server.door.time() + 60)
    connection.time_out()
    assert "took too long" in (await browser.next())["error"]["message"]
    assert await browser.code() == 1000


@pytest.mark.parametrize(
    "data, code",
    [
        (frame(b"\x00\xff", 2), 1003),
        (frame(b'{"do": "\xff"}'), 1007),
        (b"\x81\xff" + (1 << 40).to_bytes(8, "big"), 1009),
        (frame("x", 3), 1002),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
    ],
)
async def test_what_is_no_frame_of_ours_ends_it_with_a_code(start, data, code):
    served = await start()
    browser = await browse(served)
    browser.peer.send(data)
    assert await browser.code() == code
    assert await browser.peer.rest() == b""
    assert not served.console.reports


async def test_one_that_answers_nothing_is_cut(start, monkeypatch):
    monkeypatch.setattr(socket, "HEARTBEAT_SECONDS", 0.05)
    served = await start()
    mute, lively = await browse(served), await browse(served)
    while served.server.connections() == 2:
        await lively.next_frame()
        lively.peer.send(frame("", PONG))
    assert await lively.ask("ping") == "PONG"
    assert {opcode for opcode, _ in split_frames(await mute.peer.rest())} == {PING}


async def test_one_that_does_not_read_stalls_nobody_and_misses_nothing(start):
    served = await start()
    slow, quick = await browse(served), await browse(served)
    for browser in (slow, quick):
        await browser.ask("follow", since=0)
    slow.peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
    text = "x" * 60_000
    for n in range(150):
        async with visiting(served.server.address) as session:
            await session.post("/messages", data=f"{n} {text}")
    for n in range(150):
        assert (await quick.next())["data"]["text"].startswith(f"{n} ")
    choked = [each for each in served.server.door.connections if each.choked]
    assert [each.transport.get_write_buffer_size() < 4_000_000 for each in choked] == [True]
    slow.peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
    for n in range(150):
        assert (await slow.next())["data"]["text"].startswith(f"{n} ")


async def test_one_that_asks_and_does_not_read_is_not_read_from(start):
    served = await start()
    browser = await browse(served)
    browser.peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
    request = asking("echo", 1, text="x" * 60_000)
    sent = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while sent < 2_000:
                browser.peer.send(request)
                await browser.peer.writer.drain()
                sent += 1
    assert sent < 2_000
    (connection,) = served.server.door.connections
    assert connection.choked
    browser.peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
    for _ in range(sent):
        assert (await browser.next())["ok"].startswith("xxx")
