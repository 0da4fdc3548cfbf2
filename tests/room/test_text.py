"""What messages and keys may hold, in bytes as they came."""

import pytest

from portico.model.errors import PorticoError, TooBig
from portico.room.text import check_key, check_message, not_utf8

LARGEST = b"x" * 65_536


@pytest.mark.parametrize(
    "data",
    [
        b"H",
        b"Hello",
        b"a\tb\nc\n",
        " ",
        "é日本💬",
        "non\u00a0breaking",
        "zero\u200dwidth",
        "\u200emark",
        LARGEST,
    ],
)
def test_a_message_is_any_text(data):
    data = data.encode() if isinstance(data, str) else data
    assert check_message(data) == data.decode()


BAD = {
    "empty": b"",
    "NUL": b"a\0b",
    "BEL": b"\x07",
    "CR": b"a\r\n",
    "ESC": b"\x1b[2J",
    "DEL": b"\x7f",
    "C1": "\x9b2J".encode(),
    "next line": "\x85".encode(),
    "override": "exe\u202egpj".encode(),
    "embedding": "\u202a".encode(),
    "isolate": "\u2066".encode(),
    "end of isolate": "\u2069".encode(),
    "no UTF-8": b"\xff",
    "overlong": b"\xc0\xaf",
    "half a pair": b"\xed\xa0\x80",
    "cut short": "é".encode()[:1],
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_bad_message_is_refused_in_one_line(data):
    with pytest.raises(PorticoError) as refusal:
        check_message(data)
    assert refusal.value.code == "ERR"
    assert refusal.value.sentence.isprintable()


@pytest.mark.parametrize("data", [LARGEST + b"x", "é".encode() * 32_768 + b"x", b"\xff" * 65_537])
def test_a_message_is_measured_in_bytes_before_anything_else(data):
    with pytest.raises(TooBig, match="65,536 bytes"):
        check_message(data)


@pytest.mark.parametrize("key", ["k", "run.1", "x" * 64, "é" * 32, "with space"])
def test_a_key_is_short_text(key):
    assert check_key(key.encode()) == key


@pytest.mark.parametrize("data", [b"", b"x" * 65, "é".encode() * 33, b"a\nb", b"a\0", b"\xff"])
def test_a_bad_key_is_refused(data):
    with pytest.raises(PorticoError) as refusal:
        check_key(data)
    assert refusal.value.code == "ERR"


def test_what_is_no_text_has_one_sentence():
    assert not_utf8().sentence == "text must be UTF-8"
