"""docs/protocol.md says the truth: its examples are run, its limits are those of the code."""

import re
from pathlib import Path

import pytest

from portico.commands.arguments import WORD_BYTES
from portico.model.access import Grant
from portico.room.limits import KEY_BYTES, MESSAGE_BYTES, NAME_CHARACTERS
from portico.server.limits import (
    ATTEMPTS_FREE,
    HEADERS,
    LINE_BYTES,
    PARTIAL_SECONDS,
    SILENT_SECONDS,
    STALLED_SECONDS,
)
from portico.wire import CODECS, Wire, resp, text, websocket
from portico.wire.sniff import SNIFF_BYTES
from tests.support.service import Guest, InMemory
from tests.support.stream import Stream
from tests.support.web import WebClient, frame

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(text|resp)(?: (token))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WEB_EXAMPLES = re.findall(r"^```(http|websocket)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WIRES = {"text": Wire.TEXT, "resp": Wire.RESP}

LIMITS = [
    ("silence before the first byte", f"{SILENT_SECONDS} s"),
    ("from the first byte", f"{PARTIAL_SECONDS} s"),
    ("a first line", f"{SNIFF_BYTES:,} bytes"),
    ("a line of plain text", f"{text.LINE_BYTES:,} bytes"),
    ("words in one RESP request", f"{resp.ARGUMENTS}"),
    ("bytes in one RESP request", f"{resp.REQUEST_BYTES:,}"),
    ("before a token", f"{resp.LOCKED_ARGUMENTS} words, {resp.LOCKED_BYTES:,} bytes"),
    ("wrong tokens", f"{ATTEMPTS_FREE} cost nothing"),
    ("bytes of one `WRITE`", f"{resp.BODY_BYTES:,}"),
    ("from one byte of a `WRITE`", f"{STALLED_SECONDS} s"),
    ("a RESP length", f"1 to {resp.LENGTH_DIGITS} digits"),
    ("a line or header of HTTP", f"{LINE_BYTES:,} bytes, {HEADERS}"),
    ("a request over a WebSocket", f"{websocket.MESSAGE_BYTES:,} bytes"),
    ("an id of such a request", f"{websocket.ID_CHARACTERS} characters"),
    ("a message", f"1 to {MESSAGE_BYTES:,} bytes"),
    ("a name", f"1 to {NAME_CHARACTERS} characters"),
    ("an idempotency key", f"1 to {KEY_BYTES} bytes"),
    ("any other single argument", f"{WORD_BYTES:,} bytes"),
]


def turns(example):
    """What is sent and what shall come back, in turn."""
    for turn in re.split(r"^(?=>)", example, flags=re.MULTILINE)[1:]:
        sent, *answers = turn.splitlines()
        yield sent[1:].removeprefix(" "), [answer[1:].removeprefix(" ") for answer in answers]


def spelled(line, wire):
    """The bytes that a line of an example stands for."""
    return f"{line}\n" if wire is Wire.TEXT else line.replace(r"\r", "\r").replace(r"\n", "\n")


@pytest.mark.parametrize("language, token, example", EXAMPLES, ids=[example[:20] for *_, example in EXAMPLES])
def test_the_examples_are_true(language, token, example):
    wire = WIRES[language]
    guest = Guest(InMemory(tokens={"TOKEN": Grant()} if token else None), CODECS[wire]())
    for sent, answers in turns(example):
        said = guest.feed(spelled(sent, wire).encode()).decode()
        expected = "".join(spelled(answer, wire) for answer in answers)
        assert re.fullmatch(pattern(expected), said, re.DOTALL), f"after {sent!r} there came {said!r}"


def pattern(expected):
    return ".*?".join(map(re.escape, expected.split("...")))


@pytest.mark.parametrize("language, example", WEB_EXAMPLES, ids=[example[:20] for _, example in WEB_EXAMPLES])
def test_the_examples_of_the_web_are_true(language, example, serve):
    port = serve().port
    if language == "http":
        play_http(example, port)
    else:
        with WebClient(port) as client:
            play_websocket(example, client)


def play_http(example, port):
    for sent, answers in turns(example):
        expected = pattern(spelled("".join(answers), Wire.HTTP))
        with Stream(port) as stream:
            stream.send_raw(spelled(sent, Wire.HTTP).encode())
            deadline = stream.deadline(None)
            while not re.fullmatch(expected, stream.buffer.decode(), re.DOTALL):
                assert stream.receive(deadline), f"after {sent!r} there came {stream.buffer!r}"


def play_websocket(example, client):
    for sent, answers in turns(example):
        client.send_raw(frame(sent))
        for answer in answers:
            said = client.text(client.deadline(None))
            assert re.fullmatch(pattern(answer), said), f"after {sent!r} there came {said!r}"


def test_there_are_examples_of_every_wire():
    assert {language for language, *_ in EXAMPLES} == set(WIRES)
    assert len([example for _, token, example in EXAMPLES if token]) == len(WIRES)
    assert {language for language, _ in WEB_EXAMPLES} == {"http", "websocket"}


@pytest.mark.parametrize("what, value", LIMITS)
def test_the_limits_are_those_of_the_code(what, value):
    (row,) = re.findall(rf"^\| {re.escape(what)}.*$", PAGE, re.MULTILINE)
    assert value in row
