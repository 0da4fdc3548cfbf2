"""What both clients stand on, against a server that the test plays: coming, joining, coming back, leaving."""

import asyncio

import pytest

from portico.client import core as core_module
from portico.client.address import Address
from portico.client.core import Core
from portico.model.errors import (
    CannotConnect,
    Gone,
    Lost,
    NoToken,
    PorticoError,
    Unavailable,
    WrongToken,
    error_of,
)
from tests.client.conftest import looks
from tests.server.conftest import until
from tests.support.stage import soon
from tests.support.talk import OK, entry_push, facts, message, session


async def is_over(core, kind):
    """The client is disconnected for good, and says why to whoever asks."""
    await soon(core._link.gone())
    for work in (lambda: core.ask(["PING"]), lambda: core.ask_all([["PING"]]), core.join, core.started):
        with pytest.raises(kind):
            await work()


ANY = ("HELLO 3", "NAME", "HELLO 3")
"""How a client comes that takes any name."""

PASSING = [error_of(*each) for each in (("FULL", "3 of 3"), ("TAKEN", "by bob"), ("UNAVAILABLE", "later"))]
FATAL = [error_of(*each) for each in (("BADNAME", "bad"), ("DENIED", "no"), ("WRONGPASS", "no token"))]


def code(error):
    return error.code


# --- the first connection -------------------------------------------------------------------------


@pytest.mark.parametrize("error", [*PASSING[:2], *FATAL], ids=code)
@pytest.mark.parametrize("name", [None, "ann", ""])
async def test_a_refusal_at_the_first_connection_is_final(stage, name, error):
    core = stage.core(name)
    starting = asyncio.ensure_future(core.start())
    if name == "":
        await stage.refused(ANY, facts(), error)
    else:
        await stage.refused(["HELLO 3 SETNAME ann" if name else "HELLO 3"], error)
    with pytest.raises(PorticoError) as raised:
        await soon(starting)
    assert (type(raised.value), raised.value.code) == (type(error), error.code)
    assert raised.value.sentence == error.sentence
    await is_over(core, Lost)
    assert stage.told == []


async def test_a_server_that_cannot_at_present_counts_as_nobody(stage):
    starting = asyncio.ensure_future(stage.core().start())
    await stage.refused(["HELLO 3"], Unavailable("the log is busy"))
    with pytest.raises(CannotConnect, match=r"cannot connect to 127.0.0.1:\d+: the log is busy; is a server"):
        await soon(starting)


async def test_nobody_is_there(unused_tcp_port):
    core = Core(Address("127.0.0.1", unused_tcp_port), None, "", 30.0, (print, print))
    with pytest.raises(CannotConnect, match=r"cannot connect to 127.0.0.1:\d+: connection refused"):
        await soon(core.start())
    await is_over(core, Lost)


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "a\0b", "nowhere.invalid"])
async def test_no_machine_has_that_name(host):
    with pytest.raises(CannotConnect):
        await soon(Core(Address(host, 1), None, "", 30.0, (print, print)).start())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n",
        b"*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n",
        b"+OK\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
async def test_what_is_there_is_not_portico(stage, answer):
    starting = asyncio.ensure_future(stage.core().start())
    line = await stage.line()
    await line.hear()
    line.sends(answer)
    with pytest.raises(CannotConnect, match=r"what answers at 127.0.0.1:\d+ is not Portico"):
        await soon(starting)


async def test_a_server_that_hangs_up(stage):
    starting = asyncio.ensure_future(stage.core().start())
    line = await stage.line()
    await line.hear()
    line.breaks()
    with pytest.raises(CannotConnect, match="the connection broke"):
        await soon(starting)


async def test_a_server_that_does_not_introduce_itself(stage, monkeypatch):
    monkeypatch.setattr(core_module, "CONNECT_SECONDS", 0.05)
    starting = asyncio.ensure_future(stage.core().start())
    await (await stage.line()).hear()
    with pytest.raises(CannotConnect, match="the server said nothing for"):
        await soon(starting)


async def test_a_server_that_is_far_away(stage):
    """An introduction may take longer than time-outs are looked at."""
    core = stage.core()
    starting = asyncio.ensure_future(core.start())
    line = await stage.line()
    await looks(core)
    await line.hears("HELLO 3")
    line.says(facts())
    await soon(starting)


