"""Requests of the client's core, against a server that the test plays: their time, and very many of them."""

import asyncio
import gc

import pytest

from portico.client import conversation as conversation_module
from portico.client import core as core_module
from portico.client import limits
from portico.client.requests import Request
from portico.model.errors import Lost, TimedOut, Unavailable
from tests.client.conftest import looks
from tests.server.conftest import until
from tests.support.stage import soon
from tests.support.talk import session

# --- time -----------------------------------------------------------------------------------------


async def test_who_has_no_answer_in_time_is_told_so_and_the_client_goes_on(stage):
    core, line = await stage.begun(seconds=0.05)
    late = [core.ask(["ECHO", "late"]), core.ask(["ECHO", "later"])]
    results = await soon(asyncio.gather(*late, return_exceptions=True))
    assert [type(each) for each in results] == [TimedOut, TimedOut]
    assert results[0].sentence == "no answer within 0.05 s; it may have been done"
    core._seconds = 30.0
    third = core.ask(["ECHO", "third"])
    await line.hears("ECHO late", "ECHO later", "ECHO third")
    line.says("late", "later", "third")
    assert await soon(third) == "third"


async def test_many_at_once_of_which_some_are_late(stage):
    core, line = await stage.begun(seconds=0.2)
    asking = asyncio.ensure_future(core.ask_all([["ECHO", text] for text in "abc"]))
    await line.hears("ECHO a")
    line.says("a")
    answers = await soon(asking)
    assert [answers[0], type(answers[1]), type(answers[2])] == ["a", TimedOut, TimedOut]


async def test_the_trouble_is_named_and_it_is_the_latest(stage):
    core, line = await stage.begun("ann", seconds=0.05)
    line.breaks()
    await stage.refused(["HELLO 3 RESUME secret of ann"], Unavailable("the disk sleeps"))
    await until(lambda: core._trouble is not None and core._trouble.sentence == "the disk sleeps")
    with pytest.raises(TimedOut, match=r"^no answer within 0.05 s: the disk sleeps$"):
        await soon(core.ask(["ECHO", "x"]))
    assert core.conversation.pending() == [], "nobody waits for it any more"
    await (await stage.line()).hears("HELLO 3 RESUME secret of ann")


async def test_trouble_that_is_over_is_not_named(stage):
    core, line = await stage.begun("ann", seconds=0.05)
    line.breaks()
    await stage.resumed("ann")
    await until(lambda: stage.told[1:] == ["back"])
    with pytest.raises(TimedOut, match="it may have been done"):
        await soon(core.ask(["ECHO", "x"]))


async def test_joining_takes_no_longer_either(stage):
    core, line = await stage.begun(seconds=0.05)
    with pytest.raises(TimedOut, match="it may have been done"):
        await soon(core.join("ann"))
    await line.hears("NAME ann", "HELLO 3")
    line.breaks()
    await stage.line()
    with pytest.raises(TimedOut, match="the connection broke"):
        await soon(core.join("ann"))


async def test_who_has_all_the_time_waits(stage):
    core, line = await stage.begun(seconds=None)
    waiting = [asyncio.ensure_future(each) for each in (core.ask(["PING"]), core.join("ann"))]
    await looks(core)
    assert not any(each.done() for each in waiting)
    await line.hears("PING", "NAME ann", "HELLO 3")
    line.says("PONG", "ann", session("ann"))
    assert await soon(asyncio.gather(*waiting)) == ["PONG", "ann"]


async def test_a_server_that_owes_an_answer_and_is_silent_is_left(stage, monkeypatch):
    core, line = await stage.begun("ann")
    monkeypatch.setattr(core_module, "SILENCE_SECONDS", 0.05)
    answer = core.ask(["ECHO", "x"])
    await line.hears("ECHO x")
    await line.is_left()
    monkeypatch.setattr(core_module, "SILENCE_SECONDS", 30.0)
    line = await stage.resumed("ann")
    await line.hears("ECHO x")
    line.says("x")
    assert await soon(answer) == "x"
    assert stage.told == ["the server said nothing for 0 s", "back"]


async def test_a_server_that_owes_nothing_is_asked_for_a_sign_of_life(stage, monkeypatch):
    monkeypatch.setattr(core_module, "IDLE_SECONDS", 0.02)
    _, line = await stage.begun()
    for _ in range(3):
        await line.hears("PING")
        line.says("PONG")
    assert stage.told == []
    monkeypatch.setattr(core_module, "SILENCE_SECONDS", 0.05)
    await line.hears("PING")
    await line.is_left()
    await stage.greeted()
    await until(lambda: stage.told[1:] == ["back"])


async def test_a_server_that_was_just_heard_is_not_asked(stage):
    core, line = await stage.begun()
    await looks(core)
    answer = core.ask(["ECHO", "x"])
    await line.hears("ECHO x")
    line.says("x")
    assert await soon(answer) == "x"


