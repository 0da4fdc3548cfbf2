"""What every repository promises to who fetches and deposits: `Desk`, `Source` and `Sink` of `portico.ports`.

A further implementation adds one line to `IMPLEMENTATIONS`: how to open a repository on a place, again and
again, as after a restart.
"""

import hashlib
import inspect
import os
from pathlib import Path

import pytest

from portico.model.errors import (
    BadPath,
    Busy,
    Changed,
    Exists,
    NotFound,
    TooBig,
    Unavailable,
    WrongDigest,
    WrongOffset,
)
from portico.model.files import CHUNK_BYTES, Author, Chunk, Order, Progress, Receipt, UploadFacts
from portico.ports import Desk, Repository, Sink, Source
from portico.stores.files.directory import DirectoryRepository
from tests.support.asking import answer, outcome

ANN, BEN = Author(1, "ann"), Author(2, "ben")
MOST = 2**40
ID = "0123456789abcdef0123456789abcdef"
HELLO = b"hello, all"
SHA256 = hashlib.sha256(HELLO).hexdigest()
LONG = bytes(range(256)) * 1024


def in_directory(place: Path) -> Repository:
    return DirectoryRepository(place, place / ".portico")


IMPLEMENTATIONS = {"directory": in_directory}


class Store:
    """A repository that can be opened anew, and what one desk asks of it, short to write."""

    def __init__(self, make) -> None:
        self.make = make
        self.files: Repository = make()
        self.desk: Desk

    async def open(self):
        changes = await self.files.open()
        self.desk = self.files.desk()
        return changes

    async def reopen(self):
        await self.files.close()
        self.files = self.make()
        return await self.open()

    async def put(self, path, content, author=ANN, **order):
        upload = (await answer(self.desk.put(Order(path, len(content), **order), MOST))).upload
        await answer(self.desk.write(upload, 0, content))
        return await answer(self.desk.finish(upload, author))

    async def content(self, path):
        piece = await answer(self.desk.read(path, 0, CHUNK_BYTES, ""))
        return piece.data

    async def paths(self):
        return [facts.path for facts in await self.files.list(None, None, 1000)]


@pytest.fixture(params=IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())
async def store(request, tmp_path):
    made = Store(lambda: request.param(tmp_path))
    await made.open()
    yield made
    await made.files.close()


async def body(store, upload, offset, *pieces):
    """Have a desk receive pieces as one body; return the offset reached."""
    sink = await answer(store.desk.receive(upload, offset, sum(map(len, pieces))))
    for piece in pieces:
        sink.take(memoryview(piece))
    return sink.close()


def test_it_has_the_methods_of_the_port(store):
    for name, method in inspect.getmembers(Desk, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(getattr(store.desk, name)).parameters.keys() == (
                inspect.signature(method).parameters.keys() - {"self"}
            )


# --- reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "offset, count, wanted",
    [
        (0, 100, HELLO),
        (0, 5, HELLO[:5]),
        (3, 4, HELLO[3:7]),
        (9, 9, HELLO[9:]),
        (10, 1, b""),
        (99, 9, b""),
        (0, 0, b""),
    ],
)
async def test_a_range_is_what_is_there_of_it(store, offset, count, wanted):
    change = await store.put("a", HELLO)
    piece = await answer(store.desk.read("a", offset, count, ""))
    assert piece == Chunk("a", change.facts.etag, len(HELLO), offset, wanted)


async def test_a_long_range_is_an_open_file(store):
    await store.put("long", LONG)
    source: Source = await answer(store.desk.read("long", 7, 2**40, ""))
    assert (source.path, source.size, source.offset, source.count) == ("long", len(LONG), 7, len(LONG) - 7)
    assert os.pread(source.fd, source.count, source.offset) == LONG[7:]
    fd = source.fd
    source.close()
    source.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)


async def test_a_source_stays_what_it_was_when_the_file_is_replaced(store):
    await store.put("long", LONG)
    source = await answer(store.desk.read("long", 0, 2**40, ""))
    await store.put("long", HELLO, replace=True)
    assert os.pread(source.fd, source.count, 0) == LONG
    source.close()
    assert await store.content("long") == HELLO


