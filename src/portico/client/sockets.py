"""Where a server is, and what is asked of the socket to it."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import NamedTuple

from portico.model.errors import PorticoError

PORT = 65_432
"""Where Portico listens unless told otherwise."""

WRITTEN = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")

KEEPALIVE = (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""The first question after 20 s of silence, then every 10 s, gone after three without an answer: as the
server does it, and often enough for most NATs to keep the connection."""


class Address(NamedTuple):
    """A server's host and port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as it is given: `host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address that `HOST[:PORT]` names; `[::1]:7000` and a bare `::1` are taken too.

    Raise `PorticoError` for what is none.
    """
    if text.count(":") > 1 and not text.startswith("["):
        return Address(text, PORT)
    match = WRITTEN.fullmatch(text)
    port = int(match["port"] or PORT) if match else 0
    if match is None or not 0 < port < 65_536 or not (match["v6"] or match["host"]):  # noqa: PLR2004 - ports
        raise PorticoError(f"{text!r} is no address of a server; HOST or HOST:PORT is wanted")
    return Address(match["v6"] or match["host"], port)


def keep_alive(sock: socket.socket) -> None:
    """Have the kernel notice a server that vanished, and send small requests at once."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
