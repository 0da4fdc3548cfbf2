"""`portico token`: by what people and programs come in, made and revoked beside a server that runs.

A token is printed once, alone on standard output, and is nowhere else: the room keeps only its digest. Nobody
types one as an argument, where `ps` and the shell's history would show it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico.cli.values import duration, flag, label, not_empty
from portico.cli.words import dated
from portico.model.access import ROLES
from portico.model.errors import NotFound

if TYPE_CHECKING:
    from portico.app import Place
    from portico.app.access import Token

HOW = (
    "our client takes it from PORTICO_TOKEN or --token-file FILE",
    "with nc the first line is /auth TOKEN, with curl a header: Authorization: Bearer TOKEN",
    "portico invite makes one that comes with an address, a link and a code for phones",
)

FIRST = "it is the room's first: a server that is running asks everybody for a token from now on"

LAST = "that was the last one: the room lets nobody in before there is another one, or its server starts anew"


def add_token(parser: argparse.ArgumentParser) -> None:
    """Declare the commands."""
    parser.description = __doc__
    token = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    creating = _add(token, "create", create, "make a token and print it, this once")
    add_token_flags(creating)
    listing = _add(token, "list", list_, "show which tokens there are, never the tokens themselves")
    listing.add_argument("--json", action="store_true", help="print JSON, one object a line")
    listing.add_argument("--no-color", action="store_true", help="print without colours; so does NO_COLOR")
    _add(token, "revoke", revoke, "have a token end; who came with it is sent away", "token")


def _add(
    commands: Any,  # noqa: ANN401 - argparse does not name this type
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    subject: str = "",
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=f"{summary}.")
    if subject:
        parser.add_argument(subject, metavar="ID|NAME", type=flag(not_empty), help="which, as list shows it")
    add_directory(parser)
    parser.set_defaults(run=run)
    return parser


def add_directory(parser: argparse.ArgumentParser) -> None:
    """Give a parser the argument that says which room is meant."""
    parser.add_argument(
        "directory",
        nargs="?",
        default=".",
        metavar="DIRECTORY",
        help="what is served (default: the current directory)",
    )


def add_token_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser the flags that say what a new token shall be."""
    parser.add_argument("--name", type=flag(label), metavar="LABEL", help="whose it is, or what it is for")
    parser.add_argument(
        "--role",
        choices=ROLES,
        metavar="|".join(ROLES),
        help="reader: look and fetch; member (the default): also speak and deposit; admin: also change what"
        " others put there, drop them, and drain the server",
    )
    parser.add_argument(
        "--expires", type=flag(duration), metavar="TIME", help="when it ends by itself: 30m, 12h, 7d, 4w"
    )


def place_of(directory: str) -> Place:
    """Return the room of a directory."""
    from portico.app import Place

    path = Path(directory)
    if not path.is_dir():
        raise NotFound(f"{directory} is not a directory; name the one that is served")
    return Place(path)


def create(arguments: argparse.Namespace) -> int:
    """`portico token create`."""
    from portico.cli import output

    output.prepare()
    secret, told = made(place_of(arguments.directory), arguments)
    output.lines([secret], now=True)
    for line in (*told, *HOW):
        output.note(line)
    return 0


def made(place: Place, arguments: argparse.Namespace) -> tuple[str, list[str]]:
    """Make the token that the flags describe; return its secret, and what there is to say of it."""
    from portico.app.access import noted, tokens_of, whereabouts_of

    tokens, there = tokens_of(place), whereabouts_of(place)
    first = not tokens.wanted and (there is None or there.asks)
    token, secret = tokens.create(arguments.name or "", arguments.role or "member", arguments.expires)
    noted(place, "token created", token)
    until = "until it is revoked" if token.expires is None else f"until {dated(token.expires)}"
    what = f"token {called(token)}, {token.role}, {until}; it is shown this once, the room keeps its digest"
    return secret, [what, *([FIRST] if first else [])]


def called(token: Token) -> str:
    """Return how people speak of a token."""
    return f"{token.id} ({token.name})" if token.name else token.id


def list_(arguments: argparse.Namespace) -> int:
    """`portico token list`."""
    from time import time_ns

    from portico.app.access import tokens_of
    from portico.cli import output
    from portico.cli.table import Column, table

    output.prepare()
    tokens, now = tokens_of(place_of(arguments.directory)).tokens, time_ns() // 1_000
    if arguments.json:
        output.lines(output.as_json(token_map(each, now)) for each in tokens)
    elif tokens:
        columns = [Column(title) for title in ("id", "name", "role", "created", "expires")]
        rows = [tuple(row(each, now)) for each in tokens]
        output.show(table(columns, rows, colours=output.colours(arguments)))
    else:
        output.note("there are no tokens; portico token create makes one")
    return 0


def token_map(token: Token, now: int) -> dict[str, object]:
    """Return what there is to know of a token, for programs."""
    from portico.model.instants import rfc3339

    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "created": rfc3339(token.created),
        "expires": None if token.expires is None else rfc3339(token.expires),
        "expired": not token.live(now),
    }


def row(token: Token, now: int) -> Iterator[str]:
    """Yield the cells of one token."""
    yield from (token.id, token.name or "-", token.role, dated(token.created))
    if token.expires is None:
        yield "never"
    else:
        yield dated(token.expires) if token.live(now) else f"expired {dated(token.expires)}"


def revoke(arguments: argparse.Namespace) -> int:
    """`portico token revoke`; the directory may also stand first."""
    from portico.app.access import noted, tokens_of
    from portico.cli import output

    which, directory = arguments.token, arguments.directory
    if Path(which).is_dir() and not Path(directory).is_dir():
        which, directory = directory, which
    place = place_of(directory)
    tokens = tokens_of(place)
    token = tokens.revoke(which)
    noted(place, "token revoked", token)
    output.note(f"token {called(token)} is revoked; who came with it is sent away within a second")
    if not tokens.tokens:
        output.note(LAST)
    return 0
