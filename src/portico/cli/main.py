"""`portico`: finds the command, runs it, and turns errors into sentences and exit codes.

Exit codes: 0 done, 1 failed, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from portico import __version__
from portico.cli.errors import UsageError
from portico.model.errors import PorticoError

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    from portico.cli import log, serve  # noqa: PLC0415 - each command adds itself

    parser = argparse.ArgumentParser(
        prog="portico", description="One TCP port where the people and programs of a network meet."
    )
    parser.add_argument("--version", action="version", version=f"portico {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve.add_to(commands)
    log.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parsed = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return command(parsed)
    except UsageError as error:
        return _fail(str(error), USAGE)
    except PorticoError as error:
        return _fail(error.sentence, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _fail(sentence: str, code: int) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return code
