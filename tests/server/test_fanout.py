import asyncio

import pytest

from portico.server import fanout as module
from tests.server.conftest import Peer, Served, until


async def follower(served: Served, *words: bytes) -> Peer:
    peer = await served.connect()
    follow = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in (b"FOLLOW", *words))
    peer.send(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*%d\r\n" % (1 + len(words)) + follow)
    while await peer.line() != "+OK":
        pass
    return peer


async def pushed(peer: Peer, count: int) -> list[str]:
    """The texts, or changes, of the next pushes."""
    found = []
    while len(found) < count:
        line = await peer.line()
        if line in ("text", "change"):
            await peer.line()
            found.append(await peer.line())
    return found


async def test_a_follower_gets_what_is_said_from_now_on(start):
    served = await start()
    speaker = await served.joined()
    await speaker.say("before")
    peer = await follower(served)
    await speaker.say("after")
    assert await pushed(peer, 1) == ["after"]


async def test_a_follower_from_a_number_gets_the_past_and_then_the_present_without_a_gap(start, monkeypatch):
    monkeypatch.setattr(module, "REPLAY_ENTRIES", 3)
    served = await start()
    speaker = await served.joined()
    for number in range(10):
        await speaker.say(str(number))
    peer = await follower(served, b"SINCE", b"0")
    for number in range(10, 20):
        await speaker.say(str(number))
    assert await pushed(peer, 21) == ["joined", *map(str, range(20))]


async def test_a_slow_follower_gets_everything_once_and_stops_nobody(start):
    served = await start()
    speaker = await served.connect()
    speaker.send(b"*2\r\n$4\r\nNAME\r\n$3\r\nann\r\n")
    await speaker.lines(2)
    slow = await follower(served)
    quick = await follower(served)
    slow.reader._transport.pause_reading()
    text = b"x" * 10_000
    for _ in range(20):
        speaker.send(b"".join(b"*2\r\n$3\r\nSAY\r\n$10006\r\n%06d%b\r\n" % (n, text) for n in range(50)))
        await speaker.lines(50)
        assert len(await pushed(quick, 50)) == 50
    (connection,) = (c for c in served.server.door.connections if c.choked)
    assert connection.transport.get_write_buffer_size() < 4_000_000
    slow.reader._transport.resume_reading()
    texts = await pushed(slow, 1_000)
    assert [text[:6] for text in texts] == [f"{n:06d}" for n in range(50)] * 20


async def test_people_are_not_pushed_their_own_words_and_programs_are(start):
    served = await start()
    one, two = await served.joined(), await served.joined()
    assert await one.line() == "* Client2 joined"
    await two.say("hi")
    assert await one.line() == "Client2: hi"
    assert await two.say("again") == "again ACK"
    peer = await follower(served)
    peer.send(b"*2\r\n$3\r\nSAY\r\n$2\r\nme\r\n")
    assert await pushed(peer, 2) == ["joined", "me"]


async def test_what_is_told_is_pushed_to_two_only(start):
    served = await start()
    one, two, three = [await served.joined() for _ in range(3)]
    watcher = await follower(served)
    await one.lines(2)
    await two.line()
    assert await one.say("/tell Client2 secret") == "secret ACK"
    assert await two.line() == "Client1 (to you): secret"
    await one.say("open")
    assert await three.line() == "Client1: open"
    assert await pushed(watcher, 1) == ["open"]


async def test_quiet_ends_the_pushes_and_follow_begins_again(start):
    served = await start()
    one, two = await served.joined(), await served.joined()
    await one.line()
    assert await one.say("/quiet") == "OK"
    await two.say("unheard")
    assert await one.say("/follow") == "OK"
    await two.say("heard")
    assert await one.line() == "Client2: heard"


async def test_following_again_while_catching_up_begins_afresh(start):
    served = await start()
    speaker = await served.joined()
    for number in range(5):
        await speaker.say(str(number))
    peer = await follower(served, b"SINCE", b"0")
    peer.send(b"*3\r\n$6\r\nFOLLOW\r\n$5\r\nSINCE\r\n$1\r\n5\r\n")
    while await peer.line() != "+OK":
        pass
    await speaker.say("last")
    assert (await pushed(peer, 2)) == ["4", "last"]


async def test_a_follower_whose_past_was_forgotten_is_told_and_closed(start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "REPLAY_ENTRIES", 1)
    served = await start()
    speaker = await served.joined()
    await speaker.say("one")
    served.server.room.tail._entries.clear()
    await served.log.trim("main", 3)
    peer = await follower(served, b"SINCE", b"0")
    assert b"entries from 1 to 2 are kept" in await peer.rest()


async def test_a_connection_that_is_lost_follows_no_more(start):
    served = await start()
    peer = await follower(served)
    peer.reset()
    await until(lambda: not served.server.connections())
    assert not any(served.server.fanout._live.values())
    await asyncio.sleep(0)


async def test_what_is_pushed_comes_between_the_answers_of_follow_and_quiet(start):
    served = await start()
    speaker = await served.joined()
    await speaker.say("before")
    peer = await served.connect()
    hello, say = (
        b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n",
        b"*4\r\n$3\r\nSAY\r\n$1\r\nx\r\n$2\r\nAS\r\n$3\r\nbot\r\n",
    )
    follow, quiet = b"*3\r\n$6\r\nFOLLOW\r\n$5\r\nSINCE\r\n$1\r\n0\r\n", b"*1\r\n$5\r\nQUIET\r\n"
    peer.send(hello + (say + follow + say + quiet + say) * 50 + b"*1\r\n$3\r\nBYE\r\n")
    lines = (await peer.rest()).decode().split("\r\n")
    words = [line for line in lines if line in ("+OK", ">2")]
    told = "".join("p" if word == ">2" else "a" for word in words)
    assert told.count("a") == 101
    parts = told.split("a")
    assert not any(parts[0::2]), "nothing before FOLLOW is answered, or after QUIET is"
