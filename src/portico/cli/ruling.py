"""`portico drop` and `portico drain`: what an admin does to people, and to the server."""

from __future__ import annotations

import argparse

from portico.cli.target import add_target
from portico.cli.values import flag, not_empty


def add_drop(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "End somebody's session and close the connection; it cannot be continued. It takes an admin's token;"
        " who shall not come back also has to lose theirs: portico token revoke."
    )
    parser.add_argument("name", metavar="NAME", type=flag(not_empty), help="who is here")
    add_target(parser)
    parser.set_defaults(run=drop)


def add_drain(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "End the server in order, as SIGTERM does: no new work, what is under way is finished, everybody is"
        " told. It takes an admin's token."
    )
    add_target(parser)
    parser.set_defaults(run=drain)


def drop(arguments: argparse.Namespace) -> int:
    """`portico drop`."""
    from portico.cli.visit import visit

    visit(arguments, lambda client: client.drop(arguments.name))
    return 0


def drain(arguments: argparse.Namespace) -> int:
    """`portico drain`."""
    from portico.cli.visit import visit

    visit(arguments, lambda client: client.drain(), say=lambda _: None)
    return 0
