"""The past of a room: pages, what is not kept, erasing, forgetting, and opening it again."""

import pytest

from portico.model.entries import visible
from portico.model.errors import Gone, NotFound, Unavailable
from portico.model.records import Leave, decode
from portico.ports import Snapshot
from portico.room import history as module
from portico.room.history import Filter, open_room
from portico.room.room import Room
from portico.room.snapshots import freeze
from portico.room.state import State
from portico.room.tail import Tail
from tests.support.listlog import ListLog

ADDRESS = ("127.0.0.1", 4711)
EVERYTHING = Filter()


class House:
    """A room, its log and its history."""

    async def open(self, log=None):
        self.log = log or ListLog()
        self.room, self.history = await open_room(self.log, "main", await self.log.open())
        return self

    async def commit(self):
        batch = self.room.outbox.next_batch()
        applied = self.room.committed(await self.log.append("main", batch.bodies(), batch.key))
        for position in applied.erase:
            await self.history.scrub(position)
        for later, outcome in applied.answers:
            later.resolve(outcome)
            assert outcome.error is None

    def forget_the_tail(self):
        self.room.tail = Tail()

    def snapshot(self):
        self.log.snapshot = freeze(self.room.state)()


async def furnished():
    """Entries 1 to 10, among records that made none: limits, a resume, a message said twice.

    1 anna joined, 2 bea joined, 3 hi (keyed), 4 Client1 joined, 5 its first message, 6 told to anna by bea,
    7 said by a visitor, 8 bea is now zoe, 9 zoe left, 10 bye
    """
    house = await House().open()
    room = house.room
    room.limit(1, 5)
    await house.commit()
    room.join(10, "anna", ADDRESS, "s1")
    room.join(20, "bea", ADDRESS, "s2")
    room.say(30, 1, "hi", "k")
    room.say(30, 2, "hi", "k")
    room.join_and_say(40, ADDRESS, "s3", "first")
    await house.commit()
    room.tell(50, 2, "anna", "psst")
    room.resume(55, "s2", ADDRESS)
    await house.commit()
    room.say_as(60, 0, "visitor", "knock")
    room.rename(70, 2, "zoe")
    room.leave(80, 2)
    room.say(90, 1, "bye")
    room.leave(95, 3)
    await house.commit()
    assert house.history.head == 11
    return house


@pytest.fixture(params=["from memory", "from the log", "reopened"])
async def house(request):
    made = await furnished()
    if request.param == "from the log":
        made.forget_the_tail()
    if request.param == "reopened":
        made.snapshot()
        made = await House().open(made.log)
    return made


def seqs(entries):
    return [entry.seq for entry in entries]


PUBLIC = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


@pytest.mark.parametrize(
    "since, count, expected",
    [
        (0, 100, PUBLIC),
        (0, 3, [1, 2, 3]),
        (4, 3, [5, 7, 8]),
        (5, 1, [7]),
        (10, 9, [11]),
        (11, 9, []),
        (0, 0, []),
    ],
)
async def test_a_page_is_the_first_after_a_number(house, since, count, expected):
    assert seqs(await house.history.page(since, count, EVERYTHING)) == expected


@pytest.mark.parametrize(
    "count, expected", [(1, [11]), (5, [7, 8, 9, 10, 11]), (6, [5, *PUBLIC[5:]]), (100, PUBLIC)]
)
async def test_the_newest_come_oldest_first(house, count, expected):
    assert seqs(await house.history.newest(count, EVERYTHING)) == expected


@pytest.mark.parametrize(
    "kind, expected", [("message", [3, 5, 7, 10]), ("presence", [1, 2, 4, 8, 9, 11]), ("file", [])]
)
async def test_one_kind_alone(house, kind, expected):
    assert seqs(await house.history.page(0, 100, Filter(0, kind))) == expected
    assert seqs(await house.history.newest(100, Filter(0, kind))) == expected
    assert seqs(await house.history.newest(1, Filter(0, kind))) == expected[-1:]


@pytest.mark.parametrize("session, sees", [(0, False), (1, True), (2, True), (3, False)])
async def test_what_is_told_is_for_two_only(house, session, sees):
    wanted = Filter(session, "message")
    assert (6 in seqs(await house.history.page(0, 100, wanted))) is sees
    assert (6 in seqs(await house.history.newest(100, wanted))) is sees
    if sees:
        assert (await house.history.entry(6, wanted)).text == "psst"
    else:
        with pytest.raises(NotFound):
            await house.history.entry(6, wanted)


