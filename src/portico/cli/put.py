"""`portico put`: files of this machine, into the repository, whole and verified."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from portico.cli.errors import UsageError
from portico.cli.target import add_target
from portico.cli.values import flag, not_empty
from portico.model.errors import NotFound, PorticoError

if TYPE_CHECKING:
    from portico.cli.moving import Tell, Transfer
    from portico.cli.visit import Work
    from portico.client.aio import AsyncClient
    from portico.client.transfer.values import TreeSummary
    from portico.model.files import FileFacts

STDIN = "-"


def add_put(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Deposit files, and with -r whole folders; a file appears when it is whole, verified, and on the"
        " server's disk. What was interrupted is gone on with by the same command. In a pipe: prints the path"
        " each has now."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - is standard input, with --as")
    parser.add_argument(
        "--as",
        dest="path",
        metavar="NAME",
        type=flag(not_empty),
        help="its path in the repository; with / at the end a folder for all of them (default: its own name)",
    )
    parser.add_argument("--replace", action="store_true", help="put it in the place of one of the same name")
    parser.add_argument(
        "--upload",
        metavar="ID",
        type=flag(not_empty),
        help="go on with this upload, which may have begun elsewhere: TRANSFERS and the page show its id",
    )
    parser.add_argument("-r", "--recursive", action="store_true", help="deposit folders with all in them")
    add_target(parser)
    parser.set_defaults(run=put)


def put(arguments: argparse.Namespace) -> int:
    """`portico put`."""
    from portico.cli.moving import Mover
    from portico.cli.visit import visit

    _check(arguments)
    transfers = [_transfer(arguments, name) for name in arguments.files]
    mover = Mover(arguments, "put", prints=True, resumes=STDIN not in arguments.files)
    work: Work[None] = lambda client: mover.run(client, transfers)  # noqa: E731
    visit(arguments, work, say=mover.say, interrupted=mover.interrupted)
    return mover.code


def _check(arguments: argparse.Namespace) -> None:
    path = arguments.path or ""
    if len(arguments.files) > 1 and path and not path.endswith("/"):
        raise UsageError("--as is the name of one file; with / at the end it is a folder for several")
    if STDIN in arguments.files and (not path or path.endswith("/")):
        raise UsageError("standard input has no name; give it one with --as")
    if arguments.upload and (len(arguments.files) > 1 or arguments.recursive):
        raise UsageError("--upload is one file's; put that file alone")
    if STDIN in arguments.files and arguments.token_file == STDIN:
        raise UsageError("standard input can be the file or the token, not both")


def _transfer(arguments: argparse.Namespace, name: str) -> Transfer:
    from portico.cli.moving import Transfer

    source, given = Path(name), arguments.path or ""
    # `..` and `.` are folders with a name too.
    own = source.name if source.name not in ("", "..") else source.resolve().name
    path = given + own if not given or given.endswith("/") else given
    ends = {"path": path, "from": name}
    if name != STDIN and source.is_dir():
        return Transfer(name, path, ends, partial(_folder, source, path, arguments))
    if name != STDIN and not source.exists():
        return Transfer(name, "", {}, partial(_nothing, name))
    return Transfer(name, "", {"from": name}, partial(_file, name, path, arguments))


async def _nothing(name: str, *_: object) -> NoReturn:
    raise NotFound(f"there is no file {name}")


async def _file(
    name: str, path: str, arguments: argparse.Namespace, client: AsyncClient, tell: Tell
) -> FileFacts:
    return await client.put(
        name, path, replace=arguments.replace, upload=arguments.upload or "", progress=tell
    )


async def _folder(
    source: Path, path: str, arguments: argparse.Namespace, client: AsyncClient, tell: Tell
) -> TreeSummary:
    if not arguments.recursive:
        raise PorticoError(f"{source} is a folder; -r puts it with all that is in it")
    return await client.put_tree(source, path, replace=arguments.replace, progress=tell)
