"""`portico connect`: the prompt, for people at a terminal and for lines from a pipe."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from portico.cli import target
from portico.cli.errors import UsageError
from portico.cli.serve import keep_standard_files
from portico.model.errors import NoToken

if TYPE_CHECKING:
    from portico.client.prompt.paint import Paint
    from portico.client.prompt.talk import Talk

DESCRIPTION = (
    "Join the room and talk. Any line is said to everybody; list, status, help and bye are commands, and so"
    " is what begins with /. Lines may also come from a pipe."
)


def add_connect(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = DESCRIPTION
    parser.add_argument("--name", default="", help="who to be (default: the next free ClientN)")
    target.add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Talk until the goodbye."""
    import asyncio

    if arguments.json:
        raise UsageError("connect is for people and knows no --json; say, follow and history do")
    if arguments.token_file == "-":  # noqa: S105 - the name of a file
        raise UsageError("connect reads lines from standard input; give the token in a file or PORTICO_TOKEN")
    _prepare_standard_files()
    try:
        return asyncio.run(_talk(arguments))
    except NoToken:
        typed = _ask_for_token()
        if not typed:
            raise
    return asyncio.run(_talk(arguments, typed))


def _ask_for_token() -> str:
    """Ask a person for the token, as for a password; return an empty text where there is none to be had."""
    from getpass import getpass

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    print("This room wants a token; what you type or paste is not shown.")
    with contextlib.suppress(EOFError):
        return getpass("Token: ").strip()
    return ""


def _prepare_standard_files() -> None:
    """Let closed ones be empty, and show a question mark for what the terminal's encoding does not have."""
    keep_standard_files()
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for good
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


async def _talk(arguments: argparse.Namespace, typed: str = "") -> int:
    from portico.cli.main import exit_code
    from portico.client.prompt.talk import Talk
    from portico.model.errors import Full
    from portico.wire.lines import one_line

    talk = Talk()
    client = target.client(arguments, arguments.name, None, talk.lost_it, talk.has_it_back, typed)
    try:
        await talk.join(client)
        _leave_when_told(talk)
        await _show(arguments, talk)
    except Full as full:
        print(one_line(full.sentence), file=sys.stderr)
        return exit_code(full)
    finally:
        await client.close()
    return 0


def _leave_when_told(talk: Talk) -> None:
    """Leave in order when the process is asked to end, or its terminal goes away; where that can be heard."""
    import asyncio
    import signal

    for name in ("SIGTERM", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), talk.leave_now)


async def _show(arguments: argparse.Namespace, talk: Talk) -> None:
    """Talk on the terminal, or through the pipes, that there are."""
    person = sys.stdin.isatty() and sys.stdout.isatty()
    able = os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")
    if person and able:
        from portico.client.prompt.memory import Memory, default_path
        from portico.client.prompt.screen import Screen

        coloured = not (arguments.no_color or os.environ.get("NO_COLOR"))
        await Screen(talk, Memory(default_path()), _paint(coloured=coloured), coloured=coloured).run()
    else:
        from portico.client.prompt.plain import Plain

        await Plain(talk, _paint(coloured=False), person=person).run()


def _paint(*, coloured: bool) -> Paint:
    from portico.client.prompt import paint

    return paint.colours if coloured else paint.plain
