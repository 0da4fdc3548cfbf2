"""What a server counts about itself."""

import asyncio
import time

from portico.model.entries import Message, Presence
from portico.server import measures
from portico.server.measures import Durations, Measures
from tests.server.conftest import until

LATE = 0.05


def test_durations_are_counted_up_to_their_bounds():
    measured = Durations((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 2.0, 9.0):
        measured.add(seconds)
    assert measured.counts == [2, 2, 1]
    assert measured.sum == 14.0


def test_entries_are_counted_by_their_kind():
    counted = Measures()
    counted.committed([Message(1, 0, "Ann", 1, "a"), Presence(2, 0, "Bob", 2, "joined", "", "")])
    counted.committed([Message(3, 0, "Ann", 1, "b")])
    assert counted.entries == {"message": 2, "presence": 1}


async def test_a_late_event_loop_is_seen(monkeypatch):
    monkeypatch.setattr(measures, "LAG_SECONDS", 0.001)
    counted = Measures()
    watching = asyncio.ensure_future(counted.watch())
    await asyncio.sleep(0)
    time.sleep(LATE)  # noqa: ASYNC251 - to keep the event loop is the point
    await until(lambda: counted.lag > LATE / 2)
    watching.cancel()