async def test_several_wait_for_the_first_connection(stage):
    core = stage.core("ann")
    starting = asyncio.gather(core.start(), core.started(), core.started())
    await stage.greeted("ann")
    await soon(starting)
    await soon(core.started())


async def test_who_cancels_the_start_ends_it(stage):
    core = stage.core()
    starting = asyncio.ensure_future(core.start())
    line = await stage.line()
    await line.hears("HELLO 3")
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await line.is_left()
    await is_over(core, Lost)


async def test_who_stops_meanwhile_ends_it(stage):
    core = stage.core()
    starting = asyncio.ensure_future(core.start())
    line = await stage.line()
    await line.hears("HELLO 3")
    await soon(core.stop())
    with pytest.raises(Lost, match="the client was closed"):
        await starting
    await line.is_left()


async def test_the_token_comes_first(stage):
    starting = asyncio.ensure_future(stage.core("ann", token="secret").start())
    line = await stage.line()
    await line.hears("HELLO 3 AUTH default secret SETNAME ann")
    line.says(session("ann"))
    await soon(starting)


async def test_a_token_is_shown_once_on_a_connection(stage):
    starting = asyncio.ensure_future(stage.core("", token="secret").start())
    line = await stage.line()
    await line.hears("HELLO 3 AUTH default secret", "NAME", "HELLO 3")
    line.says(facts(), "Client1", session("Client1"))
    await soon(starting)


async def test_who_comes_without_a_token_hears_how_it_is_given(stage):
    starting = asyncio.ensure_future(stage.core().start())
    await stage.refused(["HELLO 3"], error_of("NOAUTH", "this room wants a token: HELLO 3 AUTH ..."))
    with pytest.raises(NoToken, match=r"^this room wants a token; give it with token=$"):
        await soon(starting)


async def test_a_token_that_ends_meanwhile_ends_the_client_at_once(stage):
    """It is shown once and refused; also who was about to join hears of it."""
    core, line = await stage.begun()
    joining = asyncio.ensure_future(core.join("ann"))
    await line.hears("NAME ann", "HELLO 3")
    line.breaks()
    await stage.refused(["HELLO 3 SETNAME ann"], WrongToken())
    with pytest.raises(WrongToken):
        await soon(joining)
    await is_over(core, WrongToken)


async def test_who_shows_a_token_waits_for_its_turn(stage, monkeypatch):
    monkeypatch.setattr(core_module, "CONNECT_SECONDS", 0.001)
    core = stage.core("ann", token="secret")
    starting = asyncio.ensure_future(core.start())
    line = await stage.line()
    await line.hears("HELLO 3 AUTH default secret SETNAME ann")
    await looks(core)
    line.says(session("ann"))
    await soon(starting)


# --- joining --------------------------------------------------------------------------------------


async def test_two_who_join_at_once_get_the_same(stage):
    core, line = await stage.begun()
    joining = asyncio.gather(core.join("ann"), core.join("bob"))
    await line.hears("NAME ann", "HELLO 3")
    line.says("ann", session("ann"))
    assert await soon(joining) == ["ann", "ann"]


@pytest.mark.parametrize("error", [*PASSING[:2], FATAL[0]], ids=code)
async def test_who_cannot_join_stays_a_visitor_over_the_same_connection(stage, error):
    core, line = await stage.begun()
    joining = asyncio.ensure_future(core.join("ann"))
    await line.hears("NAME ann", "HELLO 3")
    line.says(error, facts())
    with pytest.raises(type(error)):
        await soon(joining)
    assert core.conversation.name is None
    joining = asyncio.ensure_future(core.join("eve"))
    await line.hears("NAME eve", "HELLO 3")
    line.says("eve", session("eve"))
    assert await soon(joining) == "eve"
    assert stage.told == []


async def test_who_gives_up_joining_takes_nothing_from_the_other(stage):
    core, line = await stage.begun()
    one, other = (asyncio.ensure_future(core.join("ann")) for _ in range(2))
    await line.hears("NAME ann", "HELLO 3")
    one.cancel()
    line.says("ann", session("ann"))
    assert await soon(other) == "ann"
    assert one.cancelled()


