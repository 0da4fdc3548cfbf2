"""What others did to the files is told to the room: in order, once each, and whatever fails on the way."""

import asyncio

import pytest

from portico.model.errors import Unavailable
from portico.model.files import Author, FileChange
from portico.server import announcer as module
from portico.server.announcer import Announcer
from tests.server.conftest import KeptConsole, until
from tests.support.service import InMemory


class Outside:
    """A repository others work in: what is put into `coming` is yielded, errors are raised."""

    def __init__(self):
        self.coming = []
        self.asked = 0
        self._wake = asyncio.Event()

    def put(self, *changes):
        self.coming += changes
        self._wake.set()

    async def changes(self):
        while True:
            while not self.coming:
                self._wake.clear()
                await self._wake.wait()
            change = self.coming.pop(0)
            if change is None:
                return
            if isinstance(change, Exception):
                raise change
            self.asked += 1
            yield change


def added(path):
    return FileChange(f"seen:{path}", "added", path, Author(), 5)


@pytest.fixture
async def service():
    return InMemory()


@pytest.fixture
async def announced(service, monkeypatch):
    """Run an announcer; return its repository, its console and its task."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    outside, console = Outside(), KeptConsole()
    task = asyncio.create_task(Announcer(service.room, outside, service.clock, console).run())
    yield outside, console, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_each_change_is_an_entry_and_the_next_waits_until_it_stands_in_the_log(service, announced):
    outside, console, _ = announced
    outside.put(added("a"), added("b"), added("a"))
    await until(lambda: len(service.room.outbox) == 1)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (outside.asked, len(service.room.outbox)) == (1, 1)
    service.carry()
    await until(lambda: len(service.room.outbox) == 1)
    service.carry()
    await until(lambda: outside.asked == 3)
    assert service.room.state.seq == 2
    assert list(service.room.state.files) == ["seen:a", "seen:b"]
    assert console.notes == []


async def test_a_fault_is_told_once_and_tried_again(service, announced):
    outside, console, _ = announced
    outside.put(*[Unavailable("the files cannot be read")] * 3, added("a"))
    await until(lambda: len(service.room.outbox) == 1)
    service.carry()
    await until(lambda: list(service.room.state.files) == ["seen:a"])
    assert console.notes == ["changes of the files are not announced at present: the files cannot be read"]
    outside.put(Unavailable("the files cannot be read"))
    await until(lambda: len(console.notes) == 2)


async def test_a_room_that_takes_nothing_gets_the_change_later(service, announced, monkeypatch):
    outside, console, _ = announced
    real, refusals = service.room.file, [Unavailable("too much is waiting")] * 2

    def file(now, change):
        if refusals:
            raise refusals.pop()
        return real(now, change)

    monkeypatch.setattr(service.room, "file", file)
    outside.put(added("a"))
    await until(lambda: len(service.room.outbox) == 1)
    assert console.notes == ["changes of the files are not announced at present: too much is waiting"]


async def test_a_mistake_of_our_own_does_not_end_the_server(service, announced):
    outside, console, _ = announced
    outside.put(ValueError("a bug"), added("a"))
    await until(lambda: len(service.room.outbox) == 1)
    assert [str(error) for error in console.reports] == ["a bug"]


async def test_it_ends_with_the_repository(announced):
    outside, _, task = announced
    outside.put(None)
    async with asyncio.timeout(5):
        await task
