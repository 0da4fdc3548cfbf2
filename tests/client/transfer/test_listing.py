"""A page of LIST: the quick way gives what the general one gives, at every split, and believes nothing."""

import pytest

from portico.client.transfer.listing import read_page
from portico.model.errors import NotFound, ProtocolError
from portico.model.files import FileFacts
from portico.model.replies import file_map
from portico.wire.resp_values import encode
from tests.client.transfer.test_inbox import inbox
from tests.support.cutting import halves

ETAG = "0123456789abcdef"
FILES = [
    FileFacts("a", 0, 0, ETAG),
    FileFacts("ü/b.txt", 2**53, 1_700_000_000_123_456, ETAG, None, "ann"),
    FileFacts("c", 1, 1, "another kind of etag", None, "bob"),
    FileFacts("d", 1, 1, ETAG, "0" * 64, ""),
    FileFacts("dd", 1, 1, ETAG, "0" * 64, "ann"),
    FileFacts("ddd", 1, 1, ETAG, "?", "ann"),
    FileFacts("e", 1, 1, ETAG, None, "zoë"),
]
PAGE = encode([file_map(file) for file in FILES], 3) + b":1\r\n"


def test_all_kinds_of_files_at_every_split():
    for packets in halves(PAGE):
        box = inbox(*packets)
        assert read_page(box) == FILES
        assert box.value() == 1


def test_refusals_and_nothing():
    box = inbox(b"-NOTFOUND x\r\n*0\r\n")
    with pytest.raises(NotFound):
        read_page(box)
    assert read_page(box) == []


GOOD = encode([file_map(FILES[0])], 3)


@pytest.mark.parametrize(
    "page",
    [
        GOOD.replace(b"$1\r\na", b"$2\r\na"),
        GOOD.replace(b"$1\r\na", b"$1\r\n\xff"),
        GOOD.replace(b"1970-01-01", b"1970-13-01"),
        GOOD.replace(b"1970-01-01T00:00:00.000000Z", b"x" * 27),
        GOOD.replace(b"%4", b"%3"),
        GOOD.replace(b":0\r\n", b":-1\r\n"),
        GOOD.replace(b":0\r\n", b"$1\r\n0\r\n"),
        GOOD.replace(b"$4\r\npath", b"$4\r\nparh"),
        encode([file_map(FILES[1])], 3).replace(b"$3\r\nann", b"$2\r\nann"),
        b"*1\r\n:1\r\n",
        b"*1\r\n_\r\n",
    ],
)
def test_what_is_no_file(page):
    with pytest.raises(ProtocolError):
        read_page(inbox(page))