@pytest.mark.parametrize("error", PASSING[:2], ids=code)
@pytest.mark.parametrize(
    "name,asked,hello,before",
    [
        ("ann", ["NAME ann", "HELLO 3"], ["HELLO 3 SETNAME ann"], []),
        ("", ["NAME", "HELLO 3"], ANY, [facts()]),
    ],
)
async def test_ones_own_ghost_is_waited_for(stage, error, name, asked, hello, before):
    """Whether the join that broke was done is not known: what stands in the way may be ourselves."""
    core, line = await stage.begun()
    joining = asyncio.ensure_future(core.join(name))
    await line.hears(*asked)
    line.breaks()
    echo = core.ask(["ECHO", "x"])
    for _ in range(3):
        await stage.refused(hello, *before, error)
    assert not joining.done()
    line = await stage.line()
    await line.hears(*hello)
    line.says(*before, *(["ann"] if name == "" else []), session("ann"))
    assert await soon(joining) == "ann"
    await line.hears("ECHO x")
    line.says("x")
    assert await soon(echo) == "x"
    assert stage.told == ["the connection broke: connection reset by peer", "back"]


@pytest.mark.parametrize("error", PASSING[:2], ids=code)
async def test_ones_own_ghost_is_not_waited_for_without_end(stage, monkeypatch, error):
    core, line = await stage.begun()
    for _ in range(2):  # each time it is as long
        monkeypatch.setattr(core_module, "GHOST_SECONDS", 60.0)
        joining = asyncio.ensure_future(core.join("ann"))
        await line.hears("NAME ann", "HELLO 3")
        line.breaks()
        await stage.refused(["HELLO 3 SETNAME ann"], error)
        await stage.refused(["HELLO 3 SETNAME ann"], error)
        assert not joining.done()
        core._ghost_until -= 60.0
        await stage.refused(["HELLO 3 SETNAME ann"], error)
        with pytest.raises(type(error), match=error.sentence):
            await soon(joining)
        line = await stage.greeted()
        await until(lambda: core.conversation.ready)
    assert core.conversation.name is None


@pytest.mark.parametrize("error", [*FATAL[:2], PASSING[2]], ids=code)
async def test_a_join_that_is_refused_on_the_way_back_leaves_a_visitor(stage, error):
    core, line = await stage.begun()
    joining = asyncio.ensure_future(core.join("ann"))
    await line.hears("NAME ann", "HELLO 3")
    line.breaks()
    await stage.refused(["HELLO 3 SETNAME ann"], error)
    with pytest.raises(type(error), match=error.sentence):
        await soon(joining)
    line = await stage.greeted()
    answer = core.ask(["PING"])
    await line.hears("PING")
    line.says("PONG")
    assert await soon(answer) == "PONG"


@pytest.mark.parametrize("error", PASSING[:2], ids=code)
async def test_who_was_never_there_has_no_ghost(stage, error):
    """The connection was already gone when it was to join: so it cannot be ourselves."""
    core, line = await stage.begun()
    line.breaks()
    line = await stage.line()
    await line.hears("HELLO 3")
    joining = asyncio.ensure_future(core.join("ann"))
    await asyncio.sleep(0)
    line.breaks()
    await stage.refused(["HELLO 3 SETNAME ann"], error)
    with pytest.raises(type(error)):
        await soon(joining)


# --- the way back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", PASSING, ids=code)
async def test_a_session_comes_back_through_passing_refusals(stage, error):
    core, line = await stage.begun("ann")
    says = [core.ask(["SAY", text]) for text in "ab"]
    await line.hears("SAY a", "SAY b")
    line.says(8)
    assert await soon(says[0]) == 8
    line.breaks()
    for _ in range(3):
        await stage.refused(["HELLO 3 RESUME secret of ann"], error)
    says.append(core.ask(["SAY", "c"]))
    line = await stage.resumed("ann")
    await line.hears("SAY b", "SAY c")
    line.says(9, 10)
    assert [await soon(each) for each in says] == [8, 9, 10]
    assert stage.told == ["the connection broke: connection reset by peer", "back"]


