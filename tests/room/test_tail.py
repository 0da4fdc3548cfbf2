"""The newest entries in memory: what is covered, and what is let go."""

import pytest

from portico.model.entries import ErasedMessage, Message, Presence
from portico.room.limits import TAIL_BYTES, TAIL_ENTRIES
from portico.room.tail import Tail


def said(seq, text="x"):
    return Message(seq, seq, "anna", 1, text)


def filled(count, first=1):
    tail = Tail()
    for seq in range(first, first + count):
        tail.extend([said(seq)])
    return tail


def test_an_empty_tail_covers_nothing():
    assert Tail().after(0, 10) is None


@pytest.mark.parametrize(
    "seq, limit, expected",
    [(4, 10, [5, 6, 7]), (5, 1, [6]), (6, 10, [7]), (7, 10, []), (9, 10, []), (3, 10, None), (0, 10, None)],
)
def test_it_answers_for_what_it_covers_and_says_when_it_does_not(seq, limit, expected):
    found = filled(3, first=5).after(seq, limit)
    assert (found if found is None else [entry.seq for entry in found]) == expected


def test_it_is_bounded_in_number_and_ends_with_the_newest():
    tail = filled(5 * TAIL_ENTRIES)
    kept = tail.after(4 * TAIL_ENTRIES, 5 * TAIL_ENTRIES)
    assert [entry.seq for entry in kept] == list(range(4 * TAIL_ENTRIES + 1, 5 * TAIL_ENTRIES + 1))
    assert tail.after(0, 1) is None
    assert len(tail._entries) < 2 * TAIL_ENTRIES


def test_one_large_batch_is_cut_to_the_newest():
    tail = Tail()
    tail.extend([said(seq) for seq in range(1, 10 * TAIL_ENTRIES)])
    assert len(tail._entries) == TAIL_ENTRIES
    assert tail._entries[-1].seq == 10 * TAIL_ENTRIES - 1


def test_it_is_bounded_in_text():
    tail = Tail()
    for seq in range(1, 200):
        tail.extend([said(seq, "x" * 65_536)])
        assert sum(len(entry.text) for entry in tail._entries) <= TAIL_BYTES
    assert tail.after(198, 1)[0].seq == 199


def test_a_text_beyond_all_bounds_is_not_kept():
    tail = Tail()
    tail.extend([said(1, "x" * (TAIL_BYTES + 1))])
    assert tail.after(0, 1) is None
    tail.extend([Presence(2, 2, "anna", 1, "left")])
    assert [entry.seq for entry in tail.after(1, 1)] == [2]


def test_an_entry_is_replaced_where_it_stands():
    tail = filled(3, first=5)
    tail.replace(ErasedMessage(6, 6, "anna", 1))
    assert [entry.kind for entry in tail.after(4, 10)] == ["message", "erased", "message"]


def test_an_entry_that_is_not_here_any_more_is_not_replaced():
    tail = filled(3, first=5)
    tail.replace(ErasedMessage(4, 4, "anna", 1))
    assert [entry.seq for entry in tail.after(4, 10)] == [5, 6, 7]
    Tail().replace(ErasedMessage(4, 4, "anna", 1))
