"""HTTP on the one port: requests that are none, slow ones, many at once, ends of input, a stopping server."""

import asyncio
from contextlib import suppress

import pytest

from portico.model.errors import NoSpace, Unavailable
from portico.server import carrier
from portico.server.http import events
from portico.server.http.site import ROUTES
from tests.server.conftest import Served, until
from tests.support.web import visiting

HOST = b"Host: localhost\r\n"
STATUS = b"GET /status HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /health HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"


async def answered(served: Served, data: bytes) -> bytes:
    """All that comes back for some bytes."""
    peer = await served.connect()
    peer.send(data)
    return await peer.rest()


def request(line: str, *headers: str, body: str = "") -> bytes:
    return "\r\n".join([line, "Host: localhost", *headers, "", body]).encode()


NO_REQUESTS = {
    "both lengths": (
        request(
            "POST /messages HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\n"
        ),
        400,
    ),
    "two lengths": (request("POST /messages HTTP/1.1", "Content-Length: 5", "Content-Length: 6"), 400),
    "a length with a sign": (request("POST /messages HTTP/1.1", "Content-Length: +5"), 400),
    "a blank before the colon": (request("GET /status HTTP/1.1", "Content-Length : 5"), 400),
    "a folded header": (request("GET /status HTTP/1.1", "X: a", " b"), 400),
    "a bare carriage return": (request("GET /status HTTP/1.1", "X: a\rb"), 400),
    "an unknown coding": (request("POST /messages HTTP/1.1", "Transfer-Encoding: chunked, x"), 400),
    "a chunk without a size": (
        request("POST /messages HTTP/1.1", "Transfer-Encoding: chunked", body="zz\r\n"),
        400,
    ),
    "no host": (b"GET /status HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "two hosts": (request("GET /status HTTP/1.1", "Host: localhost", "Connection: close"), 400),
    "a long header": (request("GET /status HTTP/1.1", "X: " + "x" * 9_000), 431),
    "a long target": (request("GET /" + "x" * 8_100 + "\tx HTTP/1.1"), 400),
    "many headers": (request("GET /status HTTP/1.1", *(f"X{n}: x" for n in range(200))), 400),
    "no method": (b"[] /status HTTP/1.1\r\n\r\n", 400),
    "something before HTTP/1.1": (b"so much for HTTP/1.1\r\n\r\n", 400),
    "an unknown method": (request("BREW /status HTTP/1.1"), 400),
    "a method not for this": (request("DELETE /status HTTP/1.1", "Connection: close"), 405),
    "a tunnel": (request("CONNECT localhost:22 HTTP/1.1", "Connection: close"), 404),
    "no such page": (request("GET /nothing HTTP/1.1", "Connection: close"), 404),
    "another server's page": (request("GET http://example.org/status HTTP/1.1", "Connection: close"), 421),
    "our page, named in full": (request("GET http://localhost/status HTTP/1.1", "Connection: close"), 200),
    "another server, whatever the scheme": (
        request("GET ftp://example.org/status HTTP/1.1", "Connection: close"),
        421,
    ),
    "chunks of an old client": (
        b"POST /messages HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two codings": (request("POST /messages HTTP/1.1", "Transfer-Encoding: chunked, chunked"), 400),
    "no coding": (request("POST /messages HTTP/1.1", "Transfer-Encoding: identity"), 400),
    "two equal lengths": (request("POST /messages HTTP/1.1", "Content-Length: 5", "Content-Length: 5"), 400),
    "a line feed alone": (b"GET /status HTTP/1.1\nHost: localhost\n\n", 400),
    "a line feed alone in a header": (b"GET /status HTTP/1.1\r\nX: y\nHost: localhost\r\n\r\n", 400),
    "a line feed alone in a chunk": (
        request("POST /messages HTTP/1.1", "Transfer-Encoding: chunked", body="5\nHello\n0\n\n"),
        400,
    ),
    "a byte that is nothing": (request("GET /status HTTP/1.1", "X: a\0b"), 400),
    "an address that is no UTF-8": (request("GET /files/a%ff HTTP/1.1", "Connection: close"), 400),
    "an address with half an escape": (request("GET /files/100% HTTP/1.1", "Connection: close"), 400),
    "an address with a zero": (request("GET /files/a%00 HTTP/1.1", "Connection: close"), 400),
    "an address that goes up": (request("GET /files/../status HTTP/1.1", "Connection: close"), 400),
    "one that hides it": (
        request("GET /files/%2e%2e%2f%2e%2e/etc/passwd HTTP/1.1", "Connection: close"),
        400,
    ),
    "a number of 5,000 digits": (
        request(f"GET /files?count={'9' * 5_000} HTTP/1.1", "Connection: close"),
        400,
    ),
    "an expectation": (request("GET /status HTTP/1.1", "Expect: tea", "Connection: close"), 417),
    "a packed body": (
        request("PUT /files/a HTTP/1.1", "Content-Encoding: gzip", "Connection: close", "Content-Length: 0"),
        415,
    ),
    "an old client": (b"GET /status HTTP/1.0\r\n\r\n", 200),
    "a body that nobody asked for": (
        request("GET /status HTTP/1.1", "Content-Length: 5", "Connection: close", body="Hello"),
        200,
    ),
    "a WebSocket elsewhere": (
        request("GET /status HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade, close"),
        200,
    ),
    "an upgrade to something else": (
        request("GET /status HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade, close"),
        200,
    ),
}


@pytest.mark.parametrize("data, status", NO_REQUESTS.values(), ids=list(NO_REQUESTS))
async def test_what_may_come_has_one_answer_in_words(start, data, status):
    served = await start()
    answer = (await answered(served, data)).decode()
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith(("HTTP/1.1 ", "HTTP/1.0 "))
    assert head.split(" ")[1] == str(status), answer
    assert "Server: portico" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert answer.count("HTTP/1.") == 1
    assert status == 200 or body.startswith('{"error":{"code":"')
    assert served.server.measures.refusals.total() == (status != 200)
    assert not served.console.reports


async def test_what_is_smuggled_behind_a_request_is_not_run(start):
    served = await start()
    await answered(
        served,
        request(
            "POST /messages HTTP/1.1", "Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\n"
        )
        + request("POST /messages HTTP/1.1", "Content-Length: 8", body="smuggled"),
    )
    assert not served.console.told


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES if "{" not in route.path}))
async def test_head_is_answered_with_a_head(start, path):
    served = await start()
    answer = await answered(served, request(f"HEAD {path} HTTP/1.1", "Connection: close"))
    assert answer.split(b" ")[1] in (b"200", b"405")
    assert answer.endswith(b"\r\n\r\n")
    assert answer.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("step", [1, 7, 1 << 16])
