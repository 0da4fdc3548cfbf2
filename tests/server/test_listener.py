import asyncio
from contextlib import suppress

import pytest

from portico.model.errors import PorticoError
from portico.server.limits import OPEN_SLOTS
from tests.server.conftest import FaultyLog, until
from tests.support.resp import encode


async def test_sessions_open_at_a_crash_are_closed_by_recovery(start):
    log = FaultyLog()
    served = await start(log)
    peer = await served.joined()
    await peer.say("Hello")
    for task in served.server._tasks:
        task.cancel()
    again = await start(log)
    (session,) = again.server.room.state.sessions.values()
    assert session.disconnected is not None
    assert session.reason == "crash"


async def test_the_number_of_places_is_what_this_start_says(start):
    log = FaultyLog()
    await start(log, max_clients=3)
    served = await start(log, max_clients=7)
    assert served.server.room.state.max_clients == 7


async def test_stopping_tells_and_closes_every_session_and_writes_when_it_left(start):
    served = await start()
    peer = await served.joined()
    waiting = await served.connect()
    waiting.send(b"*5\r\n$7\r\nHISTORY\r\n$5\r\nSINCE\r\n$1\r\n1\r\n$4\r\nWAIT\r\n$5\r\n60000\r\n")
    await asyncio.sleep(0.05)
    await served.server.stop()
    assert await peer.rest() == b"* the server is shutting down\n"
    assert await waiting.rest() == b"*0\r\n"
    (session,) = served.server.room.state.sessions.values()
    assert session.disconnected is not None
    assert session.reason == ""
    assert (await served.log.load_snapshot("main")) is not None


async def test_a_task_that_ends_is_not_unheard(start):
    served = await start()

    async def fail() -> None:
        raise PorticoError("broken")

    served.server._begin(fail())
    with pytest.raises(PorticoError, match="broken"):
        await served.server.broken


async def test_a_mistake_in_one_scheduled_call_does_not_keep_the_others_from_theirs(start):
    served, done = await start(), asyncio.Event()
    served.server.schedule(lambda: 1 // 0)
    served.server.schedule(done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert [type(error) for error in served.console.reports] == [ZeroDivisionError]


async def test_a_connection_that_was_not_read_from_is_not_read_again_by_a_server_that_stops(start):
    served = await start(drain=30.0)
    served.log.gate.clear()
    peer = await served.connect()
    peer.send(encode("SAY", "asked in time", "AS", "ann") * (OPEN_SLOTS + 1))
    await until(lambda: any(connection.watched for connection in served.server.door.connections))
    stopping = asyncio.ensure_future(served.server.stop())
    await until(lambda: served.server.door.closed)
    peer.send(encode("SAY", "too late", "AS", "ann"))
    served.log.gate.set()
    with suppress(ConnectionError):  # what was sent in vain may turn the close into a reset
        await peer.rest()
    await stopping
    assert {entry.text for entry in served.console.told} == {"asked in time"}
