"""The catalog: what is written when, and a file that is damaged, foreign or full."""

import sqlite3

import pytest

from portico.model.errors import Unavailable
from portico.model.files import Author, FileChange, FileFacts, Receipt
from portico.stores.files import catalog as module
from portico.stores.files.catalog import Catalog, Kept, Known
from portico.stores.files.intents import Identity, Intent


def intent(number, *, done=False):
    facts = FileFacts("a", 3, 1, "etag", "00", "ann") if done else None
    return Intent(
        FileChange(f"upload:{number}", "added", "a", Author(1, "ann"), 3, "00", facts=facts),
        Identity(7, 3, 1, 2),
    )


@pytest.fixture
def told():
    return []


@pytest.fixture
def opened(tmp_path, told):
    """Return how to open the catalog anew."""
    kept = []

    def reopen():
        while kept:
            kept.pop().close()
        kept.append(Catalog(tmp_path / "files.sqlite3", "full", told.append))
        return kept[-1]

    yield reopen
    while kept:
        kept.pop().close()


def test_what_is_noted_is_known_at_once_and_after_a_restart(opened):
    catalog = opened()
    catalog.learn("e1", "00", "ann")
    catalog.learn("e1", None, "")
    catalog.learn("e2", None, "ben")
    catalog.learn("e2", "11")
    catalog.receipt(Receipt("a", "e1", "ann", "1.2.3.4", 5))
    for reopen in (lambda: catalog, opened):
        known = reopen()
        assert known.recall("e1") == Known("00", "ann")
        assert known.recall("e2") == Known("11", "ben")
        assert known.recall("e3") == Known()
        assert known.recall_all(["e1", "e2", "e3"]) == {"e1": Known("00", "ann"), "e2": Known("11", "ben")}
        assert known.receipts("a") == [Receipt("a", "e1", "ann", "1.2.3.4", 5)]


def test_an_intent_stays_until_it_is_settled_or_refused(opened):
    catalog = opened()
    catalog.intend([intent(1), intent(2), intent(3)])
    catalog.refuse([intent(3)])
    assert catalog.intent("upload:3") is None
    catalog = opened()
    assert catalog.unsettled() == [intent(1), intent(2)]
    catalog.settle("upload:1")
    catalog = opened()
    assert catalog.unsettled() == [intent(2)]
    assert catalog.intent("upload:1") == intent(1)


def test_what_was_done_but_not_settled_is_kept_with_its_facts(opened):
    catalog = opened()
    noted = intent(1)
    catalog.intend([noted])
    noted.done(intent(1, done=True).change.facts)
    assert opened().unsettled() == [intent(1, done=True)]


def test_a_note_is_never_overtaken(opened):
    catalog = opened()
    kept = Kept("id", "[]", 0, "boot")
    catalog.keep_uploads([kept])
    catalog.drop_upload("id")
    catalog.keep_uploads([kept])
    catalog.write()
    assert catalog.uploads() == [kept]
    catalog.drop_upload("id")
    assert opened().uploads() == []


def test_a_settled_answer_is_swept_after_a_day(opened, monkeypatch):
    catalog = opened()
    catalog.intend([intent(1), intent(2)])
    catalog.settle("upload:1")
    catalog.write()
    catalog.sweep()
    assert catalog.intent("upload:1") == intent(1)
    monkeypatch.setattr(module, "ANSWERS_SECONDS", -10)
    catalog.sweep()
    assert catalog.intent("upload:1") is None
    assert catalog.intent("upload:2") == intent(2)


@pytest.mark.parametrize("damage", ["garbage", "another program's", "newer", "torn"])
def test_one_that_cannot_be_used_is_put_aside_and_told_once(opened, tmp_path, told, damage):
    catalog = opened()
    for number in range(500):
        catalog.learn(f"etag {number}", "0" * 64)
    catalog = None
    opened().write()
    path = tmp_path / "files.sqlite3"
    if damage in ("another program's", "newer"):
        pragma = "application_id = 5" if damage != "newer" else "user_version = 99"
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA {pragma}")
        connection.close()
    else:
        opened().write()
        whole = path.read_bytes() or b"x" * 9000
        path.write_bytes(b"garbage " * 1000 if damage == "garbage" else whole[:4096] + b"\1" * 4096)
        for rest in ("-wal", "-shm"):
            path.with_name(path.name + rest).unlink(missing_ok=True)
    assert opened().recall("etag 1") == Known()
    assert len(told) == 1
    assert "no file is lost" in told[0]
    assert (tmp_path / "files.sqlite3.damaged").exists()
    opened()
    assert len(told) == 1


def test_what_cannot_be_written_is_refused_in_words_and_notes_are_kept(opened):
    catalog = opened()
    catalog._writer.execute("PRAGMA query_only = ON")
    catalog.learn("e1", "00")
    catalog.write()
    with pytest.raises(Unavailable, match="cannot be read or written"):
        catalog.intend([intent(1)])
    catalog._writer.execute("PRAGMA query_only = OFF")
    assert opened().recall("e1") == Known("00")


def test_what_waits_while_nothing_can_be_written_is_bounded_but_for_what_is_needed(opened, monkeypatch):
    monkeypatch.setattr(module, "NOTES_MOST", 3)
    catalog = opened()
    catalog.keep_uploads([Kept("id", "[]", 0, "boot")])
    catalog._writer.execute("PRAGMA query_only = ON")
    catalog.sweep()
    for number in range(10):
        catalog.learn(f"e{number}", "00")
    catalog.drop_upload("id")
    assert len(catalog._notes) == 4
    catalog._writer.execute("PRAGMA query_only = OFF")
    assert opened().uploads() == []
