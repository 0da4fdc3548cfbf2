"""What `serve` says first: the report's three lines, how the room is reached, and who may come in."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from portico.app.place import PRIVATE
from portico.cli.code import drawn
from portico.cli.printer import Header
from portico.cli.reach import addresses, is_loopback
from portico.cli.settings import HOUR_SECONDS
from portico.client.address import Address
from portico.server.listener import Server

SHORTEST = 16
"""Characters of a token that all share, at least: shorter ones, as people choose them, can be guessed."""

OPEN = "Nobody is asked for a token: everybody who can reach {} may come in (--open)."

ASKED = "Everybody who has a token may come in; {} makes an invitation."

PLAIN = (
    "warning: tokens travel without TLS here, and who listens on the network can read them; --tls encrypts"
)

SHORT = (
    f"warning: the token that all share has fewer than {SHORTEST} characters, which can be guessed;"
    " take a longer one, or make tokens with portico token create"
)


ROOT = "warning: this server runs as root and can be reached from a network; let it run as a user of its own"


def command() -> str:
    """Return how this program is called here: who runs a checkout has no `portico` on the path."""
    return os.environ.get("PORTICO_COMMAND") or "portico"


def header(server: Server, directory: Path, *, quiet: bool) -> list[Header]:
    """Return the first lines."""
    host, port = server.address
    lines = [
        f"Server is listening on {host}:{port}",
        f"Maximum clients allowed: {server.settings.max_clients}",
        "Server waiting for connection...",
    ]
    if not quiet:
        lines += [*_ways(server, directory), *_doors(server, directory)]
    return [Header(line) for line in lines]


def _ways(server: Server, directory: Path) -> list[str]:
    """Return how the room is reached, by the address that others know this machine by."""
    host, port = server.address
    reach, *others = addresses(host)
    at = Address(reach, port)
    if server.certificates is None:
        lines = [
            f"Talk to it:    nc {reach} {port}          (type help for the commands)",
            f"With a prompt: {command()} connect -s {at}",
            f"In a browser:  http://{at}/",
            f"From programs: redis-cli -3 -h {reach} -p {port}   (or any Redis client library)",
        ]
    else:
        lines = [
            f"Talk to it:    openssl s_client -quiet -connect {at}   (type help for the commands)",
            f"With a prompt: {command()} connect -s tls://{at}",
            f"In a browser:  https://{at}/",
            f"From programs: redis-cli -3 -h {reach} -p {port} --tls{_believing(server, directory)}",
            f"Its key is {server.certificates.fingerprint}",
        ]
    if others:
        lines.append(f"Also reached as {', '.join(others)}")
    if not is_loopback(host):
        lines += drawn(f"{'http' if server.certificates is None else 'https'}://{at}/")
    return lines


def _believing(server: Server, directory: Path) -> str:
    """Return the flag by which redis-cli believes a certificate that nobody else has signed."""
    path = server.certificates.path if server.certificates else Path()
    return f" --cacert {shlex.quote(str(path))}" if path.is_relative_to(directory / PRIVATE) else ""


def _doors(server: Server, directory: Path) -> Iterator[str]:
    """Yield who may come in, where not everybody may."""
    if server.gate.locked:
        where = "" if directory == Path() else f" {shlex.quote(str(directory))}"
        yield ASKED.format(f"{command()} invite{where}")


def remarks(server: Server, shared: str) -> Iterator[str]:
    """Yield what the operator should know; `shared` is the token that all share."""
    asks = server.gate.locked
    if asks and server.certificates is None and not is_loopback(server.address[0]):
        yield PLAIN
    if asks and 0 < len(shared) < SHORTEST:
        yield SHORT
    if has_all_rights(server):
        yield ROOT


def has_all_rights(server: Server) -> bool:
    """Whether a mistake of ours would be one of root's, for all who reach the server."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and not is_loopback(server.address[0])


def is_open(server: Server) -> bool:
    """Tell whether everybody on a network may come in."""
    return server.settings.open and not is_loopback(server.address[0])


def say_hourly(sentence: str, say: Callable[[str], None]) -> None:
    """Say something now, and again every hour, for as long as the running loop runs."""
    say(sentence)
    asyncio.get_running_loop().call_later(HOUR_SECONDS, say_hourly, sentence, say)
