"""The kinds of arguments: what each takes, and the one sentence it refuses with."""

import pytest

from portico.commands.arguments import (
    ENTRY,
    ENTRY_KIND,
    FILE_SIZE,
    HOLDER,
    INSTANT,
    KEY,
    MESSAGE,
    NAME,
    PATH,
    PATTERN,
    SHA256,
    VERSION,
    WORD,
    number,
)
from portico.model.errors import BadName, NotFound, PorticoError, TooBig

TEN = number("N", 1, 10)

TAKEN = [
    (TEN, b"1", 1),
    (TEN, b"10", 10),
    (TEN, b"007", 7),
    (ENTRY, b"9007199254740992", 2**53),
    (WORD, "\u00e9".encode(), "\u00e9"),
    (WORD, b"a" * 1_024, "a" * 1_024),
    (MESSAGE, b"a\tb\nc", "a\tb\nc"),
    (MESSAGE, b"a" * 65_536, "a" * 65_536),
    (KEY, b"k" * 64, "k" * 64),
    (NAME, b"Ann Lee", "Ann Lee"),
    (NAME, "\U0001f600".encode() * 32, "\U0001f600" * 32),
    (HOLDER, b"Client2", "Client2"),
    (HOLDER, b"anything: at all", "anything: at all"),
    (PATH, b"a/b c.txt", "a/b c.txt"),
    (PATTERN, b"**/*.txt", "**/*.txt"),
    (ENTRY_KIND, b"MESSAGE", "message"),
    (FILE_SIZE, b"?", -1),
    (FILE_SIZE, b"0", 0),
    (SHA256, b"aB" * 32, "ab" * 32),
    (INSTANT, b"2025-02-10T23:46:52.048084Z", 1_739_231_212_048_084),
    (VERSION, b"3", 3),
    (VERSION, b"three", -1),
    (VERSION, b"9" * 1_000, -1),
]

SIZE = "the size is a whole number of bytes, or ? when it is not known"
DIGITS = "a SHA-256 is 64 hexadecimal digits"
TIME = "a time is written like 2025-02-10T23:46:52.048084Z"
RANGE = "N is a whole number from 1 to 10"
NOBODY = "nobody here has such a name"
LONG = "a name has at most 32 characters"

REFUSED = [
    *(
        (TEN, data, PorticoError, RANGE)
        for data in (b"0", b"11", b"", b"-1", b"+1", b" 1", b"1 ", b"1_0", b"1.0")
    ),
    *(
        (TEN, data, PorticoError, RANGE)
        for data in (b"0x1", "\u0661".encode(), b"9" * 19, b"9" * 100_000, b"\xff")
    ),
    (WORD, b"a" * 1_025, PorticoError, "an argument is longer than 1,024 bytes"),
    (WORD, b"\xff", PorticoError, "text must be UTF-8"),
    (MESSAGE, b"", PorticoError, "a message cannot be empty"),
    (MESSAGE, b"a" * 65_537, TooBig, "a message has at most 65,536 bytes; put longer text into a file"),
    (MESSAGE, b"\xc3", PorticoError, "text must be UTF-8"),
    (KEY, b"", PorticoError, "a key has 1 to 64 bytes"),
    (KEY, b"k" * 65, PorticoError, "a key has 1 to 64 bytes"),
    (NAME, b"", BadName, "a name cannot be empty"),
    (NAME, b"a" * 33, BadName, LONG),
    (NAME, b"a" * 2_000, BadName, LONG),
    (NAME, b"a" * 1_000_000, BadName, LONG),
    (NAME, b"Client7", BadName, "names like Client1 are given by the server; choose another"),
    (NAME, b"a\r\nb", BadName, "a name cannot contain control characters or invisible ones"),
    (HOLDER, b"", NotFound, NOBODY),
    (HOLDER, b"a" * 33, NotFound, NOBODY),
    (HOLDER, b"a" * 1_000_000, NotFound, NOBODY),
    (HOLDER, b"a\r\nb", NotFound, NOBODY),
    *((FILE_SIZE, data, PorticoError, SIZE) for data in (b"", b"-1", b"??", b"9007199254740993", b"1e3")),
    *((SHA256, data, PorticoError, DIGITS) for data in (b"", b"a" * 63, b"g" * 64, b"a" * 64_000)),
    *((INSTANT, data, PorticoError, TIME) for data in (b"", b"now", b"2025-02-10", b"0001-01-01T00:00:00Z")),
    (ENTRY_KIND, b"rumour", PorticoError, "KIND is one of message, presence, file, erased"),
]


@pytest.mark.parametrize("kind, data, value", TAKEN, ids=lambda case: str(case)[:20])
def test_what_fits_becomes_a_value(kind, data, value):
    assert kind.parse(data) == value


@pytest.mark.parametrize("kind, data, error, sentence", REFUSED, ids=lambda case: str(case)[:20])
def test_what_does_not_fit_is_refused_with_a_sentence(kind, data, error, sentence):
    with pytest.raises(error) as refusal:
        kind.parse(data)
    assert refusal.value.sentence == sentence
    assert type(refusal.value) is error


@pytest.mark.parametrize("byte", [0, 7, 8, 11, 13, 27, 127])
def test_no_message_holds_a_control_character(byte):
    with pytest.raises(PorticoError, match="control characters"):
        MESSAGE.parse(b"a" + bytes([byte]) + b"b")
