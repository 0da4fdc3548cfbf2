"""`portico remove` and `portico move`: files of the repository go, or get another path."""

from __future__ import annotations

import argparse
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from portico.cli.errors import with_replace
from portico.cli.target import add_target
from portico.model.errors import Exists, PorticoError, Unavailable

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient


def add_remove(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Remove files of the repository; the log tells who did. Nothing brings them back."
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file; patterns are not taken here")
    add_target(parser)
    parser.set_defaults(run=remove)


def add_move(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Give a file of the repository another path; its folders are made as needed."
    parser.add_argument("origin", metavar="FROM", help="the file")
    parser.add_argument("path", metavar="TO", help="its new path; with / at the end a folder to move it to")
    parser.add_argument("--replace", action="store_true", help="put it in the place of one of the same name")
    add_target(parser)
    parser.set_defaults(run=move)


def remove(arguments: argparse.Namespace) -> int:
    """`portico remove`."""
    from portico.cli.visit import visit

    return visit(arguments, lambda client: _remove(client, arguments))


async def _remove(client: AsyncClient, arguments: argparse.Namespace) -> int:
    """Remove one after another; what goes wrong with one does not keep the others."""
    from portico.cli import output
    from portico.cli.main import verdict

    first = 0
    for path in arguments.paths:
        try:
            await client.remove(path)
        except Unavailable:
            raise
        except PorticoError as error:
            sentence, code = verdict(error)
            output.note(f"error: {sentence}")
            first = first or code
        else:
            _tell(arguments, {"change": "removed", "path": path})
    return first


def move(arguments: argparse.Namespace) -> int:
    """`portico move`."""
    from portico.cli.visit import visit

    origin, path = arguments.origin, arguments.path
    if path.endswith("/"):
        path += PurePosixPath(origin).name
    try:
        visit(arguments, lambda client: client.move(origin, path, replace=arguments.replace))
    except Exists as error:
        raise with_replace(error) from None
    _tell(arguments, {"change": "moved", "path": path, "from": origin})
    return 0


def _tell(arguments: argparse.Namespace, facts: dict[str, str]) -> None:
    """Tell programs what has changed, as the log does; people asked for it and need no answer."""
    from portico.cli import output

    if arguments.json:
        output.lines([output.as_json(facts)], now=True)
