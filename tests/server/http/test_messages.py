"""`/messages`, `/status`, `/help`: the room by plain requests."""

import asyncio

import pytest

from portico.room.limits import MESSAGE_BYTES
from portico.server.http import messages
from tests.server.conftest import until
from tests.support.web import visiting


@pytest.fixture
async def web(start):
    served = await start()
    async with visiting(served.server.address) as session:
        session.served = served
        yield session


async def got(web, path, **options):
    async with web.get(path, **options) as answer:
        return answer.status, await answer.json()


async def said(web, text, path="/messages", **options):
    async with web.post(path, data=text, **options) as answer:
        return answer.status, await answer.json()


def code(answer):
    return answer[0], answer[1]["error"]["code"]


async def test_what_is_said_is_in_the_log_under_a_name_nobody_holds(web):
    assert await said(web, "Hello") == (201, {"seq": 1})
    assert await said(web, "Grüße 🎉\r\n".encode(), "/messages?as=Zoë") == (201, {"seq": 2})
    status, entries = await got(web, "/messages")
    assert status == 200
    assert [(entry["sender"], entry["text"]) for entry in entries] == [
        ("visitor", "Hello"),
        ("Zoë", "Grüße 🎉"),
    ]
    assert entries[0]["at"].endswith("Z")
    assert entries[0]["kind"] == "message"


REFUSED = {
    "nothing": (b"", {}, "/messages", 400, "ERR"),
    "only a line end": (b"\n", {}, "/messages", 400, "ERR"),
    "too long": (b"x" * (MESSAGE_BYTES + 1), {}, "/messages", 413, "TOOBIG"),
    "much too long": (b"x" * 900_000, {}, "/messages", 413, "TOOBIG"),
    "no text": (b"\xff", {}, "/messages", 400, "ERR"),
    "a control character": (b"a\x07b", {}, "/messages", 400, "ERR"),
    "another charset": (b"\xe9", {"Content-Type": "text/plain; charset=latin-1"}, "/messages", 415, "ERR"),
    "packed": (b"\x1f\x8b\x08", {"Content-Encoding": "gzip"}, "/messages", 415, "ERR"),
    "a number's name": (b"hi", {}, "/messages?as=Client7", 400, "BADNAME"),
    "no name": (b"hi", {}, "/messages?as=", 400, "BADNAME"),
    "a long key": (b"hi", {"Idempotency-Key": "k" * 65}, "/messages", 400, "ERR"),
    "an empty key": (b"hi", {"Idempotency-Key": ""}, "/messages", 400, "ERR"),
}


@pytest.mark.parametrize("body, headers, path, status, error", REFUSED.values(), ids=list(REFUSED))
async def test_what_cannot_be_said_is_refused_and_stores_nothing(web, body, headers, path, status, error):
    assert code(await said(web, body, path, headers=headers)) == (status, error)
    assert not web.served.console.told
    assert not web.served.console.reports
    assert web.served.server.measures.refusals[error] == 1


async def test_the_longest_message_is_said_with_its_line_end(web):
    assert await said(web, b"x" * MESSAGE_BYTES + b"\r\n") == (201, {"seq": 1})


async def test_the_same_key_says_it_once(web):
    headers = {"Idempotency-Key": "k-1"}
    assert await said(web, "once", headers=headers) == (201, {"seq": 1})
    assert await said(web, "once", headers=headers) == (201, {"seq": 1})
    assert code(await said(web, "other", headers=headers)) == (409, "EXISTS")
    assert len(web.served.console.told) == 1


async def test_a_key_of_any_bytes_is_no_mistake_of_ours(web):
    peer = await web.served.connect()
    peer.send(
        b"POST /messages HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: \xff\xfe\r\nConnection: close\r\n"
        b"Content-Length: 2\r\n\r\nhi"
    )
    assert (await peer.rest()).startswith(b"HTTP/1.1 400 ")
    assert not web.served.console.reports


async def test_nobody_speaks_under_the_name_of_one_who_is_here(web):
    peer = await web.served.joined()
    assert (await peer.say("/name Ann")).startswith("You are Ann ")
    assert code(await said(web, "I am Ann", "/messages?as=ann")) == (409, "TAKEN")


async def test_a_body_that_does_not_come_is_given_up_and_says_nothing(web, monkeypatch):
    monkeypatch.setattr(messages, "PARTIAL_SECONDS", 0.05)
    peer = await web.served.connect()
    peer.send("POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nHel")
    answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert not web.served.console.told


async def test_a_body_in_chunks_is_a_message(web):
    async def pieces():
        for piece in (b"Hel", b"lo"):
            yield piece
            await asyncio.sleep(0)

    assert await said(web, pieces()) == (201, {"seq": 1})
    assert web.served.console.told[0].text == "Hello"


async def test_history_takes_what_the_command_takes(web):
    for text in ("one", "two", "three"):
        await said(web, text)
    assert [entry["text"] for entry in (await got(web, "/messages?count=2"))[1]] == ["two", "three"]
    assert [entry["text"] for entry in (await got(web, "/messages?since=1&count=1"))[1]] == ["two"]
    assert (await got(web, "/messages?kind=file"))[1] == []
    for query in ("count=0", "count=x", "since=-1", "kind=x", "wait=60001", "since=%00", "count=%FF"):
        assert (await got(web, f"/messages?{query}"))[0] == 400
    assert code(await got(web, "/messages?since=9")) == (410, "GONE")


async def test_who_waits_is_answered_as_soon_as_something_is_said(web):
    waiting = asyncio.ensure_future(got(web, "/messages?since=0&wait=60000"))
    await until(lambda: any(each.busy for each in web.served.server.door.connections))
    await said(web, "now")
    assert [entry["text"] for entry in (await waiting)[1]] == ["now"]


async def test_what_is_told_to_one_is_for_no_visitor(web):
    ann, bob = await web.served.joined(), await web.served.joined()
    await ann.line()
    assert await ann.say("/tell Client2 psst") == "psst ACK"
    assert await bob.line() == "Client1 (to you): psst"
    entries = (await got(web, "/messages"))[1]
    assert [entry["kind"] for entry in entries] == ["presence", "presence"]


async def test_status_shows_who_is_and_was_here(web):
    gone = await web.served.joined()
    await gone.say("bye")
    await web.served.joined()
    roll = (await got(web, "/status"))[1]
    assert [(line["name"], line["disconnected"] is None) for line in roll] == [
        ("Client1", False),
        ("Client2", True),
    ]
    assert [line["name"] for line in (await got(web, "/status?online=1"))[1]] == ["Client2"]
    assert [line["name"] for line in (await got(web, "/status?count=1"))[1]] == ["Client2"]


async def test_help_is_that_of_the_command_table(web):
    lines = (await got(web, "/help"))[1]
    assert any("SAY text" in line for line in lines)
    assert "SAY text" in (await got(web, "/help/say"))[1][0]
    assert (await got(web, "/help/nonsense"))[0] == 400


async def test_a_room_that_may_only_be_looked_at_takes_no_message(start):
    served = await start(read_only=True)
    async with visiting(served.server.address) as session:
        assert code(await said(session, "hi")) == (403, "DENIED")