async def test_another_content_than_the_one_meant_is_noticed(store):
    etag = (await store.put("a", HELLO)).facts.etag
    assert (await answer(store.desk.read("a", 0, 5, etag))).data == HELLO[:5]
    await store.put("a", HELLO, replace=True)
    with pytest.raises(Changed):
        await answer(store.desk.read("a", 0, 5, etag))


@pytest.mark.parametrize("path", ["no", "a/no", "no/no", "folder", "a"])
async def test_what_is_not_there_is_not_found(store, path):
    await store.put("folder/file", HELLO)
    for later in (
        store.desk.read(path, 0, 1, ""),
        store.desk.stat(path),
        store.desk.remove(path, ANN),
        store.desk.move(path, "b", ANN, replace=False),
    ):
        with pytest.raises(NotFound):
            await answer(later)


@pytest.mark.parametrize("path", ["", "..", "../a", "/a", "a//b", ".hidden", ".portico/uploads/a", "a\0"])
async def test_what_is_no_path_is_refused(store, path):
    await store.put("a", HELLO)
    for later in (
        store.desk.read(path, 0, 1, ""),
        store.desk.stat(path),
        store.desk.put(Order(path, 1), MOST),
        store.desk.remove(path, ANN),
        store.desk.move(path, "b", ANN, replace=False),
        store.desk.move("a", path, ANN, replace=False),
    ):
        with pytest.raises(BadPath):
            await answer(later)
    assert await store.paths() == ["a"]


async def test_a_digest_is_known_after_reading_the_whole(store, tmp_path):
    (tmp_path / "a").write_bytes(HELLO)
    assert (await answer(store.desk.stat("a"))).sha256 is None
    assert await store.content("a") == HELLO
    assert (await answer(store.desk.stat("a"))).sha256 == SHA256
    assert (await store.files.stat("a")).sha256 == SHA256


# --- depositing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [len(HELLO), None])
@pytest.mark.parametrize("sha256", [SHA256, SHA256.upper(), ""])
async def test_a_deposit_appears_whole_and_only_at_its_end(store, size, sha256):
    begun = await answer(store.desk.put(Order("a/b/c", size, sha256, ID), MOST))
    assert begun == Progress(ID, 0)
    assert await answer(store.desk.write(ID, 0, HELLO[:4])) == 4
    assert await store.paths() == []
    assert await answer(store.desk.write(ID, 4, HELLO[4:])) == 10
    with pytest.raises(NotFound):
        await answer(store.desk.stat("a/b/c"))
    change = await answer(store.desk.finish(ID, ANN))
    assert (change.key, change.change, change.path) == (f"upload:{ID}", "added", "a/b/c")
    assert (change.author, change.size, change.sha256) == (ANN, 10, SHA256)
    assert change.facts == await answer(store.desk.stat("a/b/c"))
    assert (change.facts.sha256, change.facts.by) == (SHA256, "ann")
    assert [facts.by for facts in await store.files.list(None, None, 9)] == ["ann"]
    assert await store.content("a/b/c") == HELLO


async def test_everything_may_be_asked_at_once(store):
    laters = []
    for number in range(200):
        upload = f"{number:032x}"
        laters += [
            store.desk.put(Order(f"folder{number % 7}/{number}", upload=upload), MOST),
            store.desk.write(upload, 0, b"%d" % number),
            store.desk.finish(upload, ANN),
            store.desk.read(f"folder{number % 7}/{number}", 0, 9, ""),
        ]
    values = [await answer(later) for later in laters]
    assert [piece.data for piece in values[3::4]] == [b"%d" % number for number in range(200)]
    assert len(await store.paths()) == 200


