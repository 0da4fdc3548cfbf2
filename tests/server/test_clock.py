import asyncio
import time

from portico.server.clock import MachineClock


async def test_now_is_microseconds_since_1970():
    assert abs(MachineClock(lambda: 0).now() / 1e6 - time.time()) < 5


async def test_waiting_ends_at_once_when_the_entry_is_there():
    assert await MachineClock(lambda: 7).next_entry(6, 60)


async def test_waiting_ends_when_the_bell_rings_for_a_new_entry():
    head = [6]
    clock = MachineClock(lambda: head[0])
    waiting = asyncio.create_task(clock.next_entry(6, 60))
    await asyncio.sleep(0)
    head[0] = 7
    clock.ring()
    assert await waiting


async def test_waiting_ends_when_the_time_is_up():
    assert not await MachineClock(lambda: 6).next_entry(6, 0.01)


async def test_nobody_waits_on_a_closed_clock():
    clock = MachineClock(lambda: 6)
    waiting = asyncio.create_task(clock.next_entry(6, 60))
    await asyncio.sleep(0)
    clock.close()
    assert not await waiting
    assert not await clock.next_entry(6, 60)