# --- many at once ---------------------------------------------------------------------------------


class Counted:
    """Requests that are made when they are taken: `taken` of them so far."""

    def __init__(self, most):
        self.taken, self._most = 0, most

    def __iter__(self):
        while self.taken < self._most:
            self.taken += 1
            yield ["ECHO", self.taken]


@pytest.fixture
def few(monkeypatch):
    """Eight requests may be open, three of them sent."""
    monkeypatch.setattr(core_module, "MOST_ASKED", 8)
    monkeypatch.setattr(conversation_module, "IN_FLIGHT", 3)


def test_the_limits_fit_together():
    """Requests that were sent wait for their answers even when nobody does: they alone must not block."""
    assert conversation_module.IN_FLIGHT < limits.MOST_ASKED // 2


async def test_who_asks_many_waits_until_half_are_answered(stage, few):
    core, line = await stage.begun()
    requests = Counted(20)
    asking = asyncio.ensure_future(core.ask_all(requests))
    taken = []
    for number in range(1, 21):
        await line.hears(f"ECHO {number}")
        taken.append(requests.taken)
        assert core.conversation.unanswered <= 8
        line.says(str(number))
    assert await soon(asking) == [str(number) for number in range(1, 21)]
    assert taken[:5] == [9] * 5, "the next is at hand, and waits until fewer than half are open"
    assert taken[-1] == 20


async def test_several_who_ask_many_share_the_limit(stage, few):
    core, line = await stage.begun()
    requests = [Counted(12) for _ in range(3)]
    asking = asyncio.gather(*[core.ask_all(each) for each in requests])
    for _ in range(36):
        text = (await line.hear()).removeprefix("ECHO ")
        assert core.conversation.unanswered <= 8
        line.says(text)
    assert await soon(asking) == [[str(number) for number in range(1, 13)]] * 3


async def test_many_at_once_over_a_connection_that_breaks(stage, few):
    core, line = await stage.begun("ann")
    asking = asyncio.ensure_future(core.ask_all(Counted(20)))
    for number in range(1, 21):
        await line.hears(f"ECHO {number}")
        if number in (5, 10):
            line.breaks()
            line = await stage.resumed("ann")
            await line.hears(f"ECHO {number}")
        line.says(str(number))
        if number in (4, 9):
            await until(lambda number=number: f"{number + 1}" in str(core.conversation.pending()[0].data))
    assert await soon(asking) == [str(number) for number in range(1, 21)]


async def test_many_at_once_to_a_server_that_stalls_all_end(stage, few):
    core, line = await stage.begun(seconds=0.05)
    requests = Counted(20)
    answers = await soon(core.ask_all(requests))
    assert [type(each) for each in answers] == [TimedOut] * 20
    await until(lambda: core.conversation.unanswered == 3)
    core._seconds = 30.0
    answer = core.ask(["ECHO", "x"])
    await line.hears("ECHO 1", "ECHO 2", "ECHO 3")
    line.says("1", "2", "3")
    await line.hears("ECHO x")
    line.says("x")
    assert await soon(answer) == "x"


async def test_who_gives_up_asking_many_leaves_room_for_others(stage, few):
    core, line = await stage.begun()
    asking = asyncio.ensure_future(core.ask_all(Counted(7)))
    await line.hears("ECHO 1", "ECHO 2", "ECHO 3")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: core.conversation.unanswered == 3)
    others = asyncio.ensure_future(core.ask_all([["ECHO", "x"]]))
    line.says("1", "2", "3")
    await line.hears("ECHO x")
    line.says("x")
    assert await soon(others) == ["x"]


async def test_who_gives_up_while_waiting_for_room_asks_no_more(stage, few):
    core, line = await stage.begun()
    requests = Counted(20)
    asking = asyncio.ensure_future(core.ask_all(requests))
    other = asyncio.ensure_future(core.ask_all([["ECHO", "x"]]))
    await line.hears("ECHO 1", "ECHO 2", "ECHO 3")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    line.says("1", "2", "3")
    while (request := await line.hear()) != "ECHO x":
        line.says(request.removeprefix("ECHO "))
    line.says("x")
    assert await soon(other) == ["x"]
    assert requests.taken == 9


async def test_who_waits_for_room_hears_of_the_end(stage, few):
    core, line = await stage.begun()
    requests = Counted(20)
    asking = asyncio.gather(*[core.ask_all(requests) for _ in range(2)], return_exceptions=True)
    await line.hears("ECHO 1", "ECHO 2", "ECHO 3")
    await soon(core.stop())
    assert [type(each) for each in await soon(asking)] == [Lost, Lost]
    assert requests.taken < 20


# --- thousands at once, and nobody answers --------------------------------------------------------

THOUSANDS = 4_000


def alive():
    """How many requests there are in memory."""
    gc.collect()
    return sum(type(each) is Request for each in gc.get_objects())


