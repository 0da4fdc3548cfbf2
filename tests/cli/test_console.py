"""The console's lines, and that nobody ever waits for it."""

from __future__ import annotations

import json
import os
import re

import pytest

from portico.cli import printer
from portico.cli.console import Console, json_line, text_line
from portico.cli.printer import Header, Printer
from portico.model.entries import ErasedMessage, Message, Presence
from portico.model.instants import local_text

AT = 1_739_227_612_048_084

EVENTS = [
    (("127.0.0.1", 58_596), "Attempted connection from: ('127.0.0.1', 58596)"),
    (
        Presence(1, AT, "Client1", 1, "joined"),
        f"Client1 has connected to the server. Created at: {local_text(AT)}",
    ),
    (Message(2, AT, "Client1", 1, "Hello"), "Client1: Hello"),
    (Message(2, AT, "Client1", 1, "a\nClient2: b"), "Client1: a\n  Client2: b"),
    (Presence(3, AT, "Client1", 1, "renamed", name="ann"), "Client1 is now ann"),
    (Presence(4, AT, "ann", 1, "left"), f"ann has disconnected at: {local_text(AT)}"),
    (Message(5, AT, "ann", 1, "psst", "bob", 2), ""),
    (ErasedMessage(6, AT, "ann", 1), ""),
    ("the disk is full", "the disk is full"),
]


@pytest.mark.parametrize("event,line", EVENTS)
def test_lines_for_people(event, line):
    assert text_line(event) == line


@pytest.mark.parametrize("event,line", EVENTS)
def test_lines_for_programs(event, line):
    if line == "" and isinstance(event, Message):
        assert json_line(event) == ""
        return
    facts = json.loads(json_line(event))
    assert "\n" not in json_line(event)
    assert facts["kind"] in ("attempt", "note", "presence", "message", "erased")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", facts["at"])


@pytest.fixture
def ends():
    """The two ends of a pipe."""
    reading, writing = os.pipe()
    with open(reading, "rb") as reader, open(writing, "w", encoding="utf-8") as writer:  # noqa: PTH123
        yield reader, writer


def read_all(ends) -> list[str]:
    reader, writer = ends
    writer.close()
    return reader.read().decode().splitlines()


def messages(count: int, text: str = "") -> list[Message]:
    return [Message(seq, AT, "x", 0, f"{text}{seq}") for seq in range(count)]


def test_the_first_lines_come_first_and_as_they_are(ends):
    console = Console(out=ends[1], layout="json")
    console.attempted(("127.0.0.1", 1))
    console.start([Header("Server is listening on 127.0.0.1:1")])
    console.close(60)
    first, second = read_all(ends)
    assert first == "Server is listening on 127.0.0.1:1"
    assert json.loads(second)["kind"] == "attempt"


def test_quiet_prints_the_first_lines_and_troubles_elsewhere(ends, capfd):
    console = Console(out=ends[1], quiet=True)
    console.start([Header("first")])
    console.entries(messages(3))
    console.attempted(("127.0.0.1", 1))
    console.note("the disk is full")
    console.close(60)
    assert read_all(ends) == ["first"]
    assert capfd.readouterr().err == "the disk is full\n"


def test_a_mistake_of_our_own_is_told_with_its_traceback(ends, capfd):
    console = Console(out=ends[1])
    console.start([])
    console.report(ZeroDivisionError("oops"))
    console.close(60)
    assert "ZeroDivisionError: oops" in capfd.readouterr().err


def test_what_does_not_fit_is_counted_where_it_is_missing(ends, monkeypatch):
    monkeypatch.setattr(printer, "QUEUE_LINES", 3)
    console = Console(out=ends[1])
    console.entries(messages(10))
    console.start([])
    console.close(60)
    assert read_all(ends) == ["x: 0", "x: 1", "x: 2", "... 7 lines left out"]


def test_long_messages_take_their_share_of_the_queue(ends, monkeypatch):
    monkeypatch.setattr(printer, "QUEUE_BYTES", 1_000)
    console = Console(out=ends[1])
    console.entries(messages(10, "x" * 300))
    console.start([])
    console.close(60)
    assert [line[:5] for line in read_all(ends)] == ["x: xx"] * 3 + ["... 7"]


def test_every_line_is_printed_or_counted(ends, monkeypatch):
    monkeypatch.setattr(printer, "QUEUE_LINES", 50)
    console = Console(out=ends[1])
    console.start([])
    for message in messages(5_000):
        console.entries([message])
    console.close(60)
    lines = read_all(ends)
    left_out = sum(int(line.split()[1]) for line in lines if line.startswith("..."))
    said = [int(line[3:]) for line in lines if line.startswith("x: ")]
    assert len(said) + left_out == 5_000
    assert said == sorted(said)


def test_a_pipe_that_nobody_reads_any_more_is_no_trouble(ends):
    console = Console(out=ends[1])
    console.start([])
    ends[0].close()
    for message in messages(1_000):
        console.entries([message])
    console.close(60)
    assert console._out._broken
    # What was never written must not be written when the test ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), ends[1].fileno())


def test_a_pipe_made_non_blocking_loses_nothing(ends):
    os.set_blocking(ends[1].fileno(), False)
    console = Console(out=ends[1])
    console.start([])
    console.entries(messages(8_000, "long enough to fill a pipe "))
    lines = [ends[0].readline().decode() for _ in range(8_000)]
    console.close(60)
    assert lines[-1] == "x: long enough to fill a pipe 7999\n"


def test_what_the_encoding_does_not_have_is_escaped():
    reading, writing = os.pipe()
    printing = Printer(writing, str, "ascii")
    printing.start(["Zoë"])
    printing.close(60)
    assert os.read(reading, 100) == b"Zo\\xeb\n"
    os.close(reading)
    os.close(writing)