@pytest.mark.parametrize("error", FATAL, ids=code)
async def test_a_fatal_refusal_on_the_way_back_ends_everything(stage, error):
    core, line = await stage.begun("ann")
    reader = core.feed.reader(7)
    waiting = [
        asyncio.ensure_future(each)
        for each in (core.ask(["SAY", "x"]), core.ask_all([["ECHO", "a"], ["ECHO", "b"]]), reader.next())
    ]
    await line.hear()
    line.breaks()
    await stage.refused(["HELLO 3 RESUME secret of ann"], error)
    said, asked, read = await soon(asyncio.gather(*waiting, return_exceptions=True))
    for each in (said, *asked, read):
        assert (type(each), each.sentence) == (type(error), error.sentence)
    await is_over(core, type(error))
    assert stage.told == ["the connection broke: connection reset by peer"]


async def test_a_session_that_is_forgotten_joins_again_under_its_name(stage):
    core, line = await stage.begun("ann")
    line.breaks()
    line = await stage.line()
    await line.hears("HELLO 3 RESUME secret of ann")
    line.says(error_of("NOTFOUND", "no such session"))
    await line.hears("HELLO 3 SETNAME ann")
    line.breaks()
    await stage.refused(["HELLO 3 SETNAME ann"], PASSING[1])
    line = await stage.line()
    await line.hears("HELLO 3 SETNAME ann")
    line.says(session("ann"))
    await until(lambda: core.conversation.ready)
    assert core.conversation.name == "ann"


async def test_a_break_is_told_once_and_so_is_the_return(stage):
    core, line = await stage.begun("ann")
    for count in range(1, 4):
        line.breaks()
        for _ in range(2):
            (await stage.line()).breaks()
        line = await stage.resumed("ann")
        await until(lambda count=count: len(stage.told) == 2 * count)
    assert stage.told == ["the connection broke: connection reset by peer", "back"] * 3
    await soon(core.stop())
    assert stage.told[6:] == [], "an end of one's own is no loss"


async def test_joining_is_no_return(stage):
    core, line = await stage.begun()
    joining = asyncio.ensure_future(core.join("ann"))
    await line.hears("NAME ann", "HELLO 3")
    line.says("ann", session("ann"))
    await soon(joining)
    await asyncio.sleep(0)
    assert stage.told == []


async def test_the_servers_farewell_is_the_reason(stage):
    _, line = await stage.begun("ann")
    line.sends(b">2\r\n$7\r\nclosing\r\n$16\r\nthe server stops\r\n")
    line.ends()
    await stage.resumed("ann")
    await until(lambda: len(stage.told) == 2)
    assert stage.told == ["the server stops", "back"]


async def test_what_must_not_be_done_twice_is_not_asked_twice(stage):
    core, line = await stage.begun("ann")
    waiting = [
        asyncio.ensure_future(each)
        for each in (
            core.ask(["ECHO", "once"], again=False),
            core.ask_all([["ECHO", "all"]], again=False),
            core.ask(["ECHO", "again"]),
        )
    ]
    await line.hears("ECHO once", "ECHO again", "ECHO all")
    line.breaks()
    line = await stage.resumed("ann")
    await line.hears("ECHO again")
    line.says("again")
    once, every, again = await soon(asyncio.gather(*waiting, return_exceptions=True))
    assert [type(once), type(every[0]), again] == [Lost, Lost, "again"]
    assert "it may have been done" in once.sentence


async def test_a_callback_that_fails_stops_nothing(stage):
    heard = []

    def fail(*_):
        raise RuntimeError("of the user's own")

    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context["exception"]))
    core, line = await stage.begun("ann")
    core._tell_lost = core._tell_back = fail
    for _ in range(2):
        line.breaks()
        line = await stage.resumed("ann")
        answer = core.ask(["PING"])
        await line.hears("PING")
        line.says("PONG")
        assert await soon(answer) == "PONG"
    assert [str(each) for each in heard] == ["of the user's own"] * 4


# --- keys -----------------------------------------------------------------------------------------


async def test_no_key_is_ever_the_same(stage):
    cores = [stage.core() for _ in range(10)]
    keys = [core.key() for core in cores for _ in range(200)]
    assert len(set(keys)) == 2_000
    assert max(len(key) for key in keys) <= 64


# --- entries --------------------------------------------------------------------------------------