async def test_a_body_is_received_in_pieces_and_what_is_asked_next_waits(store):
    await answer(store.desk.put(Order("long", len(LONG), upload=ID), MOST))
    sink: Sink = await answer(store.desk.receive(ID, 0, len(LONG)))
    finished = store.desk.finish(ID, ANN)
    sink.take(memoryview(LONG[:1000]))
    assert not finished.ready
    sink.take(memoryview(LONG[1000:]))
    assert sink.close() == len(LONG)
    assert sink.close() == len(LONG)
    assert (await answer(finished)).sha256 == hashlib.sha256(LONG).hexdigest()


async def test_a_body_that_breaks_off_keeps_what_came(store):
    await answer(store.desk.put(Order("long", len(LONG), upload=ID), MOST))
    sink = await answer(store.desk.receive(ID, 0, len(LONG)))
    sink.take(memoryview(LONG[:1000]))
    assert sink.close() == 1000
    assert await answer(store.desk.put(Order("long", len(LONG), upload=ID), MOST)) == Progress(ID, 1000)
    assert await body(store, ID, 1000, LONG[1000:]) == len(LONG)
    await answer(store.desk.finish(ID, ANN))


async def test_an_empty_file_is_a_file(store):
    assert (await store.put("empty", b"")).sha256 == hashlib.sha256().hexdigest()
    assert await store.content("empty") == b""


async def test_the_time_of_modification_is_kept(store):
    instant = 1_739_231_212_048_084
    assert (await store.put("a", HELLO, mtime=instant)).facts.mtime == instant
    assert (await answer(store.desk.stat("a"))).mtime == instant


@pytest.mark.parametrize("offset", [0, 3, 5, 99])
async def test_bytes_at_another_offset_are_refused_with_the_right_one(store, offset):
    await answer(store.desk.put(Order("a", 10, upload=ID), MOST))
    await answer(store.desk.write(ID, 0, HELLO[:4]))
    for later in (store.desk.write(ID, offset, b"x"), store.desk.receive(ID, offset, 1)):
        with pytest.raises(WrongOffset, match=r"^4 "):
            await answer(later)
    with pytest.raises(WrongOffset, match=r"^4 "):
        await answer(store.desk.finish(ID, ANN))


@pytest.mark.parametrize("long", [False, True])
async def test_of_an_unknown_size_not_less_appears_than_was_to_be_written(store, long):
    store.desk.put(Order("a", upload=ID), MOST)
    store.desk.write(ID, 0, HELLO)
    if long:
        sink = await answer(store.desk.receive(ID, len(HELLO), 100))
        sink.take(memoryview(b"br"))
        reached = sink.close()
    else:
        store.desk.write(ID, 99, b"too far")
        reached = len(HELLO)
    for _ in range(2):
        with pytest.raises(WrongOffset, match=str(reached)):
            await answer(store.desk.finish(ID, ANN))
    assert await store.paths() == []
    assert await answer(store.desk.put(Order("a", upload=ID), MOST)) == Progress(ID, reached)
    await answer(store.desk.finish(ID, ANN))
    assert (await store.content("a")).startswith(HELLO)


async def test_bytes_that_were_written_again_take_nothing_from_the_end(store):
    store.desk.put(Order("a", upload=ID), MOST)
    store.desk.write(ID, 0, HELLO)
    assert isinstance(await outcome(store.desk.write(ID, 0, HELLO)), WrongOffset)
    await answer(store.desk.finish(ID, ANN))
    assert await store.content("a") == HELLO


async def test_more_than_announced_or_allowed_is_too_big(store):
    with pytest.raises(TooBig):
        await answer(store.desk.put(Order("a", 11), 10))
    await answer(store.desk.put(Order("a", 3, upload=ID), MOST))
    with pytest.raises(TooBig):
        await answer(store.desk.write(ID, 0, b"four"))
    unknown = (await answer(store.desk.put(Order("b"), 10))).upload
    assert await answer(store.desk.write(unknown, 0, HELLO)) == 10
    for later in (store.desk.write(unknown, 10, b"x"), store.desk.receive(unknown, 10, 1)):
        with pytest.raises(TooBig):
            await answer(later)


