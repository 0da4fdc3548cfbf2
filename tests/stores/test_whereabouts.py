"""Where a server listens: told while it runs, and never after it, however it ended."""

import fcntl
import json

import pytest

from portico.stores.whereabouts import Whereabouts, find, told

THERE = Whereabouts("192.0.2.7", 7000, asks=False, certificate="/etc/cert.pem")


def test_it_is_told_for_as_long_as_it_is_so(tmp_path):
    path = tmp_path / "address.json"
    assert find(path) is None
    with told(path, THERE):
        assert find(path) == THERE
        assert find(path) == THERE, "who looks takes nothing away"
        assert path.stat().st_mode & 0o777 == 0o600
    assert find(path) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_tells_nothing_and_is_replaced(tmp_path):
    path = tmp_path / "address.json"
    with told(path, THERE):
        left = path.read_bytes()
    path.write_bytes(left)
    assert find(path) is None
    with told(path, Whereabouts("::1", 1)):
        assert find(path) == Whereabouts("::1", 1)


@pytest.mark.parametrize("body", ["", "{", "[]", json.dumps({"host": "x"}), json.dumps({"other": 1})])
def test_what_makes_no_sense_tells_nothing(tmp_path, body):
    path = tmp_path / "address.json"
    path.write_text(body)
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert find(path) is None


def test_a_server_runs_also_where_it_cannot_be_told(tmp_path):
    for path in (None, tmp_path / "nowhere" / "address.json"):
        with told(path, THERE):
            assert list(tmp_path.iterdir()) == []
