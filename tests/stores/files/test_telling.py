"""How differences are told: kinds, moves, keys, and many at once."""

import pytest

from portico.model.files import FileFacts
from portico.stores.files.differences import Difference
from portico.stores.files.telling import SINGLE, tell


def found(path, old, new, etag="e"):
    folder, slash, name = path.rpartition("/")
    facts = None if new is None else FileFacts(path, 5, 0, etag)
    return Difference(folder + slash, name, old, new, 0.0), facts


@pytest.mark.parametrize(
    "differences, told",
    [
        ([], []),
        ([("a", None, 1)], ["added a"]),
        ([("a", 1, 2)], ["changed a"]),
        ([("a", 1, None)], ["removed a"]),
        ([("a", 1, None), ("x/b", None, 1)], ["moved x/b from a"]),
        ([("x/b", 2, 1), ("a", 1, None)], ["moved x/b from a"]),
        ([("a", 1, None), ("b", None, 2)], ["added b", "removed a"]),
        ([("a", 1, None), ("b", 1, None), ("c", None, 1)], ["moved c from b", "removed a"]),
        ([("a", 1, None), ("b", None, 1), ("c", None, 1)], ["moved b from a", "added c"]),
        ([("a", 1, 2), ("b", 2, 1)], ["changed a", "changed b"]),
        ([("a", -1, None), ("b", -1, None)], ["removed a", "removed b"]),
    ],
)
def test_what_differences_come_to(differences, told):
    changes = tell([found(*difference) for difference in differences], 0)
    said = [f"{c.change} {c.path}" + (f" from {c.origin}" if c.origin else "") for c in changes]
    assert said == told


def test_a_key_tells_changes_apart_and_is_the_same_for_the_same():
    def keys(*differences, at=0):
        return [change.key for change in tell([found(*difference) for difference in differences], at)]

    added = keys(("a", None, 1))
    assert added == keys(("a", None, 1), at=9)
    assert added != keys(("a", None, 1, "other"))
    assert added != keys(("b", None, 1))
    assert added != keys(("a", 2, 1))
    assert keys(("a", 1, None)) != keys(("a", 1, None), at=9)


@pytest.mark.parametrize("count, told", [(SINGLE, SINGLE), (SINGLE + 1, SINGLE + 1), (5000, SINGLE + 1)])
def test_more_than_can_be_read_are_told_as_one(count, told):
    changes = tell([found(f"{number:04}", None, number) for number in range(count)], 0)
    assert len(changes) == told
    assert sum(change.count or 1 for change in changes) == count