async def test_another_digest_than_announced_throws_the_bytes_away(store):
    await answer(store.desk.put(Order("a", 10, "0" * 64, ID), MOST))
    await answer(store.desk.write(ID, 0, HELLO))
    with pytest.raises(WrongDigest):
        await answer(store.desk.finish(ID, ANN))
    with pytest.raises(NotFound):
        await answer(store.desk.write(ID, 10, b""))
    assert await store.paths() == []
    assert await answer(store.desk.put(Order("a", 10, SHA256, ID), MOST)) == Progress(ID, 0)


@pytest.mark.parametrize("again", [False, True])
async def test_a_finished_upload_is_answered_alike_for_a_day(store, again):
    change = await store.put("a", HELLO, upload=ID)
    store.files.settled(change.key)
    if again:
        assert await store.reopen() == []
    assert await answer(store.desk.finish(ID, BEN)) == change
    assert await answer(store.desk.put(Order("a", 10, upload=ID), MOST)) == Progress(ID, 10)
    with pytest.raises(WrongOffset, match=r"^10 "):
        await answer(store.desk.write(ID, 0, HELLO))


@pytest.mark.parametrize("upload", ["", "x", "no", "0" * 31, "F" * 32, "../../etc/passwd", "\0"])
async def test_an_id_that_is_none_is_not_taken(store, upload):
    begun = await answer(store.desk.put(Order("a", 1, upload=upload), MOST))
    assert begun.upload != upload
    for later in (
        store.desk.write(upload, 0, b"x"),
        store.desk.receive(upload, 0, 1),
        store.desk.finish(upload, ANN),
        store.desk.cancel(upload),
    ):
        with pytest.raises(NotFound):
            await answer(later)


async def test_an_id_belongs_to_one_file(store):
    await answer(store.desk.put(Order("a", 10, upload=ID), MOST))
    for order in (Order("b", 10, upload=ID), Order("a", 11, upload=ID)):
        with pytest.raises(Exists):
            await answer(store.desk.put(order, MOST))


async def test_a_cancelled_upload_is_forgotten(store):
    await answer(store.desk.put(Order("a", 10, upload=ID), MOST))
    await answer(store.desk.write(ID, 0, HELLO))
    assert await answer(store.desk.cancel(ID)) is None
    with pytest.raises(NotFound):
        await answer(store.desk.finish(ID, ANN))
    assert await answer(store.desk.put(Order("a", 10, upload=ID), MOST)) == Progress(ID, 0)


async def test_how_far_an_upload_is_can_be_asked_by_its_id_alone(store):
    order = Order("a", 10, SHA256, ID, replace=True, mtime=1_739_231_212_048_084)
    await answer(store.desk.put(order, MOST))
    await answer(store.desk.write(ID, 0, HELLO[:4]))
    other = store.files.desk()
    facts = await answer(other.progress(ID))
    assert (facts.order, facts.offset, facts.ended) == (order, 4, False)
    assert facts.expires > 1_739_231_212_048_084
    await answer(store.desk.write(ID, 4, HELLO[4:]))
    change = await answer(store.desk.finish(ID, ANN))
    store.files.settled(change.key)
    await store.reopen()
    assert await answer(store.desk.progress(ID)) == UploadFacts(Order("a", 10, SHA256, ID), 10, ended=True)
    for upload in ("", "no", "f" * 32):
        with pytest.raises(NotFound):
            await answer(store.desk.progress(upload))


# --- several at it ----------------------------------------------------------------------------------


async def test_an_upload_belongs_to_who_is_at_it_until_that_one_leaves(store):
    order = Order("a", 10, SHA256)
    upload = (await answer(store.desk.put(order, MOST))).upload
    await answer(store.desk.write(upload, 0, HELLO[:4]))
    other = store.files.desk()
    assert await answer(other.put(order, MOST)) == Progress(upload, 4)
    for later in (other.write(upload, 4, b"x"), other.receive(upload, 4, 1)):
        with pytest.raises(Busy):
            await answer(later)
    assert await answer(store.desk.write(upload, 4, HELLO[4:6])) == 6
    written = store.desk.write(upload, 6, HELLO[6:8])
    store.desk.close()
    store.desk.close()
    assert await answer(written) == 8
    assert await answer(other.put(order, MOST)) == Progress(upload, 8)
    assert await answer(other.write(upload, 8, HELLO[8:])) == 10
    assert (await answer(other.finish(upload, BEN))).facts.by == "ben"


