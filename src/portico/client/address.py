"""Where a server is. Nothing slow is imported here: every command of the shell needs it."""

from __future__ import annotations

import re
from typing import NamedTuple

from portico.model.errors import PorticoError

PORT = 65_432
"""Where Portico listens unless told otherwise."""

LOCAL = f"127.0.0.1:{PORT}"
"""A server on this machine."""

WRITTEN = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")


class Address(NamedTuple):
    """A server's host and port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as it is given: `host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


TLS = "tls://"
"""Before an address: the server there speaks TLS. So does one that is written like a browser's, `https://`."""


def parse_server(text: str) -> tuple[Address, bool]:
    """Return the address that `[tls://]HOST[:PORT]` names, and whether TLS is spoken there.

    Raise `PorticoError` for what is none.
    """
    for before, secure in ((TLS, True), ("https://", True), ("http://", False)):
        if text.startswith(before):
            return parse_address(text.removeprefix(before).removesuffix("/")), secure
    return parse_address(text), False


def parse_address(text: str, port: int = PORT) -> Address:
    """Return the address that `HOST[:PORT]` names, with this port where it has none.

    `[::1]:7000` and a bare `::1` are taken too. Raise `PorticoError` for what is none.
    """
    if text.count(":") > 1 and not text.startswith("["):
        return Address(text, port)
    match = WRITTEN.fullmatch(text)
    port = int(match["port"] or port) if match else 0
    if match is None or not 0 < port < 65_536 or not (match["v6"] or match["host"]):  # noqa: PLR2004 - ports
        raise PorticoError(f"{text!r} is no address of a server; HOST or HOST:PORT is wanted")
    return Address(match["v6"] or match["host"], port)
