"""The disk under the log is full: refused in words, nothing acknowledged lost, and it recovers."""

import pytest

from tests.faults.crowd import everything, online, status, wait_until
from tests.faults.machines import small_disk
from tests.support.resp import RespError


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", "32m") as place:
        yield place


def say_until_full(client):
    """Says long messages until the disk is full; returns what was acknowledged, and the refusal."""
    said = []
    for number in range(1000):
        text = f"{number} ".ljust(50_000, "x")
        try:
            client.call("SAY", text)
        except RespError as error:
            return said, error
        said.append(text)
    raise AssertionError("the disk did not become full")


def test_full_and_freed(serve, disk):
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(20_000_000))
    server = serve(ledger=disk / "log.sqlite3", max_clients=3)
    with server.resp_client() as client, server.line_client() as leaver, server.line_client() as text:
        leaver.ask("")
        text.ask("")
        said, refusal = say_until_full(client)
        assert said
        assert refusal.code == "NOSPACE"
        assert len(refusal.sentence.split()) > 3
        with pytest.raises(RespError, match="NOSPACE"):
            client.call("SAY", "x" * 50_000)
        text.send("y" * 50_000)
        while not (line := text.line()).startswith("error: "):
            assert not line.startswith("y")
        assert line == f"error: {refusal.sentence}"
        assert client.call("PING") == "PONG", "reading goes on"
        assert [entry["text"] for entry in everything(client)] == said
        leaver.close()

        ballast.unlink()
        wait_until(lambda: "Client1" not in online(server), 15)
        said.append("it goes on")
        wait_until(lambda: accepted(client, said[-1]), 15)
        assert [entry["text"] for entry in everything(client)] == said
    server.wait_for("Client3 has disconnected")
    before = status(server)
    assert all(row["disconnected"] for row in before)
    server.restart()
    assert status(server) == before
    with server.resp_client() as client:
        assert [entry["text"] for entry in everything(client)] == said


def accepted(client, text):
    (answer,) = client.pipeline(("SAY", text, "ID", "again"))
    assert isinstance(answer, int) or answer.code == "NOSPACE"
    return isinstance(answer, int)


def test_killed_while_full(serve, disk):
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(20_000_000))
    server = serve(ledger=disk / "log.sqlite3")
    with server.resp_client() as client:
        said, _ = say_until_full(client)
        server.kill()
    ballast.unlink()
    server.restart()
    with server.resp_client() as client:
        assert [entry["text"] for entry in everything(client)] == said
    assert [row["reason"] for row in status(server)] == ["crash"]
