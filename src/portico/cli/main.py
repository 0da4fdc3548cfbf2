"""`portico`: finds the command, runs it, and turns errors into sentences and exit codes.

Exit codes: 0 done, 1 failed, 2 usage, 3 cannot connect, 4 refused, 5 not found, 6 verification failed,
124 time-out, 130 interrupted.

A command's module is imported when its arguments are read, and what it stands on when it runs, so that
`--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from portico.cli import output
from portico.cli.errors import UsageError
from portico.model.errors import CannotConnect, NoToken, PorticoError, TimedOut
from portico.model.version import __version__

FAILED, USAGE, UNREACHABLE, REFUSED, MISSING, UNVERIFIED, TIMED_OUT, INTERRUPTED = 1, 2, 3, 4, 5, 6, 124, 130

EXIT_CODES = {
    "NOTFOUND": MISSING,
    "FULL": REFUSED,
    "TAKEN": REFUSED,
    "DENIED": REFUSED,
    "NOAUTH": REFUSED,
    "WRONGPASS": REFUSED,
    "DIGEST": UNVERIFIED,
}
"""What a refusal means to the shell, by its code; any other is a failure."""

WANTS_TOKEN = "this room wants a token; give it with --token-file FILE or in PORTICO_TOKEN"  # noqa: S105 - a sentence
"""What the shell says where the wires say how a token is shown there."""

COMMANDS = {
    "serve": ("serve", "serve a directory's room"),
    "connect": ("connect", "join the room and talk"),
    "say": ("talk", "say something to everybody"),
    "tell": ("talk", "say something to one person"),
    "history": ("past", "show what was said, and who came and went"),
    "follow": ("past", "show what happens, as it happens"),
    "status": ("people", "show who is here, and who was"),
    "list": ("files", "list the shared files"),
    "get": ("get", "fetch files"),
    "put": ("put", "deposit files"),
    "remove": ("change", "remove shared files"),
    "move": ("change", "give a shared file another path"),
    "transfers": ("traffic", "show which files are on their way"),
    "receipts": ("traffic", "show who fetched a file, and when"),
    "wait": ("wait", "wait for a message, a person or a file"),
    "ping": ("ping", "measure how long an answer takes"),
    "drop": ("ruling", "end somebody's session, as an admin"),
    "drain": ("ruling", "end the server in order, as an admin"),
    "token": ("tokens", "make, list and revoke the tokens by which people come in"),
    "invite": ("invite", "make an invitation: address, link, and a code for phones"),
    "log": ("log", "check, export, import or back up a room's log"),
    "completion": ("completion", "print a script that completes commands in your shell"),
}
"""Every command: the module of `portico.cli` whose `add_COMMAND` declares its arguments, and its summary."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence, and takes flags only as they are written in the manual.

    Its arguments may be declared late, by `fill`, when it is first used.
    """

    def __init__(self, *, fill: Callable[[Parser], None] | None = None, **options: object) -> None:
        """Take what argparse takes."""
        super().__init__(**{"allow_abbrev": False, "formatter_class": Layout, **options})  # type: ignore[arg-type]
        self._fill = fill

    def fill(self) -> Parser:
        """Declare what was to be declared late; return the parser."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)
        return self

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """Parse, with everything declared."""
        self.fill()
        return super().parse_known_args(args, namespace)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """Parse everything there is; name the manual of the command that does not take it."""
        parsed, rest = self.parse_known_args(args, namespace)
        if rest:
            words = " ".join(rest)
            raise UsageError(f"unrecognized arguments: {words}; see {self.prog} {parsed.command} --help")
        return parsed

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more."""
        raise UsageError(f"{message}; see {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - as argparse has it
        """Refuse a command that does not exist, naming the one that was probably meant."""
        if action.nargs == argparse.PARSER and value not in (action.choices or ()):
            raise argparse.ArgumentError(
                None, f"there is no command {value!r}{_hint(value, action.choices or ())}"
            )
        super()._check_value(action, value)


class Layout(argparse.HelpFormatter):
    """Help as argparse writes it, but for two things: a command's summary stands beside its name, however
    long that is, and the terminal's width is found without `shutil`, which loads every compression there is.
    """

    def __init__(self, prog: str, **options: object) -> None:
        """Take what argparse takes."""
        super().__init__(prog, **{"width": _columns() - 2, **options})  # type: ignore[arg-type]
        self._action_max_length = max(map(len, COMMANDS)) + 4


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size().columns) or 80
    except (OSError, ValueError):
        return 80


def _hint(typed: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(typed, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def build_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="portico", description="One TCP port where the people and programs of a network meet."
    )
    parser.add_argument("--version", action="version", version=f"portico {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, prog="portico", dest="command"
    )
    for name, (module, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, fill=partial(_declare, module, name))
    return parser


def _declare(module: str, name: str, parser: Parser) -> None:
    getattr(import_module(f"portico.cli.{module}"), f"add_{name}")(parser)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    code = _outcome(arguments)
    output.let_go()
    return code


def _outcome(arguments: Sequence[str] | None) -> int:
    """Run one command, and print what is left to print; return the exit code."""
    try:
        code = _run(arguments)
        output.flush()
        return code
    except UsageError as error:
        return _fail(str(error), USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone.
        return FAILED
    except (PorticoError, OSError) as error:
        return _fail(*verdict(error))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        parsed = build_parser().parse_args(arguments)
    except SystemExit as end:
        # Help or the version has been shown.
        return int(end.code or 0)
    command: Callable[[argparse.Namespace], int] = parsed.run
    return command(parsed)


def verdict(error: PorticoError | OSError) -> tuple[str, int]:
    """Return what to say of an error, and the exit code of a command that ends with it."""
    if isinstance(error, PorticoError):
        wanted = error.code == NoToken.code
        return WANTS_TOKEN if wanted else error.sentence, exit_code(error)
    return _sentence(error), FAILED


def exit_code(error: PorticoError) -> int:
    """Return the exit code of a command that ends with this error."""
    if isinstance(error, CannotConnect):
        return UNREACHABLE
    return TIMED_OUT if isinstance(error, TimedOut) else EXIT_CODES.get(error.code, FAILED)


def _fail(sentence: str, code: int) -> int:
    output.note(f"error: {sentence}")
    return code


def _sentence(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"