async def test_who_leaves_after_a_refused_end_leaves_the_upload_to_others(store):
    other = store.files.desk()
    await answer(other.put(Order("a", upload=ID), MOST))
    await answer(other.write(ID, 0, b"one"))
    await store.put("A", HELLO)
    assert isinstance(await outcome(other.finish(ID, ANN)), Exists)
    last = other.cancel("none")
    other.close()
    await outcome(last)
    assert await answer(store.desk.write(ID, 3, b"two")) == 6


async def test_another_desk_may_go_on_in_the_moment_in_which_one_leaves(store):
    for _ in range(20):
        desk = store.files.desk()
        at = (await answer(desk.put(Order("a", 100, upload=ID), MOST))).offset
        await answer(desk.write(ID, at, b"x"))
        desk.close()
    assert await answer(store.desk.write(ID, 20, b"x" * 80)) == 100
    assert (await answer(store.desk.finish(ID, ANN))).size == 100


async def test_another_desk_may_finish(store):
    await answer(store.desk.put(Order("a", 10, upload=ID), MOST))
    await answer(store.desk.write(ID, 0, HELLO))
    other = store.files.desk()
    assert (await answer(other.finish(ID, BEN))).author == BEN


async def test_of_two_to_one_path_the_first_wins(store):
    first = (await answer(store.desk.put(Order("a"), MOST))).upload
    other = store.files.desk()
    second = (await answer(other.put(Order("a"), MOST))).upload
    assert first != second
    await answer(store.desk.write(first, 0, b"first"))
    await answer(other.write(second, 0, b"second"))
    await answer(other.finish(second, BEN))
    with pytest.raises(Exists):
        await answer(store.desk.finish(first, ANN))
    assert await store.content("a") == b"second"
    # The bytes are kept: who may replace need not send them again.
    assert (await answer(store.desk.put(Order("a", upload=first, replace=True), MOST))).offset == 5
    assert (await answer(store.desk.finish(first, ANN))).change == "changed"
    assert await store.content("a") == b"first"


async def test_what_is_asked_after_the_end_is_refused(store):
    desk = store.files.desk()
    desk.close()
    with pytest.raises(Unavailable):
        await answer(desk.read("a", 0, 1, ""))


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["A", "a", "\N{FULLWIDTH LATIN SMALL LETTER A}"])
async def test_a_name_that_reads_the_same_is_taken(store, taken):
    await store.put("a", HELLO)
    with pytest.raises(Exists):
        await answer(store.desk.put(Order(taken, 1), MOST))
    with pytest.raises(Exists):
        await store.put(f"{taken}/b", b"", upload=ID)
    await store.put("z", HELLO)
    with pytest.raises(Exists):
        await answer(store.desk.move("z", taken, ANN, replace=False))
    assert await store.paths() == ["a", "z"]


async def test_a_folder_is_no_file_and_a_file_no_folder(store):
    await store.put("folder/file", HELLO)
    for replace in (False, True):
        for path in ("folder", "folder/file/below", "Folder/other"):
            with pytest.raises(Exists):
                await store.put(path, HELLO, replace=replace)
            with pytest.raises(Exists):
                await answer(store.desk.move("folder/file", path, ANN, replace=replace))
    assert await store.paths() == ["folder/file"]


async def test_replacing_has_to_be_asked_for(store):
    await store.put("a", HELLO)
    with pytest.raises(Exists):
        await answer(store.desk.put(Order("a", 3), MOST))
    change = await store.put("a", b"new", BEN, replace=True)
    assert (change.change, change.facts.by) == ("changed", "ben")
    assert await store.content("a") == b"new"
    assert (await store.put("b", b"new", replace=True)).change == "added"


