"""The outlet: at once when it is quiet, a few times a second in a flood, and everything in the end."""

import asyncio

import pytest

from portico.client.prompt.outlet import Outlet
from portico.client.prompt.paint import plain
from portico.client.prompt.wording import Kind, Shown


class Drawn:
    """What was drawn, picture by picture."""

    def __init__(self):
        self.pictures = []
        self._news = asyncio.Event()

    def __call__(self, text):
        self.pictures.append(text)
        self._news.set()

    @property
    def text(self):
        return "".join(self.pictures)

    async def until(self, end):
        async with asyncio.timeout(10):
            while not self.text.endswith(end):
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def drawn():
    return Drawn()


def bob(number):
    return Shown(Kind.MESSAGE, f"Bob: {number}")


async def test_what_comes_at_once_is_drawn_at_once(drawn):
    outlet = Outlet(drawn, plain, fold=True)
    outlet.show([bob(1)])
    outlet.show([bob(2)])
    await drawn.until("2\n")
    assert drawn.pictures == ["Bob: 1\nBob: 2\n"]


async def test_a_person_gets_a_flood_folded_and_drawn_seldom(drawn):
    outlet = Outlet(drawn, plain, fold=True)
    for number in range(5_000):
        outlet.show([bob(number)])
        if number % 500 == 0:
            await asyncio.sleep(0)
    await drawn.until("Bob: 4999\n")
    assert "4,880 messages folded" in drawn.text
    assert len(drawn.pictures) < 10


async def test_a_program_gets_all_of_it(drawn):
    outlet = Outlet(drawn, plain, fold=False)
    outlet.show([bob(number) for number in range(5_000)])
    outlet.flush()
    assert drawn.text == "".join(f"Bob: {number}\n" for number in range(5_000))


async def test_nothing_is_drawn_when_there_is_nothing(drawn):
    outlet = Outlet(drawn, plain, fold=True)
    outlet.show([])
    outlet.flush()
    assert drawn.pictures == []