async def test_requests_in_one_go_are_answered_in_order_however_they_are_cut(start, step):
    served = await start()
    paths = ["status", "help/say", "nothing", "messages"] * 2
    data = b"".join(request(f"GET /{path} HTTP/1.1") for path in paths) + LAST
    peer = await served.connect()
    for at in range(0, len(data), step):
        peer.send(data[at : at + step])
        await asyncio.sleep(0)
    answers = (await peer.rest()).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"200", b"200", b"404", b"200"] * 2 + [b"200"]
    assert b'"status":"ok"' in answers[-1]


async def test_a_thousand_requests_in_one_go_are_answered(start):
    served = await start()
    answers = await answered(served, STATUS * 1_000 + LAST)
    assert answers.count(b"HTTP/1.1 200 OK") == 1_001


@pytest.mark.parametrize("data", [STATUS, STATUS * 3, STATUS + STATUS[:-9]])
async def test_after_the_end_of_input_everything_is_answered_then_closed(start, data):
    served = await start()
    peer = await served.connect()
    peer.send(data)
    peer.end()
    assert (await peer.rest()).count(b"HTTP/1.1 200 OK") == data.count(STATUS)


async def test_an_answer_that_takes_its_time_comes_after_the_end_of_input(start):
    served = await start()
    served.log.gate.clear()
    peer = await served.connect()
    peer.send(request("POST /messages HTTP/1.1", "Content-Length: 5", body="Hello") + LAST[:10])
    peer.end()
    await until(lambda: served.log.appends > 1)
    served.log.gate.set()
    assert (await peer.rest()).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("at_once", [True, False])
