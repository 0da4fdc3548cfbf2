"""Readers of entries, fed by hand: pushes that come early, late or too many, and a history in a list."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.client import feed as module
from portico.client.feed import Feed, Reader
from portico.model.entries import ErasedMessage, Message
from portico.model.errors import Gone, Lost

PAGE = 3


def entry(seq: int, text: str = "hi") -> Message:
    return Message(seq, 0, "ann", 0, text)


class Room:
    """A history that grows, and who is pushed what is new."""

    def __init__(self) -> None:
        self.feed = Feed(self, self.page)
        self.entries: list[Message] = []
        self.following = False
        self.asked: list[int] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.unknown: set[int] = set()

    def follow(self) -> None:
        assert not self.following
        self.following = True

    def unfollow(self) -> None:
        assert self.following
        self.following = False

    async def page(self, after: int):
        self.asked.append(after)
        page = self.entries[after : after + PAGE]
        await asyncio.sleep(0)
        self.meanwhile()
        known = [each for each in page if each.seq not in self.unknown]
        return known, page[-1].seq if page else after

    def say(self, count: int = 1, text: str = "hi") -> None:
        for _ in range(count):
            self.entries.append(entry(len(self.entries) + 1, text))
            if self.following and len(self.entries) not in self.unknown:
                self.feed.deliver(self.entries[-1])


async def read(reader: Reader, count: int) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            found += [each.seq for each in await reader.next()]
    return found


@pytest.fixture
def room():
    return Room()


async def test_from_the_past_into_the_present(room):
    room.say(7)
    reader = room.feed.reader(0)
    assert await read(reader, 7) == [1, 2, 3, 4, 5, 6, 7]
    waiting = asyncio.ensure_future(reader.next())
    await asyncio.sleep(0.01)
    room.say(2)
    assert [each.seq for each in await waiting] == [8, 9]
    asked = len(room.asked)
    room.say()
    assert await read(reader, 1) == [10]
    assert len(room.asked) == asked, "pushes are enough"


async def test_what_comes_while_a_page_is_read_comes_once(room):
    room.say(4)
    room.meanwhile = lambda: room.say(2)
    assert await read(room.feed.reader(0), 8) == list(range(1, 9))


async def test_nothing_is_pushed_before_anybody_reads_or_afterwards(room):
    reader = room.feed.reader(0)
    assert not room.following
    room.say()
    await read(reader, 1)
    assert room.following
    reader.close()
    assert not room.following
    reader.close()


async def test_several_readers_each_with_a_place(room):
    room.say(5)
    first, second = room.feed.reader(0), room.feed.reader(3)
    assert await read(first, 5) == [1, 2, 3, 4, 5]
    assert await read(second, 2) == [4, 5]
    pair = asyncio.gather(first.next(), second.next())
    await asyncio.sleep(0.01)
    room.say()
    assert [[each.seq for each in entries] for entries in await pair] == [[6], [6]]
    first.close()
    assert room.following
    room.say()
    assert await read(second, 1) == [7]


async def test_a_slow_reader_holds_only_so_much_and_loses_nothing(room, monkeypatch):
    monkeypatch.setattr(module, "EVENTS_HELD", 10)
    reader = room.feed.reader(0)
    room.say()
    await read(reader, 1)
    room.say(500)
    assert len(reader._buffer) <= 10
    assert not room.following, "nobody wants pushes that nobody can keep"
    assert await read(reader, 500) == list(range(2, 502))
    assert not room.following or len(reader._buffer) <= 10


async def test_a_slow_reader_holds_only_so_much_text(room, monkeypatch):
    monkeypatch.setattr(module, "EVENT_BYTES_HELD", 100)
    reader = room.feed.reader(0)
    room.say()
    await read(reader, 1)
    room.say(3, "x" * 30)
    assert len(reader._buffer) == 3
    room.say(1, "x" * 30)
    assert len(reader._buffer) == 0
    assert await read(reader, 4) == [2, 3, 4, 5]


async def test_a_slow_reader_does_not_hold_up_another(room, monkeypatch):
    monkeypatch.setattr(module, "EVENTS_HELD", 10)
    room.say()
    slow, quick = room.feed.reader(0), room.feed.reader(0)
    await read(slow, 1)
    for number in range(2, 50):
        room.say()
        assert await read(quick, 1 if number > 2 else 2) in ([number], [1, 2])
    assert room.following
    assert await read(slow, 48) == list(range(2, 50))


async def test_what_was_skipped_is_read_from_the_history(room):
    reader = room.feed.reader(0)
    room.say()
    await read(reader, 1)
    room.say()
    room.entries += [entry(3), entry(4)]
    room.feed.skipped()
    room.say()
    assert await read(reader, 4) == [2, 3, 4, 5]


async def test_an_entry_without_a_text_takes_no_room(room):
    reader = room.feed.reader(0)
    room.say()
    await read(reader, 1)
    room.feed.deliver(ErasedMessage(2, 0, "ann", 0))
    assert await read(reader, 1) == [2]


async def test_a_page_of_nothing_but_unknown_kinds_is_not_the_end(room):
    room.say(9)
    room.unknown = {1, 2, 3, 4, 5, 6, 8}
    assert await read(room.feed.reader(0), 2) == [7, 9]


async def test_what_is_here_comes_before_the_error(room):
    reader = room.feed.reader(0)
    waiting = asyncio.ensure_future(read(reader, 1))
    await asyncio.sleep(0.01)
    room.say()
    await waiting
    room.say(2)
    room.feed.fail(Lost("closed"))
    assert await read(reader, 2) == [2, 3]
    with pytest.raises(Lost):
        await reader.next()


async def test_the_error_comes_at_once_while_there_is_a_gap(room):
    reader = room.feed.reader(0)
    room.say(9)
    await read(reader, 1)
    room.say()
    room.feed.fail(Gone(1, 2))
    with pytest.raises(Gone):
        await reader.next()


async def test_a_page_that_comes_after_the_error_is_of_another_log(room):
    room.say(9)
    room.meanwhile = lambda: room.feed.fail(Gone(1, 2))
    with pytest.raises(Gone):
        await room.feed.reader(0).next()


async def test_who_waits_hears_of_the_error(room):
    reader = room.feed.reader(0)
    waiting = asyncio.ensure_future(reader.next())
    await asyncio.sleep(0.01)
    room.feed.fail(Lost("closed"))
    with pytest.raises(Lost):
        await waiting


async def test_a_reader_whose_waiting_is_cancelled_reads_on(room):
    reader = room.feed.reader(0)
    room.say(2)
    for _ in range(4):
        waiting = asyncio.ensure_future(reader.next())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    room.say(2)
    assert await read(reader, 4) == [1, 2, 3, 4]


@given(
    st.lists(
        st.tuples(st.sampled_from(["say", "read", "skip", "flood"]), st.integers(0, 2), st.integers(1, 6)),
        max_size=40,
    )
)
async def test_whatever_happens_every_reader_gets_everything_once_and_in_order(steps):
    room = Room()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EVENTS_HELD", 5)
        readers = [room.feed.reader(0) for _ in range(3)]
        seen: list[list[int]] = [[], [], []]
        for what, who, count in steps:
            match what:
                case "say":
                    room.say(count)
                case "flood":
                    room.say(7 * count)
                case "skip":
                    room.entries.append(entry(len(room.entries) + 1))
                    room.feed.skipped()
                case "read" if seen[who][-1:] != [len(room.entries)] and room.entries:
                    seen[who] += [each.seq for each in await readers[who].next()]
            assert all(len(each._buffer) <= 5 for each in readers)
        for reader, got in zip(readers, seen, strict=True):
            rest = await read(reader, len(room.entries) - len(got))
            assert got + rest == list(range(1, len(room.entries) + 1))
