"""The audit log: lines that nobody can forge, that never wait, and that do not fill the disk."""

import json

import pytest

from portico.stores import audit
from portico.stores.audit import AuditLog, append

NAUGHTY = ["\n", "\r\n{}", "\x1b[2J", "\u2028", "\u202e", '"}\n{"event":"x"}', "\x00", "😀", "\udcff", "\x85"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private" / "audit.jsonl"


@pytest.fixture
def opened(path):
    path.parent.mkdir()
    told = []
    log = AuditLog(path, told.append)
    log.told = told
    yield log
    log.close()


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_every_event_is_one_line_whatever_stands_in_it(opened, path):
    for text in NAUGHTY:
        opened.note("refused", rule=text, why=text, address=("::1", 7))
    opened.close()
    data = path.read_bytes()
    assert data.count(b"\n") == len(NAUGHTY)
    assert data.isascii()
    assert not [byte for byte in data if byte < 32 and byte != 10]
    assert [line["why"] for line in lines(path)] == NAUGHTY
    assert all(line["at"].endswith("Z") and line["event"] == "refused" for line in lines(path))
    assert path.stat().st_mode & 0o077 == 0


def test_a_flood_is_counted(opened, path, monkeypatch):
    monkeypatch.setattr(audit.time, "time_ns", lambda: 1_700_000_000_000_000_000)
    for _ in range(1_000):
        opened.note("refused", rule="protocol")
    opened.note("refused", rule="token")
    monkeypatch.setattr(audit.time, "time_ns", lambda: 1_700_000_001_000_000_000)
    opened.note("connect")
    opened.close()
    found = lines(path)
    assert len(found) == audit.LINES_PER_RULE + 3
    (left_out,) = [line for line in found if line["event"] == "left_out"]
    assert left_out["rule"] == "protocol"
    assert left_out["lines"] == 1_000 - audit.LINES_PER_RULE


def test_it_is_rotated(opened, path, monkeypatch):
    monkeypatch.setattr(audit, "ROTATE_BYTES", 1_000)
    monkeypatch.setattr(audit, "LINES_PER_RULE", 5)
    for number in range(100):
        opened.note(f"event {number}", padding="x" * 100)
    opened.close()
    kept = sorted(each.name for each in path.parent.iterdir())
    assert [name for name in kept if name != path.name] == [f"audit.jsonl.{n}" for n in range(1, 6)]
    assert all((path.parent / name).stat().st_size < 3_000 for name in kept)
    newest = path if path.exists() else path.with_name("audit.jsonl.1")
    assert lines(newest)[-1]["event"] == "event 99"


def test_what_cannot_be_written_is_told_once_and_it_goes_on(path):
    path.parent.mkdir()
    path.mkdir()
    told = []
    log = AuditLog(path, told.append)
    for _ in range(3):
        log.note("connect")
    log.close()
    assert len(told) == 1
    assert "cannot be written" in told[0]
    path.rmdir()
    log = AuditLog(path, told.append)
    log.note("connect")
    log.close()
    assert len(lines(path)) == 1


def test_another_process_appends(path):
    append(path, "token created", id="x")
    append(path, "token revoked", id="x")
    assert [line["event"] for line in lines(path)] == ["token created", "token revoked"]
    assert path.stat().st_mode & 0o077 == 0


def test_it_follows_no_link(tmp_path):
    target = tmp_path / "target"
    target.write_text("mine\n")
    (tmp_path / "audit.jsonl").symlink_to(target)
    with pytest.raises(OSError, match=r"symbolic|loop|link"):
        append(tmp_path / "audit.jsonl", "event")
    assert target.read_text() == "mine\n"