async def test_half_a_body_at_the_end_of_input_is_refused(start, at_once):
    served = await start()
    peer = await served.connect()
    peer.send(request("POST /messages HTTP/1.1", "Content-Length: 50", body="Hello"))
    if not at_once:
        await until(
            lambda: any(each.reader and each.reader.answering for each in served.server.door.connections)
        )
    peer.end()
    answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"code":"ERR","message":"protocol: the body was cut short"}' in answer
    await until(lambda: not served.server.connections())
    assert not served.console.told


async def test_a_head_that_never_ends_is_given_up_in_words(start):
    served = await start()
    peer = await served.connect()
    peer.send(STATUS)
    while await peer.line() != "[]":
        pass
    peer.send(b"GET /status HTTP/1.1\r\n")
    await until(lambda: len(served.server.door.partial) == 1)
    for _ in range(3):
        peer.send(b"X-Slow: x\r\n")
        await asyncio.sleep(0.01)
    (connection,) = served.server.door.partial.expired(served.server.door.time() + 16)
    connection.time_out()
    assert (await peer.rest()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_while_a_request_is_answered_no_time_runs(start):
    served = await start()
    peer = await served.connect()
    peer.send(request("GET /messages?since=0&wait=60000 HTTP/1.1"))
    await until(lambda: any(each.busy for each in served.server.door.connections))
    assert not len(served.server.door.partial)
    peer.reset()
    await until(lambda: not served.server.connections())


async def test_one_that_does_not_read_is_not_read_from_for_ever(start):
    served = await start()
    peer = await served.connect()
    peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
    async with visiting(served.server.address) as session:
        for n in range(20):
            await session.post("/messages", data=f"{n}" + "x" * 60_000)
    page = request("GET /messages HTTP/1.1")
    assert await sent_in_a_second(peer, page * 1_000) < 100
    held = [each for each in served.server.door.connections if each.choked]
    assert [each.transport.get_write_buffer_size() < 4_000_000 for each in held] == [True]
    peer.writer.transport.abort()


async def sent_in_a_second(peer, data):
    """How often some bytes could be sent, until a second was not enough for the next."""
    sent = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while sent < 2_000:
                peer.send(data)
                await peer.writer.drain()
                sent += 1
    return sent


async def test_a_stopping_server_answers_what_it_was_asked(start):
    served = await start()
    served.log.gate.clear()
    peer = await served.connect()
    peer.send(request("POST /messages HTTP/1.1", "Content-Length: 5", body="Hello"))
    await until(lambda: served.log.appends > 1)
    stopping = asyncio.ensure_future(served.server.stop())
    await until(lambda: served.server.door.closed)
    served.log.gate.set()
    answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"Connection: close\r\n" in answer
    await stopping


async def test_a_stopping_server_does_not_wait_for_idle_browsers_and_those_who_wait(start):
    served = await start(drain=30.0)
    idle, waiting = await served.connect(), await served.connect()
    idle.send(STATUS)
    while await idle.line() != "[]":
        pass
    waiting.send(request("GET /messages?since=0&wait=60000 HTTP/1.1"))
    await until(lambda: any(each.busy for each in served.server.door.connections))
    async with asyncio.timeout(5):
        await served.server.stop()
    assert (await waiting.rest()).endswith(b"[]\n")
    assert await idle.rest() == b""


async def test_a_stopping_server_hears_out_what_it_began_to_read_and_closes_what_is_idle(start):
    served = await start(drain=30.0)
    idle, begun = await served.connect(), await served.connect()
    idle.send(STATUS)
    while await idle.line() != "[]":
        pass
    begun.send(request("POST /messages HTTP/1.1", "Content-Length: 10", body="Hello"))
    await until(lambda: any(each.busy for each in served.server.door.connections))
    stopping = asyncio.ensure_future(served.server.stop())
    assert await idle.rest() == b""
    begun.send(b"Hello" + STATUS)
    answer = await begun.rest()
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert answer.count(b"HTTP/1.1") == 1
    await stopping


async def test_a_connection_that_is_one_too_many_is_closed(start):
    served = await start(max_connections=2)
    async with visiting(served.server.address) as session:
        async with session.get("/health") as answer:
            assert answer.status == 200
        second = await served.connect()
        second.send(STATUS[:10])
        await until(lambda: len(served.server.door.partial) == 1)
        third = await served.connect()
        assert await third.rest() == b""


async def test_a_mistake_of_ours_is_told_to_its_operator_and_not_to_the_browser(start, monkeypatch):
    served = await start()

    def broken(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(served.server.history, "newest", broken)
    answer = await answered(served, request("GET /messages HTTP/1.1", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"secret" not in answer
    assert [type(report) for report in served.console.reports] == [ZeroDivisionError]


async def test_health_is_bad_while_nothing_can_be_stored(start, monkeypatch):
    served = await start()
    async with visiting(served.server.address) as session:

        async def health():
            async with session.get("/health") as answer:
                return answer.status, await answer.text()

        assert (await health())[0] == 200
        served.log.errors = [Unavailable("the disk has gone")] * 3
        saying = asyncio.ensure_future(session.post("/messages", data="Hello"))
        await until(lambda: len(served.console.notes) == 1)
        status, text = await health()
        assert status == 503
        assert "the disk has gone" in text
        assert (await saying).status == 201
        assert (await health())[0] == 200
        served.log.gate.clear()
        saying = asyncio.ensure_future(session.post("/messages", data="Hello"))
        monkeypatch.setattr(carrier, "SLOW_APPEND_SECONDS", 0)
        await until(lambda: served.server.trouble is not None)
        assert "has not answered for" in (await health())[1]
        served.log.errors = [NoSpace("the disk under the log is full")]
        served.log.gate.set()
        assert (await saying).status == 507
        assert (await health())[0] == 503
        monkeypatch.setattr(carrier, "TROUBLE_SECONDS", 0)
        assert (await health())[0] == 200


@pytest.mark.parametrize(
    "path, allowed",
    [("*", ""), ("/status", "GET,HEAD"), ("/files/a", "DELETE,GET,HEAD,PUT"), ("/", "GET,HEAD")],
)
async def test_options_says_what_there_is_and_lets_nobody_in(start, path, allowed):
    served = await start()
    asked = ("Connection: close", "Origin: http://elsewhere.example", "Access-Control-Request-Method: PUT")
    answer = (await answered(served, request(f"OPTIONS {path} HTTP/1.1", *asked))).decode()
    assert answer.startswith("HTTP/1.1 204 ")
    assert (f"Allow: {allowed}\r\n" in answer) == bool(allowed)
    assert "Access-Control" not in answer


async def test_a_body_that_nobody_waits_for_ends_the_connection(start):
    served = await start()
    peer = await served.connect()
    peer.send(request("GET /status HTTP/1.1", "Content-Length: 10") + b"12345")
    while (line := await peer.line()) != "Connection: close":
        assert line
    peer.send(b"67890" + STATUS)
    assert b"HTTP/1.1" not in await peer.rest()


@pytest.mark.parametrize("error", [ZeroDivisionError(), NoSpace("no space"), TimeoutError(), LookupError()])
async def test_what_fails_behind_its_head_is_cut_and_has_no_second_one(start, monkeypatch, error):
    served = await start()

    async def fail(*_):
        raise error

    monkeypatch.setattr(events, "ask", fail)
    answer = b""
    with suppress(ConnectionError):
        answer = await answered(served, request("GET /events HTTP/1.1"))
    assert answer.count(b"HTTP/1.1") <= 1
    assert not answer.endswith(b"0\r\n\r\n")
    await until(lambda: not served.server.connections())
    assert served.console.reports == [error] * (not isinstance(error, NoSpace))
