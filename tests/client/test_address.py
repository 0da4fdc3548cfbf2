"""Where a server is, as people write it."""

import pytest

from portico.client.address import PORT, Address, parse_address
from portico.model.errors import PorticoError


@pytest.mark.parametrize(
    "text,address,written",
    [
        ("127.0.0.1", ("127.0.0.1", PORT), f"127.0.0.1:{PORT}"),
        ("localhost:7000", ("localhost", 7000), "localhost:7000"),
        ("room.example.org:1", ("room.example.org", 1), "room.example.org:1"),
        ("x:65535", ("x", 65_535), "x:65535"),
        ("::1", ("::1", PORT), f"[::1]:{PORT}"),
        ("[::1]", ("::1", PORT), f"[::1]:{PORT}"),
        ("[fe80::1%eth0]:7000", ("fe80::1%eth0", 7000), "[fe80::1%eth0]:7000"),
    ],
)
def test_an_address(text, address, written):
    assert parse_address(text) == address
    assert str(parse_address(text)) == written
    assert parse_address(written) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":7000",
        "x:",
        "x:0",
        "x:65536",
        "x:y",
        "x:+1",
        "x:\u0667",
        "[]",
        "[::1",
        "[::1]x",
        "http://x",
        "x:1 ",
    ],
)
def test_no_address(text):
    with pytest.raises(PorticoError, match="is no address of a server"):
        parse_address(text)


def test_it_is_a_pair():
    assert tuple(Address("x", 1)) == ("x", 1)
