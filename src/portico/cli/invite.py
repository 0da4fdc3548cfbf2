"""`portico invite`: what somebody needs to come in: address, link, fingerprint, and a code for phones."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from portico.cli.errors import UsageError
from portico.cli.tokens import add_directory, add_token_flags, made, place_of
from portico.cli.values import flag, not_empty
from portico.client.address import Address
from portico.model.errors import PorticoError, Refused

if TYPE_CHECKING:
    from portico.app import Place
    from portico.app.access import Whereabouts

DESCRIPTION = (
    "Make an invitation to the room that is being served: where it is, a link with a token, and on a terminal"
    " the link as a code for phones. Whoever has the link can come in: send it to one person, by a way that"
    " only that person reads."
)

OPEN = "this room asks nobody for a token (--open): the link has none"

ALONE = "the server listens on {} alone, where no other machine reaches it; see serve --host"

PLAIN = "without TLS whoever listens on the network can read the token; see serve --tls"


def add_invite(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = DESCRIPTION
    add_directory(parser)
    add_token_flags(parser)
    parser.add_argument(
        "--shared",
        action="store_true",
        help="with the token that all share, of PORTICO_TOKEN or --token-file, instead of a new one",
    )
    parser.add_argument("--token-file", metavar="FILE", help="where --shared finds it")
    parser.add_argument(
        "--host",
        action="append",
        metavar="HOST[:PORT]",
        type=flag(not_empty),
        help="how others reach this machine, where it cannot know: a name, a router; may be repeated",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Invite somebody."""
    from portico.app.access import fingerprint_of, whereabouts_of
    from portico.cli import output

    output.prepare()
    place = place_of(arguments.directory)
    there = whereabouts_of(place)
    if there is None:
        raise Refused(f"no server is running on {place.directory}; start it first: portico serve")
    found = hosts(arguments.host, there)
    fingerprint = fingerprint_of(there.certificate) if there.certificate else ""
    token, told = _token(place, arguments, there)
    links = [link(each, token, secure=bool(fingerprint)) for each in found]
    output.lines(card(found, links, fingerprint), now=True)
    _draw(links[0])
    for line in (*told, *_remarks(there, token, behind=bool(arguments.host))):
        output.note(line)
    return 0


def hosts(given: list[str] | None, there: Whereabouts) -> list[Address]:
    """Return where others find the server: where the flags say, or by the addresses of this machine."""
    from portico.cli.reach import addresses

    if given:
        return [_address(each, there.port) for each in given]
    return [Address(each, there.port) for each in addresses(there.host)]


def _address(text: str, port: int) -> Address:
    """Return the address a flag names; without a port that of the server."""
    from portico.client.address import parse_address

    try:
        return parse_address(text, port)
    except PorticoError as error:
        raise UsageError(error.sentence) from None


def _token(place: Place, arguments: argparse.Namespace, there: Whereabouts) -> tuple[str, list[str]]:
    """Return the token of the invitation, empty where none is wanted, and what there is to say of it."""
    wishes = (arguments.name, arguments.role, arguments.expires)
    if arguments.shared:
        return _shared(arguments), []
    if not there.asks and wishes == (None, None, None):
        return "", [OPEN]
    return made(place, arguments)


def _remarks(there: Whereabouts, token: str, *, behind: bool) -> Iterator[str]:
    """Yield what may keep the invited out, or let others in; `behind` something else that leads there."""
    from portico.cli.reach import is_loopback

    if not is_loopback(there.host):
        if token and not there.certificate:
            yield PLAIN
    elif not behind:
        yield ALONE.format(there.host)


def _shared(arguments: argparse.Namespace) -> str:
    from portico.cli.serve import shared_token

    token = shared_token(arguments.token_file)
    if not token:
        raise UsageError("--shared wants the token that all share, in PORTICO_TOKEN or --token-file FILE")
    return token


def link(address: Address, token: str, *, secure: bool) -> str:
    """Return what a browser opens. What stands behind # no server is told by it; the page reads it."""
    from urllib.parse import quote

    scheme = "https" if secure else "http"
    return f"{scheme}://{address}/" + (f"#token={quote(token, safe='')}" if token else "")


def card(found: list[Address], links: list[str], fingerprint: str) -> list[str]:
    """Return the lines of an invitation."""
    tls = "tls://" if fingerprint else ""
    lines = [f"Address:      {tls}{each}" for each in found]
    lines += [f"Link:         {each}" for each in links]
    return lines + ([f"Fingerprint:  {fingerprint}"] if fingerprint else [])


def _draw(text: str) -> None:
    from portico.cli import output
    from portico.cli.code import drawn

    lines = drawn(text)
    if lines:
        output.show(lines)
