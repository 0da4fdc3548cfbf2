"""Uploads that were begun are remembered; whatever is wrong with the file, nothing else is."""

import json
import time

import pytest

from portico.client.transfer import uploads as uploads_module
from portico.client.transfer.uploads import Uploads, new_id, state_file


def test_remembered_recalled_forgotten(state):
    assert state_file() == state
    Uploads().remember("a", "1")
    Uploads().remember("b", "2")
    Uploads().remember("a", "3")
    assert (Uploads().recall("a"), Uploads().recall("b"), Uploads().recall("c")) == ("3", "2", None)
    Uploads().forget("a")
    Uploads().forget("a")
    assert (Uploads().recall("a"), Uploads().recall("b")) == (None, "2")
    assert [path.name for path in state.parent.iterdir()] == [state.name], "nothing is left beside it"


def test_the_oldest_go_first(monkeypatch):
    monkeypatch.setattr(uploads_module, "KEPT", 3)
    for name in "abacd":
        Uploads().remember(name, name)
    assert [name for name in "abcd" if Uploads().recall(name)] == ["a", "c", "d"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"a": 1}', b'{"a": [1, 2, 3]}', b'{"a": [7, 9e9]}', b"\xff"]
)
def test_a_damaged_file_is_none(state, content):
    state.parent.mkdir(parents=True)
    state.write_bytes(content)
    assert Uploads().recall("a") is None
    Uploads().remember("a", "1")
    assert Uploads().recall("a") == "1"


def test_what_is_too_old_is_forgotten(state):
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"old": ["1", time.time() - 8 * 24 * 3_600], "new": ["2", time.time()]}))
    assert (Uploads().recall("old"), Uploads().recall("new")) == (None, "2")


def test_a_place_that_cannot_be_written_costs_nothing_but_comfort(tmp_path):
    (tmp_path / "file").write_text("")
    uploads = Uploads(tmp_path / "file" / "uploads.json")
    uploads.remember("a", "1")
    assert uploads.recall("a") is None
    uploads.forget("a")


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for relative in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", relative)
        assert state_file() == tmp_path / ".local" / "state" / "portico" / "uploads.json"


def test_ids():
    assert len({new_id() for _ in range(100)}) == 100
    assert all(len(new_id()) == 32 and int(new_id(), 16) for _ in range(10))
