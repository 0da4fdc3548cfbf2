"""What every `portico.ports.Log` promises, whatever it is made of."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portico.model.errors import Gone, Unavailable
from portico.ports import Bounds, Log, Snapshot, Stored
from tests.conformance.logs import LOGS, Reopen


@pytest.fixture(params=LOGS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    kind = LOGS[request.param]
    if reason := kind.missing():
        pytest.skip(reason)
    return kind.make(tmp_path)


@pytest.fixture
async def log(place: Reopen) -> AsyncIterator[Log]:
    log = place()
    await log.open()
    yield log
    await log.close()


@contextlib.asynccontextmanager
async def opened(place: Reopen) -> AsyncIterator[Log]:
    log = place()
    await log.open()
    try:
        yield log
    finally:
        await log.close()


def bodies(records) -> list[bytes]:
    return [stored.body for stored in records]


async def fill(log: Log, count: int, room: str = "main") -> None:
    await log.append(room, [b"record %d" % number for number in range(1, count + 1)], f"fill {room}")


async def first_of(log: Log, count: int, after: int = 0) -> list[Stored]:
    found: list[Stored] = []
    async with contextlib.aclosing(log.follow("main", after)) as following:
        async for stored in following:
            found.append(stored)
            if len(found) == count:
                break
    return found


class TestAppend:
    async def test_positions_begin_at_one_and_grow_by_the_records_of_a_batch(self, log):
        assert await log.append("main", [b"a"], "1") == 1
        assert await log.append("main", [b"b", b"c"], "2") == 3
        assert await log.append("main", [b"d"], "3") == 4
        assert await log.read("main", 0, 10) == [
            Stored(1, b"a"), Stored(2, b"b"), Stored(3, b"c"), Stored(4, b"d"),
        ]  # fmt: skip

    @pytest.mark.parametrize("size", [1, 2, 8, 9, 63, 64, 65, 1000, 1024, 1025, 3000])
    async def test_batches_of_any_size_keep_their_order(self, log, size):
        await log.append("main", [b"before"], "before")
        batch = [b"%d" % number for number in range(size)]
        assert await log.append("main", batch, "batch") == size + 1
        assert bodies(await log.read("main", 1, size + 1)) == batch

    async def test_big_empty_and_binary_records_come_back_as_they_are(self, log):
        batch = [b"x" * 262_144, b"", bytes(range(256)), b"\x00"]
        await log.append("main", batch, "1")
        assert bodies(await log.read("main", 0, 10)) == batch

    async def test_a_batch_without_records_is_a_mistake(self, log):
        with pytest.raises(ValueError, match="at least one"):
            await log.append("main", [], "1")
        assert await log.head("main") == Bounds(1, 0)

    async def test_concurrent_appends_are_whole_and_one_after_the_other(self, log):
        batches = [[b"%d %d" % (batch, number) for number in range(20)] for batch in range(30)]
        ends = await asyncio.gather(*(log.append("main", batch, batch[0].hex()) for batch in batches))
        assert sorted(ends) == list(range(20, 601, 20))
        for batch, end in zip(batches, ends, strict=True):
            assert bodies(await log.read("main", end - 20, 20)) == batch

    async def test_rooms_do_not_know_each_other(self, log):
        assert await log.append("main", [b"a"], "same key") == 1
        assert await log.append("other", [b"b", b"c"], "same key") == 2
        assert bodies(await log.read("main", 0, 10)) == [b"a"]
        assert bodies(await log.read("other", 0, 10)) == [b"b", b"c"]


class TestKeys:
    async def test_the_same_key_again_stores_nothing(self, log):
        assert await log.append("main", [b"a", b"b"], "key") == 2
        assert await log.append("main", [b"c"], "other") == 3
        assert await log.append("main", [b"a", b"b"], "key") == 2
        assert await log.head("main") == Bounds(1, 3)

    async def test_the_same_key_at_the_same_time_stores_once(self, log):
        assert set(await asyncio.gather(*(log.append("main", [b"a"], "key") for _ in range(20)))) == {1}
        assert await log.head("main") == Bounds(1, 1)

    async def test_a_thousand_keys_are_remembered_across_a_reopening(self, place):
        async with opened(place) as log:
            for number in range(1_000):
                await log.append("main", [b"a", b"b"], f"key {number}")
        async with opened(place) as log:
            for number in range(1_000):
                assert await log.append("main", [b"a", b"b"], f"key {number}") == 2 * number + 2
            assert await log.append("main", [b"c"], "new") == 2_001

    async def test_keys_outlive_their_records(self, place):
        async with opened(place) as log:
            for number in range(100):
                await log.append("main", [b"a"], f"key {number}")
            await log.trim("main", 100)
            assert await log.append("main", [b"a"], "key 7") == 8
        async with opened(place) as log:
            assert await log.append("main", [b"a"], "key 7") == 8
            assert await log.append("main", [b"a"], "key 99") == 100
            assert await log.append("main", [b"a"], "new") == 101

    async def test_a_cancelled_append_is_found_by_its_key(self, log):
        for turns in range(4):
            appending = asyncio.create_task(log.append("main", [b"a"], f"key {turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            appending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await appending
            assert await log.append("main", [b"a"], f"key {turns}") == turns + 1


class TestRead:
    async def test_pages_join_without_gap_or_overlap(self, log):
        await fill(log, 250)
        pages = [await log.read("main", after, 100) for after in (0, 100, 200, 250)]
        assert [len(page) for page in pages] == [100, 100, 50, 0]
        assert [stored.position for page in pages for stored in page] == list(range(1, 251))

    async def test_a_room_nobody_wrote_to_is_empty(self, log):
        assert list(await log.read("nowhere", 0, 10)) == []
        assert await log.head("nowhere") == Bounds(1, 0)
        assert await log.load_snapshot("nowhere") is None

    async def test_what_was_stored_is_there_after_a_reopening(self, place):
        async with opened(place) as log:
            identity = log.identity
            await fill(log, 10)
        async with opened(place) as log:
            assert log.identity == identity
            assert len(await log.read("main", 0, 100)) == 10
            assert await log.append("main", [b"a"], "next") == 11

    async def test_each_opening_has_a_name_of_its_own(self, place):
        epochs = set()
        for _ in range(3):
            log = place()
            epochs.add(await log.open())
            await log.close()
        assert len(epochs) == 3


class TestFollow:
    async def test_old_and_new_records_come_once_and_in_order(self, log):
        await fill(log, 10)
        following = asyncio.create_task(first_of(log, 15, after=5))
        await asyncio.sleep(0.01)
        await log.append("main", [b"new"] * 10, "new")
        found = await following
        assert [stored.position for stored in found] == list(range(6, 21))

    async def test_a_slow_reader_misses_nothing_of_a_concurrent_writer(self, log):
        sizes = [number % 7 + 1 for number in range(200)]

        async def write() -> None:
            for number, size in enumerate(sizes):
                await log.append("main", [b"%d" % number] * size, f"{number}")

        writing = asyncio.create_task(write())
        positions = []
        async with contextlib.aclosing(log.follow("main", 0)) as following:
            async for stored in following:
                positions.append(stored.position)
                if stored.position % 50 == 0:
                    await asyncio.sleep(0.001)
                if stored.position == sum(sizes):
                    break
        await writing
        assert positions == list(range(1, sum(sizes) + 1))

    async def test_many_followers_see_the_same(self, log):
        followers = [asyncio.create_task(first_of(log, 50)) for _ in range(10)]
        for number in range(50):
            await log.append("main", [b"%d" % number], f"{number}")
        found = await asyncio.gather(*followers)
        assert all(records == found[0] for records in found)

    async def test_a_position_not_written_yet_is_waited_for(self, log):
        following = asyncio.create_task(first_of(log, 1, after=3))
        await asyncio.sleep(0)
        await fill(log, 5)
        assert (await following)[0].position == 4

    async def test_a_record_trimmed_before_its_turn_is_said_not_skipped(self, log):
        await fill(log, 10)
        await log.trim("main", 6)
        with pytest.raises(Gone, match="from 6 to 10"):
            await first_of(log, 1, after=2)
        assert (await first_of(log, 1, after=5))[0].position == 6

    async def test_closing_the_log_ends_it_with_an_error(self, log):
        following = asyncio.create_task(first_of(log, 1))
        await asyncio.sleep(0.01)
        await log.close()
        with pytest.raises(Unavailable):
            await following


class TestTrim:
    async def test_what_is_below_is_forgotten(self, log):
        await fill(log, 10)
        await log.trim("main", 4)
        assert await log.head("main") == Bounds(4, 10)
        assert [stored.position for stored in await log.read("main", 0, 3)] == [4, 5, 6]

    async def test_the_newest_record_stays_and_positions_go_on(self, place):
        async with opened(place) as log:
            await fill(log, 10)
            await log.trim("main", 1_000)
            assert await log.head("main") == Bounds(10, 10)
        async with opened(place) as log:
            assert await log.append("main", [b"a"], "next") == 11

    @pytest.mark.parametrize("before", [-1, 0, 1])
    async def test_nothing_below_is_nothing_to_do(self, log, before):
        await log.trim("main", before)
        await fill(log, 3)
        await log.trim("main", before)
        assert await log.head("main") == Bounds(1, 3)

    async def test_many_records_are_trimmed_while_others_are_written(self, log):
        for part in range(10):
            await log.append("main", [b"x"] * 1_000, f"{part}")
        trimming = asyncio.create_task(log.trim("main", 9_999))
        assert await log.append("main", [b"y"], "meanwhile") == 10_001
        await trimming
        assert await log.head("main") == Bounds(9_999, 10_001)


class TestErase:
    @pytest.mark.parametrize("remainder", [b"", b"short", b"much longer than what stood here " * 100])
    async def test_something_else_stands_in_its_place(self, place, remainder):
        async with opened(place) as log:
            await fill(log, 3)
            await log.erase("main", 2, remainder)
            assert bodies(await log.read("main", 0, 10)) == [b"record 1", remainder, b"record 3"]
        async with opened(place) as log:
            assert bodies(await log.read("main", 1, 1)) == [remainder]
            await log.erase("main", 2, b"again")
            assert bodies(await log.read("main", 1, 1)) == [b"again"]

    async def test_the_key_of_an_erased_record_is_still_known(self, place):
        async with opened(place) as log:
            await log.append("main", [b"a"], "key")
            await log.erase("main", 1, b"gone")
        async with opened(place) as log:
            assert await log.append("main", [b"a"], "key") == 1

    async def test_what_is_not_kept_has_nothing_to_erase(self, log):
        await fill(log, 5)
        await log.trim("main", 3)
        for position in (0, 1, 6):
            await log.erase("main", position, b"gone")
        assert bodies(await log.read("main", 0, 10)) == [b"record 3", b"record 4", b"record 5"]


class TestSnapshots:
    async def test_the_newest_is_loaded_also_after_a_reopening(self, place):
        async with opened(place) as log:
            for position in (10, 20, 30):
                await log.save_snapshot("main", Snapshot(position, b"state %d" % position))
            assert await log.load_snapshot("main") == Snapshot(30, b"state 30")
        async with opened(place) as log:
            assert await log.load_snapshot("main") == Snapshot(30, b"state 30")
            assert await log.load_snapshot("other") is None

    async def test_the_same_position_again_replaces_it(self, log):
        await log.save_snapshot("main", Snapshot(0, b"old"))
        await log.save_snapshot("main", Snapshot(0, b"new"))
        assert await log.load_snapshot("main") == Snapshot(0, b"new")

    async def test_a_snapshot_may_be_large(self, log):
        snapshot = Snapshot(1, bytes(8 * 1024 * 1024))
        await log.save_snapshot("main", snapshot)
        assert await log.load_snapshot("main") == snapshot


class TestClose:
    async def test_closing_twice_is_fine(self, log):
        await log.close()
        await asyncio.gather(log.close(), log.close())

    async def test_what_is_under_way_is_finished(self, place):
        log = place()
        await log.open()
        appending = [asyncio.create_task(log.append("main", [b"a"], f"{number}")) for number in range(20)]
        await asyncio.sleep(0)
        await log.close()
        assert sorted(await asyncio.gather(*appending)) == list(range(1, 21))

    async def test_a_closed_log_is_unavailable(self, log):
        await log.close()
        for use in (
            log.append("main", [b"a"], "1"),
            log.read("main", 0, 1),
            log.head("main"),
            log.load_snapshot("main"),
        ):
            with pytest.raises(Unavailable):
                await use
