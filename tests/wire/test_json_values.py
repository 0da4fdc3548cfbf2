"""How values look in JSON."""

import json

import pytest

from portico.model.errors import Busy, PorticoError
from portico.model.files import Chunk, FileFacts
from portico.model.replies import OK, FileCard, Listing, Said
from portico.wire.json_values import encode, error_json, to_json

FACTS = FileFacts("a/ü.txt", 5, 1_739_231_212_048_084, "etag")

VALUES = [
    (None, None),
    (True, True),
    (7, 7),
    ("Grüße", "Grüße"),
    (b"text", "text"),
    (bytearray(b"text"), "text"),
    (b"\xff", {"base64": "/w=="}),
    (OK, "OK"),
    (Said(7, "Hello"), 7),
    (Chunk("a", "etag", 4, 0, b"text"), {"base64": "dGV4dA=="}),
    ([OK, (1, b"a")], ["OK", [1, "a"]]),
    ({"a": Said(1, "")}, {"a": 1}),
    (FileCard(FACTS), {"path": "a/ü.txt", "size": 5, "mtime": "2025-02-10T23:46:52.048084Z", "etag": "etag"}),
    (Listing([], 0), []),
]


@pytest.mark.parametrize("value, expected", VALUES)
def test_a_reply_is_a_value_of_json(value, expected):
    assert to_json(value) == expected
    assert json.loads(encode(to_json(value))) == expected


def test_json_is_one_line_of_utf8():
    assert encode({"a": "ü\n\u2028"}) == '{"a":"ü\\n\u2028"}'.encode()


def test_errors_have_a_code_and_a_sentence():
    assert error_json(PorticoError("no")) == {"code": "ERR", "message": "no"}
    assert error_json(Busy("wait"))["code"] == "BUSY"
