"""Replies: the plain value that programs get of every shape."""

import pytest

from portico.model.entries import Message
from portico.model.files import FileFacts
from portico.model.replies import (
    OK,
    PONG,
    CommandLine,
    Farewell,
    FileCard,
    Greeting,
    Listing,
    Manual,
    Named,
    Page,
    Roll,
    Said,
    SessionLine,
    Simple,
    file_map,
)

AT = 1_739_231_212_048_084
TIME = "2025-02-10T23:46:52.048084Z"
FILE = FileFacts("a/b.txt", 12, AT, "e1")
FILE_MAP = {"path": "a/b.txt", "size": 12, "mtime": TIME, "etag": "e1"}
HELP = CommandLine("PING [text]", "Answer")
SESSION = SessionLine("anna", "127.0.0.1", 4711, AT, None, "")
SESSION_MAP = {"name": "anna", "address": "127.0.0.1:4711", "connected": TIME, "disconnected": None}


@pytest.mark.parametrize(
    "shape, value",
    [
        (Said(7, "hi"), 7),
        (Named("anna", 1, 3), "anna"),
        (Greeting(3, {"server": "portico"}), {"server": "portico"}),
        (SESSION, SESSION_MAP),
        (SessionLine("anna", "::1", 4711, AT, None, ""), SESSION_MAP | {"address": "[::1]:4711"}),
        (
            SessionLine("anna", "127.0.0.1", 4711, AT, AT + 1, "crash"),
            SESSION_MAP | {"disconnected": "2025-02-10T23:46:52.048085Z", "reason": "crash"},
        ),
        (Roll([SESSION], 3), [SESSION_MAP]),
        (
            Page([Message(7, AT, "anna", 1, "hi")]),
            [{"seq": 7, "kind": "message", "at": TIME, "sender": "anna", "text": "hi"}],
        ),
        (Listing([FILE], 5), [FILE_MAP]),
        (FileCard(FILE), FILE_MAP),
        (HELP, "PING [text] - Answer"),
        (Manual([HELP]), ["PING [text] - Answer"]),
        (Manual([HELP], "More."), ["PING [text] - Answer", "More."]),
        (Farewell("anna"), OK),
    ],
)
def test_programs_get_a_plain_value(shape, value):
    assert shape.value() == value


def test_a_digest_is_shown_once_it_is_known():
    assert file_map(FileFacts("a/b.txt", 12, AT, "e1", "ff")) == FILE_MAP | {"sha256": "ff"}


def test_words_of_the_protocol_are_values():
    assert Simple("OK") == OK != PONG == Simple("PONG")