async def test_every_entry_is_found_by_its_number(house):
    for seq in PUBLIC:
        assert (await house.history.entry(seq, EVERYTHING)).seq == seq


@pytest.mark.parametrize("seq", [-1, 0, 12])
async def test_a_number_that_stands_for_nothing_is_not_found(house, seq):
    with pytest.raises(NotFound):
        await house.history.entry(seq, EVERYTHING)


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_a_follower_gets_everything_once_in_order(house, limit):
    seq, got = 0, []
    while entries := await house.history.after(seq, limit):
        got += seqs(entries)
        seq = got[-1]
    assert got == list(range(1, 12))


@pytest.mark.parametrize("since", [-1, 12])
async def test_since_beyond_what_there_is_is_gone(house, since):
    with pytest.raises(Gone, match="entries from 1 to 11 are kept"):
        await house.history.page(since, 1, EVERYTHING)


async def test_long_histories_are_read_piece_by_piece(monkeypatch):
    monkeypatch.setattr(module, "PAGE_ENTRIES", 4)
    house = await furnished()
    house.forget_the_tail()
    assert seqs(await house.history.page(0, 100, EVERYTHING)) == PUBLIC
    assert seqs(await house.history.newest(2, Filter(0, "message"))) == [7, 10]
    assert seqs(await house.history.newest(100, EVERYTHING)) == PUBLIC
    assert seqs((await House().open(house.log)).room.tail.after(0, 100)) == list(range(1, 12))


async def test_an_empty_room_has_no_past():
    history = (await House().open()).history
    assert await history.page(0, 10, EVERYTHING) == []
    assert await history.newest(10, EVERYTHING) == []
    assert await history.after(0, 10) == ()
    with pytest.raises(Gone):
        history.check_since(1)


async def test_records_not_applied_yet_are_not_history():
    house = await furnished()
    house.forget_the_tail()
    await house.log.append("main", [house.log.records[-1]], "from elsewhere")
    assert seqs(await house.history.after(9, 100)) == [10, 11]


# Erasing


@pytest.mark.parametrize("seq", [3, 5, 6, 7], ids=["with a key", "with a join", "told", "by a visitor"])
async def test_an_erased_text_is_gone_and_its_entry_stays(house, seq):
    before = await house.history.entry(seq, Filter(1))
    house.room.erase(99, 1, seq)
    await house.commit()
    assert decode(house.log.records[house.room.state.ordinals.position_of(seq) - 1]).do == "erased"
    for past in (house.history, (await House().open(house.log)).history):
        after = await past.entry(seq, Filter(1))
        assert (after.kind, after.seq, after.at, after.sender) == ("erased", seq, before.at, before.sender)
        assert visible(after, 0) is visible(before, 0)
        assert len(await past.page(0, 100, Filter(1))) == 11


async def test_an_erased_text_replays_to_the_same_state():
    house = await furnished()
    for seq in (3, 5, 6):
        house.room.erase(99, 1, seq)
    await house.commit()
    assert not any(b"psst" in body or b"first" in body for body in house.log.records)
    assert (await House().open(house.log)).room.state.digest() == house.room.state.digest()
    house.room.join(99, "zoe", ADDRESS, "")
    await house.commit()
    assert house.room.say(99, 1, "hi", "k").value.seq == 3


async def test_an_erasure_cut_short_is_finished_when_the_room_opens():
    house = await furnished()
    house.room.erase(99, 1, 6)
    batch = house.room.outbox.next_batch()
    await house.log.append("main", batch.bodies(), batch.key)
    assert any(b"psst" in body for body in house.log.records)
    again = await House().open(house.log)
    assert not any(b"psst" in body for body in house.log.records)
    assert (await again.history.entry(6, Filter(1))).kind == "erased"


async def test_what_is_no_message_is_not_scrubbed():
    house = await furnished()
    before = list(house.log.records)
    for position in (1, 2, 99):
        await house.history.scrub(position)
    assert house.log.records == before


async def test_scrubbing_a_message_that_made_no_entry_changes_no_other():
    house = await furnished()
    position = next(
        i for i, body in enumerate(house.log.records, 1) if b'"session":2' in body and b'"k"' in body
    )
    await house.history.scrub(position)
    assert (await house.history.entry(3, EVERYTHING)).text == "hi"


# Forgetting


