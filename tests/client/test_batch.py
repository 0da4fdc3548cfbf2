"""Answers that are waited for together."""

import asyncio

from portico.client.batch import Batch
from portico.client.requests import Request
from portico.model.errors import NotFound, TimedOut


async def test_answers_stand_in_the_order_of_the_requests():
    batch = Batch(asyncio.get_running_loop())
    first, second = batch.place(), batch.place()
    refusal = NotFound("none")
    second.set_exception(refusal)
    first.set_result(1)
    assert await batch.answers() == [1, refusal]


async def test_no_requests_have_no_answers():
    assert await Batch(asyncio.get_running_loop()).answers() == []


async def test_it_waits_for_the_last_one():
    batch = Batch(asyncio.get_running_loop())
    first, second = batch.place(), batch.place()
    first.set_result(1)
    waiting = asyncio.ensure_future(batch.answers())
    await asyncio.sleep(0)
    assert not waiting.done()
    second.set_result(2)
    assert await waiting == [1, 2]


async def test_an_answer_that_comes_too_late_is_not_counted_again():
    batch = Batch(asyncio.get_running_loop())
    early, late = Request(b"", batch.place()), Request(b"", batch.place())
    late.answer(TimedOut("too late"))
    late.answer(TimedOut("too late"))
    assert late.slot.done()
    late.answer(7)
    early.answer(1)
    one, refusal = await batch.answers()
    assert (one, type(refusal)) == (1, TimedOut)


async def test_nobody_waits_after_it_was_given_up():
    batch = Batch(asyncio.get_running_loop())
    place = batch.place()
    waiting = asyncio.ensure_future(batch.answers())
    await asyncio.sleep(0)
    assert not place.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert place.done()
