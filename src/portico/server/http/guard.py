"""What a web page of somebody else may not do through the browser of one of ours.

* DNS rebinding: a name that an attacker makes point here would be, for the browser, the origin of his page.
  So a request is answered only for names that are this server's: addresses, localhost, and what this machine
  is called.
* Cross-site requests and WebSockets: what changes something, and /ws, is refused when it says that it comes
  from another origin. There is no CORS, so nobody else's page can read an answer either.

An address that could be understood in two ways is refused, too.

Source: RFC 6454 (Origin), RFC 9110 section 7.2 (Host), RFC 3986 section 2 (what an address may have), Fetch
Metadata (Sec-Fetch-Site).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

from aiohttp import HttpVersion11, web

from portico.model.errors import Denied, PorticoError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What changes nothing (RFC 9110 section 9.2.1)."""

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")

ABSOLUTE = re.compile("[a-z][a-z0-9+.-]*://([^/?#]*)", re.IGNORECASE)
"""A target that names its host, as requests to proxies do (RFC 9112 section 3.2.2)."""

BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that stands for nothing (RFC 3986 section 2.1)."""


class WrongHost(PorticoError):
    """A request for a name that is not ours."""

    rule = "host"


def own_names(listening: str, further: Collection[str]) -> frozenset[str]:
    """Return the names a server answers to besides addresses and localhost, in small letters."""
    machine = socket.gethostname().lower()
    return frozenset({listening.lower(), machine, f"{machine.split('.')[0]}.local", *map(str.lower, further)})


def check(request: web.Request, names: Collection[str]) -> None:
    """Raise `PorticoError` for a request that a stranger's page may have made, or that says two things."""
    check_target(request.raw_path)
    hosts = request.headers.getall("Host", ())
    if len(hosts) > 1 or (not hosts and request.version >= HttpVersion11):
        raise PorticoError("a request says once, in the header Host, whom it asks")
    target = ABSOLUTE.match(request.raw_path)
    for host in (*hosts, *target.groups()) if target else hosts:
        check_host(host, names)
    if request.method not in SAFE_METHODS or "Upgrade" in request.headers:
        check_origin(request)


def check_target(target: str) -> None:
    """Raise `PorticoError` unless every name in a target can be told: what cannot would be another one."""
    try:
        unquote_to_bytes(target).decode()
    except UnicodeDecodeError:
        raise PorticoError(
            "an address is UTF-8, with every byte of other characters as % and two digits"
        ) from None
    if BROKEN_ESCAPE.search(target):
        raise PorticoError("a % in an address has two digits behind it; the character itself is %25")


def check_host(host: str, names: Collection[str]) -> None:
    """Raise `WrongHost` unless a Host header names this server."""
    match = HOST.fullmatch(host)
    name = match["name"].lower().removesuffix(".") if match else ""
    if not (_is_address(name) or name == "localhost" or name.endswith(".localhost") or name in names):
        raise WrongHost(
            f"this server does not answer to the name {name or 'given'}; use its address,"
            " or start it with --allow-host NAME"
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def check_origin(request: web.Request) -> None:
    """Raise `Denied` when a request says that another origin's page made it.

    The scheme is not compared: in front of us may stand what speaks TLS.
    """
    ours = request.headers.get("Host", "").lower()
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.lower().partition("://")[2] != ours
    if foreign or request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Denied("a page of another web site asked for this; open this server's own page instead")