async def following(core, line):
    """A reader that has come to where entries are pushed, and got one."""
    reader = core.feed.reader(7)
    reading = asyncio.ensure_future(reader.next())
    await line.hears("FOLLOW", "HISTORY SINCE 7 COUNT 1000")
    line.says(OK, [])
    line.sends(entry_push(8))
    assert [entry.seq for entry in await soon(reading)] == [8]
    return reader


async def test_entries_go_on_where_they_were(stage):
    core, line = await stage.begun()
    reader = await following(core, line)
    line.breaks()
    line = await stage.greeted()
    await line.hears("FOLLOW SINCE 8")
    line.sends(entry_push(9))
    assert core.conversation._turns == 1, "this one is of before"
    line.says(OK)
    line.sends(entry_push(9))
    assert [entry.seq for entry in await soon(reader.next())] == [9]
    reader.close()
    await line.hears("QUIET")


async def test_entries_that_are_not_kept_end_in_the_history(stage):
    core, line = await stage.begun()
    reader = await following(core, line)
    line.breaks()
    line = await stage.line()
    await line.hears("HELLO 3")
    line.says(facts(first=20, head=30))
    await line.hears("FOLLOW SINCE 8")
    line.says(error_of("GONE", "entries from 20 to 30 are kept"))
    await line.hears("FOLLOW", "QUIET")
    line.says(OK, OK)
    reading = asyncio.ensure_future(reader.next())
    await line.hears("FOLLOW", "HISTORY SINCE 8 COUNT 1000")
    line.says(OK, error_of("GONE", "entries from 20 to 30 are kept"))
    with pytest.raises(Gone, match="from 20 to 30"):
        await soon(reading)


async def test_another_log_ends_all_readers(stage):
    core, line = await stage.begun()
    reader = await following(core, line)
    waiting = asyncio.ensure_future(reader.next())
    behind = asyncio.ensure_future(core.feed.reader(3).next())
    await line.hears("HISTORY SINCE 3 COUNT 1000")
    line.breaks()
    line = await stage.line()
    await line.hears("HELLO 3")
    line.says(facts(log="log2", first=2, head=3))
    sentence = "the room begins anew; entries from 2 to 3 are kept"
    with pytest.raises(Gone, match=sentence):
        await soon(waiting)
    await line.hears("FOLLOW", "QUIET", "HISTORY SINCE 3 COUNT 1000")
    line.says(OK, OK, [message(4)])
    with pytest.raises(Gone, match=sentence):
        await soon(behind)
    assert stage.told[1:] == ["back"]
    reading = asyncio.ensure_future(core.feed.reader(3).next())
    await line.hears("FOLLOW", "HISTORY SINCE 3 COUNT 1000")
    line.says(OK, [message(4)])
    assert [entry.seq for entry in await soon(reading)] == [4]


# --- the end --------------------------------------------------------------------------------------


async def test_a_session_says_goodbye(stage):
    core, line = await stage.begun("ann")
    stopping = asyncio.ensure_future(core.stop())
    await line.hears("BYE")
    line.says(OK)
    await line.is_left()
    await soon(stopping)
    await is_over(core, Lost)


async def test_the_goodbye_is_not_waited_for_long(stage):
    core, line = await stage.begun("ann")
    await soon(core.stop())
    await line.hears("BYE")
    await line.is_left()


@pytest.mark.parametrize("name", [None, "ann"])
async def test_who_is_not_there_says_none(stage, monkeypatch, name):
    monkeypatch.setattr(core_module, "CLOSE_SECONDS", 60.0)
    core, line = await stage.begun(name)
    if name:
        line.breaks()
        line = await stage.line()
        await line.hears("HELLO 3 RESUME secret of ann")
    await soon(core.stop())
    await line.is_left()


async def test_whoever_waits_hears_of_the_end(stage):
    core, line = await stage.begun()
    reader = await following(core, line)
    waiting = [
        asyncio.ensure_future(each)
        for each in (core.ask(["PING"]), core.join("ann"), reader.next(), core.feed.reader(3).next())
    ]
    await line.hears("PING", "NAME ann", "HELLO 3", "HISTORY SINCE 3 COUNT 1000")
    await soon(asyncio.gather(core.stop(), core.stop()))
    results = await soon(asyncio.gather(*waiting, return_exceptions=True))
    assert [type(each) for each in results] == [Lost] * 4
    assert stage.told == []
