"""Entries: what a record shows, to whom, and as which map."""

import pytest

from portico.model.entries import (
    KINDS,
    ErasedMessage,
    FileEvent,
    Message,
    Presence,
    as_map,
    entries_of,
    visible,
)
from portico.model.records import Erase, Erased, File, Join, Leave, Limits, Rename, Resume, Say, Unknown

JOIN = Join(1, 1, "anna", 0, "127.0.0.1", 4711, "", "run1")
JOINED = Presence(7, 1, "anna", 1, "joined")


@pytest.mark.parametrize(
    "record, entries",
    [
        (Limits(1, 3), []),
        (JOIN, [JOINED]),
        (Resume(2, 1, "anna", "", 0, ""), []),
        (Resume(2, 1, "anna", "", 0, "", back=True), [Presence(7, 2, "anna", 1, "joined")]),
        (Rename(2, 1, "anna", "bea"), [Presence(7, 2, "anna", 1, "renamed", "bea")]),
        (Leave(2, 1, "anna"), [Presence(7, 2, "anna", 1, "left")]),
        (Leave(2, 1, "anna", "crash"), [Presence(7, 2, "anna", 1, "left", reason="crash")]),
        (Say(2, 1, "anna", "hi"), [Message(7, 2, "anna", 1, "hi")]),
        (Say(2, 1, "anna", "hi", "k", 2, "bea"), [Message(7, 2, "anna", 1, "hi", "bea", 2)]),
        (Say(2, 1, "anna", "hi", join=JOIN), [JOINED, Message(8, 2, "anna", 1, "hi")]),
        (Erase(2, 1, 3, 4), []),
        (Erased(2, 1, "anna", 2), [ErasedMessage(7, 2, "anna", 1, 2)]),
        (Erased(2, 1, "anna", join=JOIN), [JOINED, ErasedMessage(8, 2, "anna", 1)]),
        (
            File(2, 1, "anna", "added", "a.txt", "k", 5, "ab"),
            [FileEvent(7, 2, "anna", 1, "added", "a.txt", 5, "ab")],
        ),
        (
            File(2, 0, "", "moved", "b", "k", 5, "", "a"),
            [FileEvent(7, 2, "", 0, "moved", "b", 5, "", "a")],
        ),
        (File(2, 0, "", "many", "", "k", count=30), [FileEvent(7, 2, "", 0, "many", "", count=30)]),
        (Unknown(), []),
    ],
)
def test_a_record_makes_none_one_or_two_entries(record, entries):
    assert entries_of(record, 7) == entries


AT = 1_739_231_212_048_084
COMMON = {"seq": 7, "at": "2025-02-10T23:46:52.048084Z", "sender": "anna"}


@pytest.mark.parametrize(
    "entry, facts",
    [
        (Message(7, AT, "anna", 1, "hi"), {"kind": "message", "text": "hi"}),
        (Message(7, AT, "anna", 1, "hi", "bea", 2), {"kind": "message", "text": "hi", "to": "bea"}),
        (Presence(7, AT, "anna", 1, "joined"), {"kind": "presence", "change": "joined"}),
        (
            Presence(7, AT, "anna", 1, "renamed", "bea"),
            {"kind": "presence", "change": "renamed", "name": "bea"},
        ),
        (
            Presence(7, AT, "anna", 1, "left", reason="crash"),
            {"kind": "presence", "change": "left", "reason": "crash"},
        ),
        (ErasedMessage(7, AT, "anna", 1, 2), {"kind": "erased"}),
        (
            FileEvent(7, AT, "anna", 1, "added", "a.txt", 5, "ab"),
            {"kind": "file", "change": "added", "path": "a.txt", "size": 5, "sha256": "ab"},
        ),
        (
            FileEvent(7, AT, "anna", 1, "removed", "a.txt"),
            {"kind": "file", "change": "removed", "path": "a.txt"},
        ),
        (
            FileEvent(7, AT, "anna", 1, "moved", "b", 5, "ab", "a"),
            {"kind": "file", "change": "moved", "path": "b", "from": "a", "size": 5, "sha256": "ab"},
        ),
        (FileEvent(7, AT, "anna", 0, "many", "", count=30), {"kind": "file", "change": "many", "count": 30}),
    ],
)
def test_programs_get_a_map(entry, facts):
    assert as_map(entry) == COMMON | facts
    assert list(as_map(entry))[:4] == ["seq", "kind", "at", "sender"]
    assert entry.kind in KINDS


@pytest.mark.parametrize(
    "entry",
    [Message(1, 1, "anna", 1, "hi"), Message(1, 1, "x", 0, "hi"), JOINED, ErasedMessage(1, 1, "anna", 1)],
)
@pytest.mark.parametrize("session", [0, 1, 2])
def test_what_is_for_all_is_seen_by_all(entry, session):
    assert visible(entry, session)


@pytest.mark.parametrize("entry", [Message(1, 1, "a", 1, "hi", "b", 2), ErasedMessage(1, 1, "a", 1, 2)])
@pytest.mark.parametrize("session, sees", [(0, False), (1, True), (2, True), (3, False)])
def test_what_is_told_is_seen_by_two(entry, session, sees):
    assert visible(entry, session) is sees


def test_a_visitor_never_sees_what_is_told_not_even_by_a_visitor():
    assert not visible(Message(1, 1, "x", 0, "hi", "b", 2), 0)
