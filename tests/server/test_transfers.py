"""What is under way, as its parts tell of it: offsets, rates, ends, and what is forgotten."""

from types import SimpleNamespace

import pytest

from portico.model.files import Author, Chunk, Order, Progress
from portico.model.requests import Body
from portico.server import transfers
from portico.server.limits import RATE_SECONDS, TRANSFER_IDLE_SECONDS
from portico.server.sending import Outgoing
from portico.server.transfers import Transfers

MIB = 1_048_576


def caller(number, name="visitor", session=1):
    return SimpleNamespace(id=number, author=lambda: Author(session, name), address=("::1", 7))


def piece(offset, count, size=10 * MIB):
    return SimpleNamespace(path="a.bin", etag="e", size=size, offset=offset, count=count)


@pytest.fixture
def registry():
    """A registry; the receipts it writes are `registry.receipts`."""
    receipts = []
    made = Transfers(SimpleNamespace(now=lambda: 5), SimpleNamespace(fetched=receipts.append))
    made.receipts = receipts
    return made


def test_a_deposit_moves_while_its_bytes_come_and_ends(registry):
    body = Body(3 * MIB, b"")
    registry.put(caller(1, "ann"), Order("a.bin", 4 * MIB), Progress("u", MIB))
    registry.writing("u", MIB, body)
    body.taken = 2 * MIB
    (line,) = registry.lines(caller(9))
    assert (line.direction, line.offset, line.size, line.name, line.address) == (
        "put",
        3 * MIB,
        4 * MIB,
        "ann",
        "[::1]:7",
    )
    registry.wrote("u", 4 * MIB)
    assert registry.lines(caller(9))[0].offset == 4 * MIB
    registry.ended("u")
    registry.ended("u")
    assert registry.lines(caller(9)) == []


@pytest.mark.parametrize("session, shown", [(1, ["ids", "ids", ""]), (0, ["ids", "", ""])])
def test_the_id_of_an_upload_is_shown_to_its_own_session_alone(registry, session, shown):
    own, beside, other = caller(1, session=session), caller(2, session=session), caller(3, session=2)
    registry.put(own, Order("a.bin"), Progress("ids", 0))
    assert [registry.lines(viewer)[0].upload for viewer in (own, beside, other)] == shown


def test_the_rate_is_that_of_the_last_seconds(registry):
    registry.put(caller(1), Order("a.bin"), Progress("u", 0))
    for second in range(1, 2 * RATE_SECONDS):
        registry.wrote("u", second * MIB)
        registry.tick()
    assert registry.lines(caller(9))[0].rate == MIB
    for _ in range(RATE_SECONDS):
        registry.tick()
    assert registry.lines(caller(9))[0].rate == 0


def test_a_fetch_moves_while_its_ranges_are_sent_and_ends_with_a_receipt(registry):
    call, first, second = caller(1), piece(0, 6 * MIB), piece(6 * MIB, 4 * MIB)
    outgoing = Outgoing(first)
    registry.read(call, first)
    registry.read(call, second)
    registry.sending(call, outgoing)
    outgoing.sent = 2 * MIB
    assert [line.offset for line in registry.lines(caller(9))] == [2 * MIB]
    assert registry.active() == {1}
    registry.sent(call, first)
    assert (registry.lines(caller(9))[0].offset, registry.receipts) == (6 * MIB, [])
    registry.sent(call, second)
    assert [(receipt.path, receipt.etag, receipt.name, receipt.at) for receipt in registry.receipts] == [
        ("a.bin", "e", "visitor", 5)
    ]
    assert registry.active() == set()
    assert registry.lines(caller(9)) == []


def test_a_fetch_of_which_nothing_is_asked_is_forgotten(registry):
    registry.read(caller(1), piece(0, MIB))
    for _ in range(TRANSFER_IDLE_SECONDS):
        registry.tick()
        assert registry.lines(caller(9))
    registry.tick()
    registry.tick()
    assert registry.lines(caller(9)) == []


def test_a_deposit_in_pieces_is_one_whoever_brings_them_until_nobody_does(registry):
    pieces = [caller(1), caller(2)]
    for offset, each in enumerate(pieces):
        registry.put(each, Order("a.bin", 9 * MIB), Progress("u", offset * MIB))
        registry.wrote("u", (offset + 1) * MIB)
        registry.tick()
        registry.rests("u")
        registry.gone(each)
    assert [(line.offset, line.rate) for line in registry.lines(caller(9))] == [(2 * MIB, MIB)]
    assert registry.active() == set()
    for _ in range(TRANSFER_IDLE_SECONDS + 1):
        registry.tick()
    assert registry.lines(caller(9)) == []


def test_a_small_file_is_fetched_without_being_under_way(registry):
    chunk = Chunk("a", "e", 3, 0, b"abc")
    registry.read(caller(1), chunk)
    assert registry.lines(caller(9)) == []
    registry.sent(caller(1), chunk)
    registry.sent(caller(1), Chunk("a", "e", 3, 3, b""))
    assert len(registry.receipts) == 1


def test_who_is_gone_has_nothing_under_way_and_no_more_than_so_many_are_remembered(
    registry, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transfers, "TRANSFERS_SHOWN", 3)
    stays, goes = caller(1), caller(2)
    for number in range(5):
        registry.put(goes if number % 2 else stays, Order(f"{number}"), Progress(f"u{number}", 0))
    assert [line.path for line in registry.lines(caller(9))] == ["2", "3", "4"]
    registry.gone(goes)
    assert [line.path for line in registry.lines(caller(9))] == ["2", "4"]
