"""`portico get`: files of the repository, whole and verified, in this folder or elsewhere.

A path that is a file is that file, whatever characters it has; else it is a pattern, or with -r a folder.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from portico.cli.errors import UsageError
from portico.cli.target import add_target
from portico.model.errors import NotFound, PorticoError
from portico.model.patterns import Pattern

if TYPE_CHECKING:
    from portico.cli.moving import Tell, Transfer
    from portico.client.aio import AsyncClient
    from portico.client.transfer.values import TreeSummary
    from portico.model.files import FileFacts

STDOUT = "-"


def add_get(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Fetch files, all that match a pattern, and with -r whole folders. Each is compared with the server's"
        " SHA-256, keeps its time, and takes the place of what is there when it is whole. What was"
        " interrupted is gone on with by the same command. In a pipe: prints where each file is."
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a file, or a pattern: * within a folder, ** across folders; quote it for your shell",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DEST",
        help="the file to write, or a folder (one that is there, or with / at its end); - is standard output",
    )
    parser.add_argument("-r", "--recursive", action="store_true", help="fetch folders with all in them")
    add_target(parser)
    parser.set_defaults(run=get)


def get(arguments: argparse.Namespace) -> int:
    """`portico get`."""
    from portico.cli.moving import Mover
    from portico.cli.visit import visit

    stdout = arguments.output == STDOUT
    if stdout and (len(arguments.paths) > 1 or arguments.recursive or arguments.json):
        raise UsageError("standard output takes one file, and nothing beside it; give a folder with -o")
    mover = Mover(arguments, "fetched", prints=not stdout, resumes=not stdout)

    async def work(client: AsyncClient) -> None:
        transfers = [await _transfer(client, arguments, path) for path in arguments.paths]
        _check_places(transfers)
        await mover.run(client, transfers)

    visit(arguments, work, say=mover.say, interrupted=mover.interrupted)
    return mover.code


def _check_places(transfers: list[Transfer]) -> None:
    """Refuse to write one file over another of the same command."""
    places: set[str] = set()
    for place in [each.result for each in transfers if "path" not in each.ends]:
        if place in places:
            raise UsageError(f"two files would become {place}; fetch them one by one, to different folders")
        places.add(place)


async def _transfer(client: AsyncClient, arguments: argparse.Namespace, path: str) -> Transfer:
    """Find out what a path means."""
    pattern = not Pattern(path).exact
    if (pattern or arguments.recursive) and not await _is_file(client, path):
        if arguments.output == STDOUT:
            raise UsageError(f"{path} may be many files; standard output takes one")
        return _tree(arguments.output or ".", path, pattern=pattern)
    return _file(arguments, path)


async def _is_file(client: AsyncClient, path: str) -> bool:
    try:
        await client.stat(path)
    except PorticoError:
        # Also for what is no path: a pattern may have any characters.
        return False
    return True


def _file(arguments: argparse.Namespace, path: str) -> Transfer:
    from portico.cli.moving import Transfer

    if arguments.output == STDOUT:
        return Transfer(path, "", {}, partial(_fetch, path, sys.stdout.buffer))
    name, target = PurePosixPath(path).name, Path(arguments.output or ".")
    folder = len(arguments.paths) > 1 or (arguments.output or "/").endswith("/") or target.is_dir()
    place = str(target / name if folder else target)
    return Transfer(path, place, {"to": place}, partial(_fetch, path, f"{target}/" if folder else place))


async def _fetch(path: str, dest: Any, client: AsyncClient, tell: Tell) -> FileFacts:  # noqa: ANN401 - what `get` takes
    try:
        return await client.get(path, dest, progress=tell)
    except NotFound:
        if await client.call("LIST", f"{path}/**", "COUNT", 1, again=True):
            raise PorticoError(f"{path} is a folder; -r fetches it with all that is in it") from None
        raise


def _tree(dest: str, path: str, *, pattern: bool) -> Transfer:
    from portico.cli.moving import Transfer

    async def fetch(client: AsyncClient, tell: Tell) -> TreeSummary:
        return await client.get_tree(path, dest, progress=tell)

    place = dest if pattern else str(Path(dest) / PurePosixPath(path).name)
    return Transfer(path, place, {"path": path, "to": place}, fetch)
