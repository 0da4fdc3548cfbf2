"""The conversation this project began with, to the letter: what the server prints, what each client sees.

Real netcats talk to the real server, as people would.
"""

import re
from contextlib import ExitStack

import pytest

from tests.dialogues.transcript import in_readme, timeless, transcript
from tests.support.netcat import Netcat

pytestmark = pytest.mark.peer("nc", "apt-get install netcat-openbsd")

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"
CONNECTED = re.compile(rf"(?P<name>.+) has connected to the server\. Created at: (?P<time>{TIME})")
LEFT = re.compile(rf"(?P<name>.+) has disconnected at: (?P<time>{TIME})")
ATTEMPT = re.compile(r"Attempted connection from: (?P<address>\('127\.0\.0\.1', \d+\))")
SESSION = re.compile(
    rf"Client Name: (?P<name>.+)\nClient Address: (?P<address>\('127\.0\.0\.1', \d+\))\n"
    rf"Client Connection Time: (?P<connected>{TIME})\nClient Disconnect Time: (?P<left>None|{TIME})\n-----\n"
)
FULL = "Server is full: 3 of 3 clients are connected. Try again later."


@pytest.fixture
def netcat():
    """Starts netcats; all end with the test."""
    with ExitStack() as stack:
        yield lambda server: stack.enter_context(Netcat(server.port))


def status(client, sessions):
    """What `status` shows, a dict for each session; nothing else is on the screen."""
    text = client.ask("status", 5 * sessions) + "\n"
    rows = [found.groupdict() for found in SESSION.finditer(text)]
    assert SESSION.sub("", text) == ""
    assert len(rows) == sessions
    return rows


def events(server):
    """The console after its first lines, times and ports named for what they are."""
    start = next(at for at, line in enumerate(server.console) if line.startswith("Attempted"))
    return [timeless(line) for line in server.console[start:]]


def joins(client, number, clients):
    """Says Hello as the first line."""
    assert client.ask("Hello", 2) == (
        f"You are Client{number} ({clients} of 3 clients). Type help for the commands.\nHello ACK"
    )


def test_the_two_clients_of_the_report(serve, netcat):
    server = serve()
    assert server.console[:3] == [
        f"Server is listening on 127.0.0.1:{server.port}",
        "Maximum clients allowed: 3",
        "Server waiting for connection...",
    ]
    first = netcat(server)
    joins(first, 1, 1)
    assert first.ask("list") == "Files: tester1.txt | tester2.txt |"
    (alone,) = status(first, 1)
    assert (alone["name"], alone["left"]) == ("Client1", "None")

    second = netcat(server)
    greeting = "You are Client2 (2 of 3 clients). Type help for the commands."
    assert second.ask("Test", 2) == f"{greeting}\nTest ACK"
    assert first.lines(2) == ["* Client2 joined", "Client2: Test"]
    both = status(second, 2)
    assert both[0] == alone
    assert (both[1]["name"], both[1]["left"]) == ("Client2", "None")
    assert second.ask("bye") == "Goodbye, Client2."
    second.ends()

    assert first.line() == "* Client2 left"
    assert first.ask("hello") == "hello ACK"
    assert first.ask("test") == "test ACK"
    one, two = status(first, 2)
    assert one == alone
    assert first.ask("bye") == "Goodbye, Client1."
    first.ends()

    server.wait_for("Client1 has disconnected")
    assert events(server) == [
        "Attempted connection from: ('127.0.0.1', PORT)",
        "Client1 has connected to the server. Created at: TIME",
        "Client1: Hello",
        "Attempted connection from: ('127.0.0.1', PORT)",
        "Client2 has connected to the server. Created at: TIME",
        "Client2: Test",
        "Client2 has disconnected at: TIME",
        "Client1: hello",
        "Client1: test",
        "Client1 has disconnected at: TIME",
    ]
    console = "\n".join(server.console)
    assert [one["address"], two["address"]] == ATTEMPT.findall(console)
    assert [("Client1", one["connected"]), ("Client2", two["connected"])] == CONNECTED.findall(console)
    assert ("Client2", two["left"]) == LEFT.findall(console)[0]
    assert one["connected"] < two["connected"] < two["left"]


def test_the_fourth_client_and_the_freed_place(serve, netcat):
    server = serve()
    people = [netcat(server) for _ in range(3)]
    for number, person in enumerate(people, 1):
        joins(person, number, number)
    for _ in range(2):
        fourth = netcat(server)
        assert fourth.ask("Hello") == FULL
        fourth.ends()
    assert people[1].lines(2) == ["* Client3 joined", "Client3: Hello"]
    assert people[1].ask("bye") == "Goodbye, Client2."

    fifth = netcat(server)
    joins(fifth, 4, 3)
    assert [row["name"] for row in status(fifth, 4)] == ["Client1", "Client2", "Client3", "Client4"]
    assert not any("Client5" in line for line in server.console)


def test_a_place_is_free_when_its_client_dies_without_a_word(serve, netcat):
    server = serve(max_clients=1)
    first = netcat(server)
    assert first.ask("Hello", 2).endswith("\nHello ACK")
    first.kill()
    server.wait_for("Client1 has disconnected")
    second = netcat(server)
    assert (
        second.ask("Hello", 2) == "You are Client2 (1 of 1 clients). Type help for the commands.\nHello ACK"
    )


def test_a_server_that_dies_and_comes_back(serve, netcat):
    server = serve()
    first, second = netcat(server), netcat(server)
    joins(first, 1, 1)
    joins(second, 2, 2)
    assert second.ask("bye") == "Goodbye, Client2."
    second_left = LEFT.fullmatch(server.wait_for("Client2 has disconnected"))["time"]
    assert first.lines(3) == ["* Client2 joined", "Client2: Hello", "* Client2 left"]
    assert first.ask("Before the crash") == "Before the crash ACK"
    server.kill()
    joined = CONNECTED.fullmatch(server.wait_for("Client1 has connected"))["time"]

    server.restart()
    third = netcat(server)
    joins(third, 3, 1)
    rows = status(third, 3)
    assert [row["name"] for row in rows] == ["Client1", "Client2", "Client3"]
    assert (rows[0]["connected"], rows[1]["left"], rows[2]["left"]) == (joined, second_left, "None")
    assert joined < rows[0]["left"] < rows[2]["connected"], "who the crash cut off has a disconnect time"
    assert LEFT.findall(server.wait_for("Client1 has disconnected")) == [("Client1", rows[0]["left"])]
    history = third.ask("/history 100", 9).splitlines()
    assert [line.split(" ", 3)[3] for line in history] == [
        "* Client1 joined",
        "Client1: Hello",
        "* Client2 joined",
        "Client2: Hello",
        "* Client2 left",
        "Client1: Before the crash",
        "* Client1 left",
        "* Client3 joined",
        "Client3: Hello",
    ]
    assert third.ask("bye") == "Goodbye, Client3."
    server.wait_for("Client3 has disconnected")

    server.restart()
    fourth = netcat(server)
    joins(fourth, 4, 1)
    assert status(fourth, 4)[:2] == rows[:2], "what status says of the past stays as it was"


def test_the_readme_shows_what_happens(tmp_path):
    assert timeless(in_readme()) == timeless(transcript(tmp_path))
