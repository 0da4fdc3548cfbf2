"""What all connections keep together: the largest go first, and nobody else."""

from portico.server.holdings import Holdings
from portico.server.limits import HELD_BYTES, HELD_EACH_BYTES


def test_a_little_is_not_counted():
    held = Holdings()
    assert held.put("a", HELD_EACH_BYTES) == []
    assert held.total == 0


def test_the_largest_go_when_all_are_too_much():
    held = Holdings()
    assert held.put("small", HELD_BYTES // 4) == []
    assert held.put("large", HELD_BYTES // 2) == []
    assert held.put("new", HELD_BYTES // 3) == ["large"]
    assert held.total == HELD_BYTES // 4 + HELD_BYTES // 3
    assert held.put("huge", 2 * HELD_BYTES) == ["huge"]


def test_what_is_given_back_does_not_count():
    held = Holdings()
    held.put("a", HELD_BYTES)
    held.put("a", HELD_BYTES // 2)
    assert held.total == HELD_BYTES // 2
    held.put("a", 0)
    held.discard("a")
    assert held.total == 0
