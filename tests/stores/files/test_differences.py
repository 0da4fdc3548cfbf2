"""A difference is due when it was the same for long enough, and only then."""

import pytest

from portico.stores.files import differences
from portico.stores.files.differences import Differences


@pytest.fixture
def waiting():
    return Differences(2.0)


def due(waiting, now):
    return sorted((found.path, found.old, found.new) for found in waiting.due(now))


def test_what_stays_the_same_is_due_after_a_while(waiting):
    for now in (10.0, 11.0, 11.9):
        assert due(waiting, now) == []
        assert waiting.compare(
            "a/", {"gone": 1, "same": 2, "other": 3}, {"same": 2, "other": 4, "new": 5}, now
        )
    assert due(waiting, 12.0) == [("a/gone", 1, None), ("a/new", None, 5), ("a/other", 3, 4)]
    waiting.drop("a/", "gone")
    assert len(waiting) == 2


def test_what_changes_again_waits_anew_and_what_is_as_before_is_forgotten(waiting):
    waiting.compare("", {"a": 1, "b": 1}, {"a": 2, "b": 2}, 10.0)
    waiting.compare("", {"a": 1, "b": 1}, {"a": 3, "b": 1}, 11.0)
    assert due(waiting, 12.5) == []
    assert due(waiting, 13.0) == [("a", 1, 3)]
    assert len(waiting) == 1


def test_a_file_looked_at_by_itself(waiting):
    waiting.compare("", {}, {"a": 1, "b": 1}, 10.0)
    for found in list(waiting.due(12.0)):
        waiting.renew(found, found.old, 2 if found.name == "a" else None, 12.0)
    assert due(waiting, 13.0) == []
    assert due(waiting, 14.0) == [("a", None, 2)]


def test_there_is_a_bound_and_who_finds_no_place_is_told_so(waiting, monkeypatch):
    monkeypatch.setattr(differences, "MAX_WAITING", 3)
    assert waiting.compare("a/", {}, {"1": 1, "2": 2}, 0.0)
    assert not waiting.compare("b/", {}, {"1": 1, "2": 2}, 0.0)
    assert len(waiting) == 3
    assert waiting.compare("a/", {}, {}, 0.0)
    assert waiting.compare("b/", {}, {"1": 1, "2": 2}, 1.0)
    assert due(waiting, 2.0) == [("b/1", None, 1)]
