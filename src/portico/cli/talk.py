"""`portico say` and `portico tell`: one message, and its number."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from portico.cli.errors import UsageError
from portico.cli.target import add_target
from portico.cli.values import flag, not_empty

if TYPE_CHECKING:
    from portico.cli.visit import Work

STORED = "print the message's number, once it is on the server's disk."


def add_say(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = f"Say something to everybody; {STORED}"
    _add_text(parser)
    _add_sender(parser, "speak under this name, without taking a place (default: join as the next ClientN)")
    add_target(parser)
    parser.set_defaults(run=say)


def add_tell(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = f"Say something to one person, and nobody else sees it; {STORED}"
    parser.add_argument("name", metavar="NAME", help="who shall get it")
    _add_text(parser)
    _add_sender(parser, "join under this name and leave (default: as the next ClientN)")
    add_target(parser)
    parser.set_defaults(run=tell)


def _add_sender(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--as", dest="sender", metavar="NAME", type=flag(not_empty), help=meaning)


def _add_text(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text",
        nargs="+",
        metavar="TEXT",
        help="the message, words joined by a blank; - alone reads it from standard input",
    )
    parser.add_argument(
        "--key",
        metavar="KEY",
        type=flag(not_empty),
        help="the same message with the same key is said once, however often it is tried",
    )


def say(arguments: argparse.Namespace) -> int:
    """`portico say`."""
    text = message(arguments)
    key, sender = arguments.key or "", arguments.sender or ""
    return _print_number(arguments, lambda client: client.say(text, key=key, sender=sender))


def tell(arguments: argparse.Namespace) -> int:
    """`portico tell`."""
    text = message(arguments)
    work: Work[int] = lambda client: client.tell(arguments.name, text, key=arguments.key or "")  # noqa: E731
    return _print_number(arguments, work, arguments.sender)


def _print_number(arguments: argparse.Namespace, work: Work[int], name: str | None = None) -> int:
    from portico.cli import output
    from portico.cli.visit import visit

    seq = visit(arguments, work, name=name)
    output.lines([output.as_json({"seq": seq}) if arguments.json else str(seq)])
    return 0


def message(arguments: argparse.Namespace) -> str:
    """Return the message; raise what the server would, without asking it."""
    from portico.room.text import check_message

    if arguments.text != ["-"]:
        return check_message(" ".join(arguments.text).encode("utf-8", "surrogateescape"))
    if arguments.token_file == "-":  # noqa: S105 - the name of a file
        raise UsageError("standard input can be the message or the token, not both")
    return check_message(_standard_input())


def _standard_input() -> bytes:
    from portico.room.limits import MESSAGE_BYTES

    if sys.stdin is None:
        raise UsageError("standard input is closed; there is no message to read")
    return sys.stdin.buffer.read(MESSAGE_BYTES + 2).removesuffix(b"\n")