async def test_a_move_takes_along_what_is_known(store):
    before = (await store.put("a", HELLO, mtime=1_000_000)).facts
    change = await answer(store.desk.move("a", "new/b", BEN, replace=False))
    assert (change.change, change.origin, change.path, change.author) == ("moved", "a", "new/b", BEN)
    assert (change.size, change.sha256) == (10, SHA256)
    facts = await answer(store.desk.stat("new/b"))
    assert (facts.sha256, facts.by, facts.mtime) == (SHA256, "ann", before.mtime)
    assert await store.paths() == ["new/b"]


async def test_a_move_may_change_the_case_alone(store):
    await store.put("readme.txt", HELLO)
    await answer(store.desk.move("readme.txt", "README.txt", ANN, replace=False))
    assert await store.paths() == ["README.txt"]


async def test_a_move_replaces_only_when_asked(store):
    await store.put("a", HELLO)
    await store.put("b", b"other")
    for path in ("b", "a"):
        with pytest.raises(Exists):
            await answer(store.desk.move("a", path, ANN, replace=False))
    await answer(store.desk.move("a", "b", ANN, replace=True))
    assert await store.paths() == ["b"]
    assert await store.content("b") == HELLO


async def test_changes_in_a_row_see_each_other(store):
    await store.put("a", b"1")
    await store.put("b", b"2")
    laters = [
        store.desk.move("a", "c", ANN, replace=False),
        store.desk.move("b", "a", ANN, replace=False),
        store.desk.move("c", "b", ANN, replace=False),
        store.desk.remove("b", ANN),
        store.desk.remove("b", ANN),
        store.desk.stat("b"),
    ]
    values = [await outcome(later) for later in laters]
    assert [getattr(value, "change", type(value)) for value in values] == [
        *["moved"] * 3,
        "removed",
        NotFound,
        NotFound,
    ]
    assert await store.content("a") == b"2"


async def test_a_removed_file_is_gone(store):
    await store.put("a", HELLO)
    change = await answer(store.desk.remove("a", BEN))
    assert (change.change, change.path, change.author, change.facts) == ("removed", "a", BEN, None)
    assert await store.paths() == []
    assert (await store.put("A", HELLO)).change == "added"


# --- restarts ---------------------------------------------------------------------------------------


async def test_an_upload_goes_on_after_a_restart(store):
    order = Order("a", 10, SHA256, ID, mtime=1_000_000)
    await answer(store.desk.put(order, MOST))
    await answer(store.desk.write(ID, 0, HELLO[:4]))
    await store.reopen()
    assert await answer(store.desk.put(Order("a", 10, SHA256, mtime=1_000_000), MOST)) == Progress(ID, 4)
    await answer(store.desk.write(ID, 4, HELLO[4:]))
    change = await answer(store.desk.finish(ID, ANN))
    assert (change.sha256, change.facts.mtime) == (SHA256, 1_000_000)


async def test_changes_that_are_not_settled_are_told_again_and_those_that_are_not(store):
    first = await store.put("a", HELLO)
    second = await answer(store.desk.move("a", "b", BEN, replace=False))
    third = await answer(store.desk.remove("b", BEN))
    assert [change.key for change in await store.reopen()] == [first.key, second.key, third.key]
    for key in (first.key, second.key, third.key, "upload:none"):
        store.files.settled(key)
    assert await store.reopen() == []
    assert await answer(store.desk.finish(first.key.removeprefix("upload:"), ANN)) == first


async def test_who_put_it_and_its_digest_survive(store):
    await store.put("a", HELLO)
    await store.reopen()
    facts = await answer(store.desk.stat("a"))
    assert (facts.sha256, facts.by) == (SHA256, "ann")


async def test_receipts_are_kept_newest_last(store):
    slips = [Receipt("a", "etag", name, "127.0.0.1", at) for at, name in enumerate(("ann", "ben", "ann"))]
    for slip in slips:
        store.files.fetched(slip)
    store.files.fetched(Receipt("b", "etag", "ann", "127.0.0.1", 9))
    assert await store.files.receipts("a") == slips
    await store.reopen()
    assert await store.files.receipts("a") == slips
    assert await store.files.receipts("c") == []
