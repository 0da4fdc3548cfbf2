from types import SimpleNamespace

import pytest

from portico.model.later import Later
from portico.server import slots as module
from portico.server.slots import Slots


def test_answers_leave_in_the_order_of_their_requests():
    slots, later = Slots(), Later()
    slots.add("a")
    slots.add(later)
    slots.add("c")
    assert slots.ready() == ["a"]
    assert slots.ready() == []
    later.resolve("b")
    assert slots.ready() == ["b", "c"]
    assert not slots


def test_they_are_full_by_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "OPEN_SLOTS", 2)
    slots = Slots()
    slots.add(Later())
    assert not slots.full
    slots.add(1)
    assert slots.full


def test_they_are_full_by_bytes_until_these_have_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SLOT_BYTES", 10)
    slots, later = Slots(), Later()
    slots.add(later)
    slots.add(b"x" * 10)
    assert slots.full
    later.resolve(None)
    assert slots.ready() == [None, b"x" * 10]
    assert not slots.full


def test_nobody_is_called_once_they_are_forgotten():
    slots, later, called = Slots(), Later(), []
    slots.add(later)
    slots.add("x")
    later.then(called.append)
    slots.forget()
    later.resolve(1)
    assert called == []
    assert not slots


def test_a_range_of_a_file_is_closed_when_it_comes_too_late_or_waits_in_vain():
    slots, ready, late, closed = Slots(), Later(), Later(), []
    for later in (ready, late):
        slots.add(later)
    ready.resolve(SimpleNamespace(fd=3, close=lambda: closed.append(3)))
    slots.forget()
    late.resolve(SimpleNamespace(fd=4, close=lambda: closed.append(4)))
    assert closed == [3, 4]


def test_what_an_answer_will_hold_counts_from_the_beginning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SLOT_BYTES", 10)
    slots, later = Slots(), Later()
    later.weight = 10
    slots.add(later)
    assert slots.full
    later.resolve(None)
    slots.ready()
    assert not slots.full
