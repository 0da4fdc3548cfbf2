"""The server is killed in the middle of everything; nothing acknowledged is lost, doubled or moved."""

import threading
import time

import pytest

from tests.faults.crowd import everything, status, wait_until
from tests.support.resp import RespClient, pairs
from tests.support.stream import PATIENCE

SPEAKERS = 4
MESSAGES = 3_000
PIPELINE = 50
KILLS = 4


class Speaker(threading.Thread):
    """Says its numbers in order; what was not answered is said again, under the same key."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.name = name
        self.numbers: list[int] = []
        self.resent = 0

    def run(self) -> None:
        while len(self.numbers) < MESSAGES:
            try:
                with RespClient(self.port) as client:
                    self.speak(client)
            except (OSError, EOFError):
                time.sleep(0.05)
                self.resent += 1

    def speak(self, client: RespClient) -> None:
        while (start := len(self.numbers)) < MESSAGES:
            batch = range(start, min(start + PIPELINE, MESSAGES))
            for number in batch:
                client.send("SAY", str(number), "ID", f"{self.name}-{number}", "AS", self.name)
            for _ in batch:
                self.numbers.append(client.read_reply())


@pytest.mark.slow
def test_kill_9_under_load(serve):
    server = serve()
    speakers = [Speaker(server.port, f"speaker {number}") for number in range(SPEAKERS)]
    for speaker in speakers:
        speaker.start()
    for kill in range(1, KILLS + 1):
        goal = kill * SPEAKERS * MESSAGES // (KILLS + 1)
        wait_until(lambda goal=goal: sum(len(each.numbers) for each in speakers) >= goal, 30)
        server.kill()
        server.restart()
    for speaker in speakers:
        speaker.join(3 * PATIENCE)
        assert len(speaker.numbers) == MESSAGES
    assert sum(speaker.resent for speaker in speakers) >= KILLS

    with server.resp_client() as client:
        entries = everything(client)
    assert [entry["seq"] for entry in entries] == list(range(1, SPEAKERS * MESSAGES + 1))
    for speaker in speakers:
        own = [entry for entry in entries if entry["sender"] == speaker.name]
        assert [entry["text"] for entry in own] == [str(number) for number in range(MESSAGES)]
        assert [entry["seq"] for entry in own] == speaker.numbers
    assert sorted(entry["at"] for entry in entries) == [entry["at"] for entry in entries]


def test_who_was_there_when_it_was_killed(serve):
    server = serve()
    with server.resp_client() as client, server.line_client() as other:
        client.call("NAME", "alice")
        other.ask("")
        other.send("bye")
        server.wait_for("Client1 has disconnected")
        server.kill()
    server.restart()
    alice, client1 = status(server)
    assert (alice["name"], alice["reason"]) == ("alice", "crash")
    assert alice["connected"] < alice["disconnected"]
    assert (client1["name"], client1.get("reason")) == ("Client1", None)
    server.wait_for("alice has disconnected at: ")


def test_the_log_stays_the_same_log(serve):
    server = serve()
    with server.resp_client() as client:
        seq = client.call("SAY", "before", "ID", "the key")
        before = pairs(client.call("HELLO"))
        server.kill()
    server.restart()
    with server.resp_client() as client:
        after = pairs(client.call("HELLO"))
        assert client.call("SAY", "before", "ID", "the key") == seq
        assert client.call("SAY", "after") > after["head"]
        assert pairs(client.call("HELLO"))["name"] == "Client2"
    assert after["log"] == before["log"]
