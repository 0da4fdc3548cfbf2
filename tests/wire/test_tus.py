"""The headers of tus: read, refused, written."""

from base64 import b64encode

import pytest

from portico.model.errors import PorticoError
from portico.model.files import Order, UploadFacts
from portico.wire.tus import (
    checksum_of,
    expiry_of,
    going_on,
    headers_of,
    metadata_of,
    number_of,
    order_words,
)


def base64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    "text, found",
    [
        ("", {}),
        (f"filename {base64('ä.txt')}", {"filename": "ä.txt"}),
        (f"a {base64('1')}, b {base64('2')}", {"a": "1", "b": "2"}),
        (f"is_confidential,filename {base64('a')}", {"is_confidential": "", "filename": "a"}),
        ("a /w==", {"a": "\udcff"}),
    ],
)
def test_metadata(text, found):
    assert metadata_of(text) == found


@pytest.mark.parametrize("text", [",", "a %%%", "a YQ", "a YQ==,a YQ==", " ,a YQ==", "ä YQ=="])
def test_metadata_that_cannot_be_read(text):
    with pytest.raises(PorticoError):
        metadata_of(text)


@pytest.mark.parametrize("text", [None, "", "-1", "+1", "1.0", "0x1", " 1", "1" * 19, "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_number(text):
    with pytest.raises(PorticoError, match="Upload-Offset"):
        number_of("Upload-Offset", text)


def test_what_is_asked_for():
    metadata = {"filename": "a/b", "sha256": "ab", "mtime": "now", "replace": "1", "filetype": "text/plain"}
    assert order_words(metadata) == ("a/b", ["REPLACE", "SHA256", "ab", "MTIME", "now"])
    assert order_words({"filename": "a", "replace": "0", "sha256": ""}) == ("a", [])
    with pytest.raises(PorticoError, match="filename"):
        order_words({"name": "a"})


def test_what_is_said_of_an_upload_goes_on_with_it():
    order = Order("ä", 7, "ab", "id", replace=True, mtime=0)
    assert going_on(order) == [
        *("PUT", "ä", 7, "UPLOAD", "id", "SHA256", "ab", "REPLACE"),
        *("MTIME", "1970-01-01T00:00:00.000000Z"),
    ]
    assert going_on(Order("a", upload="id")) == ["PUT", "a", "?", "UPLOAD", "id"]
    headers = headers_of(UploadFacts(order, 3, expires=1_000_000))
    assert (headers["Upload-Offset"], headers["Upload-Length"]) == ("3", "7")
    assert headers["Upload-Expires"] == "Thu, 01 Jan 1970 00:00:01 GMT"
    assert order_words(metadata_of(headers["Upload-Metadata"])) == ("ä", [going_on(order)[7], *words(order)])
    assert headers_of(UploadFacts(Order("a"), 3))["Upload-Defer-Length"] == "1"
    ended = UploadFacts(Order("a", 7, "ab"), 7, ended=True)
    assert (headers_of(ended)["Portico-SHA256"], expiry_of(ended)) == ("ab", {})


def words(order: Order) -> list[str | int]:
    said = going_on(order)
    return [*said[5:7], *said[8:]]


def test_checksums():
    assert checksum_of(f"sha256 {base64(bytes(32))}") == ("sha256", bytes(32))
    assert checksum_of(f"sha1 {base64(bytes(20))}") == ("sha1", bytes(20))
    for text in (
        "",
        "sha256",
        f"md5 {base64(bytes(16))}",
        f"sha1 {base64(bytes(32))}",
        f"sha256 {base64(bytes(31))}",
        "sha256 ???",
    ):
        with pytest.raises(PorticoError):
            checksum_of(text)