async def retained(count=None, since=None):
    house = await furnished()
    house.snapshot()
    house.forget_the_tail()
    await house.history.retain(count, since)
    return house


@pytest.mark.parametrize(
    "count, since, first",
    [
        (None, None, 1),
        (100, None, 1),
        (11, None, 1),
        (3, None, 9),
        (7, None, 4),
        (8, None, 4),
        (1, None, 11),
        (0, None, 11),
        (None, 0, 1),
        (None, 31, 4),
        (None, 60, 7),
        (None, 1000, 11),
        (3, 60, 9),
        (8, 70, 8),
    ],
)
async def test_retention_forgets_whole_records_and_keeps_the_newest(count, since, first):
    house = await retained(count, since)
    for past in (house.history, (await House().open(house.log)).history):
        assert past.first == first
        assert seqs(await past.page(first - 1, 100, Filter(1))) == list(range(first, 12))
        assert seqs(await past.newest(100, Filter(1))) == list(range(first, 12))
        if first > 1:
            with pytest.raises(Gone, match=f"entries from {first} to 11 are kept"):
                past.check_since(first - 2)
            with pytest.raises(NotFound):
                await past.entry(first - 1, Filter(1))


async def test_a_follower_that_fell_behind_what_is_kept_is_told_so():
    house = await retained(3)
    for seq in range(7):
        with pytest.raises(Gone):
            await house.history.after(seq, 10)


async def test_what_vanishes_while_it_is_read_is_gone():
    house = await furnished()
    house.forget_the_tail()
    await house.log.trim("main", 8)
    with pytest.raises(Gone):
        await house.history.after(0, 10)


async def test_nothing_is_forgotten_without_a_snapshot_or_above_it():
    house = await furnished()
    await house.history.retain(1, None)
    assert house.history.first == 1
    house.snapshot()
    for _ in range(3):
        house.room.say(99, 1, "more")
    await house.commit()
    await house.history.retain(1, None)
    assert house.history.first == 12
    assert seqs(await house.history.page(11, 100, EVERYTHING)) == [12, 13, 14]


async def test_retention_of_an_empty_room_does_nothing():
    house = await House().open()
    house.snapshot()
    await house.history.retain(1, 1)
    assert house.history.first == 1


async def test_an_entry_is_numbered_right_though_the_other_of_its_record_is_asked_for_alone():
    house = await retained(7)
    assert seqs(await house.history.after(4, 1)) == [5]
    assert (await house.history.entry(5, EVERYTHING)).text == "first"


# Opening


@pytest.mark.parametrize("records", range(14))
async def test_a_snapshot_and_the_rest_make_the_same_room_as_everything(records):
    house = await furnished()
    state = State()
    Room("main", "run1", state).replay(await house.log.read("main", 0, records))
    house.log.snapshot = freeze(state)()
    again = await House().open(house.log)
    assert again.room.state.digest() == house.room.state.digest()
    assert seqs(await again.history.page(0, 100, Filter(1))) == list(range(1, 12))


async def test_a_snapshot_is_of_the_moment_it_was_asked_for():
    house = await furnished()
    digest, write = house.room.state.digest(), freeze(house.room.state)
    house.room.say(99, 1, "later")
    await house.commit()
    house.log.snapshot = write()
    assert house.log.snapshot.position == house.room.state.position - 1
    assert digest != house.room.state.digest()
    assert (await House().open(house.log)).room.state.digest() == house.room.state.digest()


async def test_a_log_that_does_not_fit_its_snapshot_is_not_opened():
    house = await furnished()
    house.snapshot()
    house.log.records.pop()
    with pytest.raises(Unavailable):
        await House().open(house.log)
    house = await furnished()
    await house.log.trim("main", 5)
    with pytest.raises(Unavailable):
        await House().open(house.log)


async def test_a_snapshot_that_cannot_be_read_opens_nothing():
    log = ListLog()
    log.snapshot = Snapshot(0, b"?")
    with pytest.raises(Unavailable):
        await House().open(log)


async def test_entries_that_only_a_newer_version_can_read_are_not_silently_left_out():
    house = await furnished()
    house.snapshot()
    again = await House().open(house.log)
    house.log.records = [b'{"v":2,"do":"dance"}'] * len(house.log.records)
    with pytest.raises(Unavailable):
        await again.history.after(0, 100)


async def test_the_log_speaks_for_itself():
    house = await furnished()
    last = decode(house.log.records[-1])
    assert last == Leave(95, 3, "Client1")
