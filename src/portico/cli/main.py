"""`portico`: finds the command, runs it, and turns errors into sentences and exit codes.

Exit codes: 0 done, 1 failed, 2 usage, 3 cannot connect, 4 refused, 5 not found, 124 time-out,
130 interrupted.

A command's modules are imported when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from portico.cli.errors import UsageError
from portico.model.errors import CannotConnect, PorticoError, TimedOut
from portico.model.version import __version__

FAILED, USAGE, UNREACHABLE, REFUSED, MISSING, TIMED_OUT, INTERRUPTED = 1, 2, 3, 4, 5, 124, 130

EXIT_CODES = {
    "NOTFOUND": MISSING,
    "FULL": REFUSED,
    "TAKEN": REFUSED,
    "DENIED": REFUSED,
    "NOAUTH": REFUSED,
    "WRONGPASS": REFUSED,
}
"""What a refusal means to the shell, by its code; any other is a failure."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence, and takes flags only as they are written in the manual."""

    def __init__(self, **options: object) -> None:
        """Take what argparse takes."""
        super().__init__(**{"allow_abbrev": False, **options})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more."""
        raise UsageError(f"{message}; see {self.prog} --help")


def build_parser() -> Parser:
    """Return the parser of all commands."""
    from portico.cli import connect, log, serve

    parser = Parser(
        prog="portico", description="One TCP port where the people and programs of a network meet."
    )
    parser.add_argument("--version", action="version", version=f"portico {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve.add_to(commands)
    connect.add_to(commands)
    log.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    try:
        parsed = build_parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = parsed.run
        return command(parsed)
    except UsageError as error:
        return _fail(str(error), USAGE)
    except PorticoError as error:
        return _fail(error.sentence, exit_code(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        return _fail(_sentence(error), FAILED)


def exit_code(error: PorticoError) -> int:
    """Return the exit code of a command that ends with this error."""
    if isinstance(error, CannotConnect):
        return UNREACHABLE
    return TIMED_OUT if isinstance(error, TimedOut) else EXIT_CODES.get(error.code, FAILED)


def _fail(sentence: str, code: int) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return code


def _sentence(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"


def _unread() -> int:
    """End quietly: whoever read our output has gone, and what is left of it goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
