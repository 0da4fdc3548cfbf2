"""The machine's clock is set an hour forward or back while the server runs: nothing stops or is lost."""

import time

import pytest

from portico.model.instants import rfc3339
from tests.faults.crowd import everything, status

HOUR = 3_600_000_000
"""In microseconds, as all instants of the room."""

WRONG_CLOCK = """
import pathlib, time

right = time.time_ns
wrong = pathlib.Path({path!r})
time.time_ns = lambda: right() + int(wrong.read_text()) * 1_000
time.time = lambda: time.time_ns() / 1e9
"""
"""What Python runs before the server: its clock is off by as many microseconds as a file says."""


@pytest.fixture
def clock(tmp_path):
    """The file that says by how much the server's clock is off."""
    (tmp_path / "python").mkdir()
    path = tmp_path / "off"
    path.write_text("0")
    (tmp_path / "python" / "sitecustomize.py").write_text(WRONG_CLOCK.format(path=str(path)))
    return path


def now():
    return time.time_ns() // 1_000


@pytest.mark.parametrize("off", [-HOUR, HOUR], ids=["back", "forward"])
def test_an_hour(serve, clock, off):
    server = serve(env={"PYTHONPATH": str(clock.with_name("python"))}, max_clients=9, sync="normal")
    began = now()
    with server.resp_client(3) as client, server.resp_client() as waiting, server.line_client() as leaver:
        secret = client.call("HELLO", 3, "SETNAME", "anna")["resume"]
        said = [client.call("SAY", "before", "ID", "k1")]
        leaver.send("here")
        while leaver.line() != "here ACK":
            pass
        head = client.call("HELLO")["head"]
        waiting.send("HISTORY", "SINCE", head, "KIND", "file", "WAIT", 700)
        client.call("PING")
        clock.write_text(str(off))

        assert client.call("SAY", "before", "ID", "k1") == said[0], "a key is still known"
        said.append(client.call("SAY", "after"))
        assert waiting.read_reply() == [], "who waits for something else is answered in time"
        leaver.send("bye")
        leaver.rest()
        assert waiting.call("HISTORY", "SINCE", client.call("HELLO")["head"], "WAIT", 50) == []
    with server.resp_client(3) as again, server.resp_client() as reader:
        assert again.call("HELLO", 3, "RESUME", secret)["name"] == "anna"
        said.append(again.call("SAY", "still Anna"))
        kept = everything(reader)
    assert [entry["text"] for entry in kept] == ["before", "here", "after", "still Anna"]
    assert [entry["seq"] for entry in kept] == sorted({said[0], kept[1]["seq"], *said[1:]})

    server.kill()
    server.restart()
    with server.resp_client() as client:
        said.append(client.call("SAY", "awake again", "AS", "visitor"))
        assert said == sorted(set(said))
        times = [entry["at"] for entry in everything(client)]
    assert times == sorted(times), "time never goes back in the room"
    assert times[-1] >= rfc3339(began + max(off, 0))
    assert all(row["connected"] <= row["disconnected"] for row in status(server) if row["disconnected"])
