"""`python -m portico.cli.docs [--check]`: writes docs/commands.md from the command table and the error tree.

The same table gives the same bytes. With `--check` nothing is written, and the exit code is 1 when the file
is not what it should be.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from portico.commands.declare import Command
from portico.commands.table import TABLE
from portico.model import errors
from portico.model.errors import PorticoError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "commands.md"

HEAD = """\
# Commands

*Written by `python3 dev.py docs` from the command table and the error tree. Do not edit it by hand.*

On RESP a command is an array of bulk strings, `SAY`, `hello`, `ID`, `k1`. On plain text it is a line that
begins with `/`, as `/history 20`; what is called `text` takes the rest of that line, and so do the name of
NAME and the path of STAT. What stands in `[ ]` may be left out; words in capitals are written as they are, in
any case, and those of a command in any order. [protocol.md](protocol.md) says how requests and replies look.
"""

GROUPS = {
    "talk": "Talking",
    "people": "People",
    "files": "Files",
    "admin": "For admins",
    "connection": "For programs",
}
"""In the order of the page; a group that is not here fails the check of the table's test."""

ERRORS = """\
## Error codes

A refusal is `-CODE sentence` on RESP and `error: sentence` on plain text. Codes are for programs and stay as
they are; sentences are for people and may change.

| code | when |
|---|---|
"""


GENERAL = "What fits no other code: unknown commands, wrong arguments, bad text or paths, malformed bytes."


def build_page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *map(_group, GROUPS), ERRORS + "".join(_error_rows())])


def _group(group: str) -> str:
    commands = [command for command in TABLE if command.group == group]
    return f"## {GROUPS[group]}\n\n" + "\n".join(map(_command, commands))


def _command(command: Command) -> str:
    return f"### {command.name}\n\n`{command.usage}`\n\n{command.summary}.\n\nReply: {command.reply}.\n"


def _codes() -> Iterator[tuple[str, str]]:
    """Yield each code with what it means: the docstring of the first error that carries it."""
    seen = {PorticoError.code}
    yield PorticoError.code, GENERAL
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, PorticoError) and error.code not in seen:
            seen.add(error.code)
            yield error.code, inspect.getdoc(error) or ""


def _error_rows() -> Iterator[str]:
    return (f"| `{code}` | {meaning} |\n" for code, meaning in _codes())


def main() -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(
        prog="python -m portico.cli.docs", description="Writes docs/commands.md."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail when it is not up to date")
    page, asked = build_page(), parser.parse_args()
    if not asked.check:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        print(f"{PAGE.name} is not up to date; run: python3 dev.py docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
