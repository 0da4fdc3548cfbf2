"""The outbox: order, batches, limits, and what becomes of them, without a disk."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.model.errors import Unavailable
from portico.model.later import Later
from portico.model.records import Leave, Say, decode, encode
from portico.room import outbox as module
from portico.room.limits import BATCH_BYTES, BATCH_RECORDS
from portico.room.outbox import Outbox


def said(number, size=1):
    return Say(number, 0, "anna", "x" * size)


def same(record):
    return record


def filled(count, size=1):
    outbox = Outbox("main", "run1")
    for number in range(1, count + 1):
        outbox.propose(said(number, size), Later())
    return outbox


def test_nothing_waits_at_first():
    outbox = Outbox("main", "run1")
    assert outbox.next_batch() is None
    assert len(outbox) == 0


def test_what_waits_goes_together_in_order_as_it_will_stand_in_the_log():
    outbox = filled(3)
    bodies = outbox.next_batch().bodies()
    assert [decode(body) for body in bodies] == [said(1), said(2), said(3)]


def test_a_batch_stays_the_same_until_it_has_landed():
    outbox = filled(1)
    batch = outbox.next_batch()
    outbox.propose(said(2), Later())
    assert outbox.next_batch() is batch
    assert len(batch.proposals) == 1
    assert len(outbox) == 2
    outbox.committed(1)
    assert [proposal.record for proposal in outbox.next_batch().proposals] == [said(2)]


def test_every_batch_of_every_run_has_its_own_key():
    keys = set()
    for epoch in ("run1", "run2"):
        outbox = Outbox("main", epoch)
        for _ in range(3):
            outbox.propose(said(1), Later())
            keys.add(outbox.next_batch().key)
            outbox.committed(1)
    assert len(keys) == 6


def test_a_batch_that_failed_and_the_next_do_not_share_a_key():
    outbox = filled(1)
    first = outbox.next_batch().key
    outbox.failed(same)
    outbox.propose(said(1), Later())
    assert outbox.next_batch().key != first


def test_positions_are_counted_back_from_the_last():
    outbox = filled(3)
    outbox.next_batch()
    landed = outbox.committed(12)
    assert [(position, proposal.record) for position, proposal in landed] == [
        (10, said(1)),
        (11, said(2)),
        (12, said(3)),
    ]
    assert len(outbox) == 0


@pytest.mark.parametrize("landing", [lambda outbox: outbox.committed(1), lambda outbox: outbox.failed(same)])
def test_what_never_left_cannot_land(landing):
    with pytest.raises(RuntimeError):
        landing(filled(1))


def test_who_carries_is_woken_when_there_is_something_where_there_was_nothing():
    outbox, woken = Outbox("main", "run1"), []
    outbox.wake = lambda: woken.append(len(outbox))
    outbox.propose(said(1), Later())
    outbox.propose(said(2), Later())
    outbox.next_batch()
    outbox.propose(said(3), Later())
    assert woken == [1, 3]


def test_a_failure_takes_everything_with_it_but_what_must_come_true():
    outbox = Outbox("main", "run1")
    outbox.propose(said(1), Later())
    outbox.propose(Leave(2, 1, "new name"), Later(), lasting=True)
    outbox.next_batch()
    outbox.propose(said(3), Later())
    outbox.propose(Leave(4, 2, "bea"), Later(), lasting=True)

    def mend(leave):
        return replace(leave, sender="old name") if leave.session == 1 else leave

    refused, kept = outbox.failed(mend)
    assert [proposal.record for proposal in refused] == [said(1), said(3)]
    assert [proposal.record for proposal in kept] == [Leave(2, 1, "old name"), Leave(4, 2, "bea")]
    assert [decode(body) for body in outbox.next_batch().bodies()] == [proposal.record for proposal in kept]


def test_a_batch_has_a_most_of_records():
    outbox = filled(BATCH_RECORDS + 1)
    assert len(outbox.next_batch().proposals) == BATCH_RECORDS
    outbox.committed(BATCH_RECORDS)
    assert len(outbox.next_batch().proposals) == 1


def test_a_batch_has_a_most_of_bytes():
    outbox = filled(3, size=BATCH_BYTES // 2)
    assert len(outbox.next_batch().proposals) == 1
    outbox.committed(1)
    assert len(outbox.next_batch().proposals) == 1


def test_what_is_larger_than_a_batch_goes_alone():
    outbox = filled(2, size=BATCH_BYTES)
    for position in (1, 2):
        assert len(outbox.next_batch().proposals) == 1
        outbox.committed(position)


@pytest.mark.parametrize("limit, value", [("OUTBOX_RECORDS", 3), ("OUTBOX_BYTES", 3 * len(encode(said(1))))])
def test_too_much_waiting_refuses_more_but_not_what_must_come_true(monkeypatch, limit, value):
    monkeypatch.setattr(module, limit, value)
    outbox = filled(3)
    with pytest.raises(Unavailable):
        outbox.propose(said(4), Later())
    assert len(outbox) == 3
    outbox.propose(Leave(5, 1, "anna"), Later(), lasting=True)
    outbox.next_batch()
    outbox.propose(said(6), Later())
    outbox.failed(same)
    outbox.propose(said(7), Later())
    assert len(outbox) == 2


@given(st.lists(st.sampled_from(["say", "say", "leave", "take", "commit", "fail"]), max_size=40))
def test_whatever_happens_all_comes_back_once_and_in_order(steps):
    outbox, number, position = Outbox("main", "run1"), 0, 0
    waiting, seen = [], []
    for step in steps:
        flying = outbox._flight
        if step in ("say", "leave"):
            number += 1
            outbox.propose(said(number), Later(), lasting=step == "leave")
            waiting.append((number, step == "leave"))
        elif step == "take":
            outbox.next_batch()
        elif flying is not None and step == "commit":
            position += len(flying.proposals)
            landed = [proposal.record.at for _, proposal in outbox.committed(position)]
            assert landed == [at for at, _ in waiting[: len(landed)]]
            waiting = waiting[len(landed) :]
            seen += landed
        elif flying is not None:
            refused = [proposal.record.at for proposal in outbox.failed(same)[0]]
            assert refused == [at for at, lasting in waiting if not lasting]
            waiting = [pair for pair in waiting if pair[1]]
            seen += refused
        assert len(outbox) == len(waiting)
    assert sorted(seen + [at for at, _ in waiting]) == list(range(1, number + 1))