async def echoes(core, line):
    """It is usable, and keeps nothing."""
    answer = core.ask(["ECHO", "usable"])
    await line.hears("ECHO usable")
    line.says("usable")
    assert await soon(answer) == "usable"
    assert core.conversation.unanswered == 0
    assert alive() == 0


async def thousands(core):
    """Ask without any bound; return the tasks."""

    async def one(number):
        return await core.ask(["ECHO", number])

    tasks = [asyncio.ensure_future(one(number)) for number in range(THOUSANDS)]
    await asyncio.sleep(0)  # each begins
    assert core.conversation.unanswered >= THOUSANDS
    return tasks


async def kinds(tasks):
    """What came of them, of which kind; it may be of one kind only."""
    results = await soon(asyncio.gather(*tasks, return_exceptions=True))
    return {type(each) for each in results}


async def test_thousands_without_an_answer_are_late_and_it_goes_on_with_the_server(stage):
    core, line = await stage.begun(seconds=1.0)  # a slow machine has sent the first thousand by then
    assert await kinds(await thousands(core)) == {TimedOut}
    core._seconds = 30.0
    await until(lambda: core.conversation.unanswered == conversation_module.IN_FLIGHT)
    # Those whose time was up before there was time to send them never were.
    first = int((await line.hear()).removeprefix("ECHO "))
    for number in range(first + 1, first + conversation_module.IN_FLIGHT):
        await line.hears(f"ECHO {number}")
    line.says(*map(str, range(first, first + conversation_module.IN_FLIGHT)))
    await until(lambda: core.conversation.unanswered == 0)
    await echoes(core, line)


async def test_thousands_that_nobody_waits_for_are_not_asked_again(stage):
    core, line = await stage.begun("ann", seconds=0.1)
    assert await kinds(await thousands(core)) == {TimedOut}
    core._seconds = 30.0
    line.breaks()
    await echoes(core, await stage.resumed("ann"))


async def test_thousands_are_cancelled(stage):
    core, line = await stage.begun("ann")
    tasks = await thousands(core)
    for task in tasks:
        task.cancel()
    assert await kinds(tasks) == {asyncio.CancelledError}
    line.breaks()
    await echoes(core, await stage.resumed("ann"))


async def test_thousands_while_the_server_does_not_read(stage):
    core, line = await stage.begun("ann", seconds=0.1)
    line.reads_nothing()
    large = [core.ask(["ECHO", b"x" * 1_000_000]) for _ in range(20)]
    await until(lambda: core._link._choked)
    assert await kinds([*large, *await thousands(core)]) == {TimedOut}
    large.clear()
    core._seconds = 30.0
    line.breaks()
    await echoes(core, await stage.resumed("ann"))


async def test_thousands_are_asked_again_while_somebody_waits(stage):
    core, line = await stage.begun("ann")
    tasks = await thousands(core)
    await line.hears("ECHO 0", "ECHO 1")
    line.breaks()
    line = await stage.resumed("ann")
    for number in range(THOUSANDS):
        await line.hears(f"ECHO {number}")
        line.says(str(number))
    assert await soon(asyncio.gather(*tasks)) == [str(number) for number in range(THOUSANDS)]
    tasks.clear()
    await echoes(core, line)


async def test_thousands_hear_of_the_end(stage):
    before = asyncio.all_tasks()
    core, line = await stage.begun("ann")
    tasks = await thousands(core)
    await soon(core.stop())
    assert await kinds(tasks) == {Lost}
    line.breaks()
    assert len(asyncio.all_tasks() - before) == 1, "the server's own"
    stage.cores.clear()
    tasks.clear()
    del core
    await until(lambda: alive() == 0)


async def test_a_closed_client_does_not_pile_up_tracebacks(stage):
    core, _ = await stage.begun()
    await core.stop()
    for _ in range(100):
        with pytest.raises(Lost) as lost:
            core.ask(["PING"])
        depth, trace = 0, lost.value.__traceback__
        while trace is not None:
            depth, trace = depth + 1, trace.tb_next
    assert depth < 10


async def test_who_gives_up_while_waiting_for_room_leaves_nothing(stage, monkeypatch):
    monkeypatch.setattr(core_module, "MOST_ASKED", 8)
    monkeypatch.setattr(conversation_module, "IN_FLIGHT", 3)
    core, line = await stage.begun(seconds=None)
    asking = asyncio.ensure_future(core.ask_all([["ECHO", n] for n in range(20)]))
    await line.hears("ECHO 0", "ECHO 1", "ECHO 2")
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await until(lambda: core.conversation.unanswered == 3)


async def test_a_closed_client_keeps_no_requests(stage):
    core, line = await stage.begun()
    asking = asyncio.ensure_future(core.ask_all([["ECHO", "x"]]))
    await line.hears("ECHO x")
    await soon(core.stop())
    assert [type(each) for each in await asking] == [Lost]
    assert core.conversation.unanswered == 0
