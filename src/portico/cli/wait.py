"""`portico wait`: until there is a message, a person or a file that matches a pattern."""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import math
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from portico.cli import output
from portico.cli.errors import UsageError
from portico.cli.past import MOST
from portico.cli.target import add_target
from portico.cli.values import flag, number
from portico.model.entries import Entry, FileEvent, Message, Presence, as_map
from portico.model.errors import TimedOut, TooBig
from portico.model.patterns import Pattern
from portico.room.names import fold
from portico.wire.views import past_line

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient

Matcher = Callable[[str], bool]


class Found(NamedTuple):
    """What was waited for: as people read it, and as programs do."""

    line: str
    facts: dict[str, Any]


class Subject(NamedTuple):
    """What can be waited for.

    `matcher` reads the pattern, `look` finds out whether it is here already, `told` what an entry tells of
    it; one that tells of too much at once has it looked for again. A subject is one row: the waiting itself
    is the same for all.
    """

    matcher: Callable[[str], Matcher]
    look: Callable[[AsyncClient, str, Matcher], Awaitable[Found | None]]
    told: Callable[[Entry, Matcher], Found | None]


def text_matcher(pattern: str) -> Matcher:
    """Return whether a whole text matches a pattern of the shell: `*`, `?`, `[abc]`, `[!abc]`."""
    expression = re.compile(fnmatch.translate(pattern))
    return lambda text: expression.match(text) is not None


def name_matcher(pattern: str) -> Matcher:
    """Return the same for names, which are equal whatever their case."""
    matches = text_matcher(fold(pattern))
    return lambda name: matches(fold(name))


async def _no_message_yet(*_: object) -> Found | None:
    """Find nothing: messages are only waited for from now on, or after --since."""
    return None


def _message(entry: Entry, matches: Matcher) -> Found | None:
    said = isinstance(entry, Message) and matches(entry.text)
    return Found(past_line(entry), as_map(entry)) if said else None


async def _client_here(client: AsyncClient, _: str, matches: Matcher) -> Found | None:
    here = [line for line in await client.status(online=True) if matches(line.name)]
    return Found(here[0].name, here[0].value()) if here else None


def _client_came(entry: Entry, matches: Matcher) -> Found | None:
    name = newcomer(entry)
    return Found(name, as_map(entry)) if name and matches(name) else None


def newcomer(entry: Entry) -> str:
    """Return the name that is new in the room with this entry, empty for none."""
    if not isinstance(entry, Presence) or entry.change == "left":
        return ""
    return entry.name or entry.sender


def path_matcher(pattern: str) -> Matcher:
    """Return whether a path matches as in `list`; raise `UsageError` for a pattern that is too long."""
    try:
        return Pattern(pattern).matches
    except TooBig as error:
        raise UsageError(error.sentence) from None


async def _file_here(client: AsyncClient, pattern: str, _: Matcher) -> Found | None:
    found = await client.call("LIST", pattern, "COUNT", 1, again=True)
    return Found(found[0]["path"], found[0]) if found else None


def _file_came(entry: Entry, matches: Matcher) -> Found | None:
    if isinstance(entry, FileEvent) and entry.change in ARRIVALS and matches(entry.path):
        return Found(entry.path, as_map(entry))
    return None


ARRIVALS = ("added", "changed", "moved")
"""What makes a file be there, or be another."""

SUBJECTS = {
    "message": Subject(text_matcher, _no_message_yet, _message),
    "client": Subject(name_matcher, _client_here, _client_came),
    "file": Subject(path_matcher, _file_here, _file_came),
}


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = (
        "Wait for a message whose whole text matches a pattern, or until a client whose name does, or a file"
        " whose path does, is here; print it. The pattern is one of the shell's: quote it, '*done*' is a text"
        " with done in it; in that of a file * stays within a folder and ** does not."
    )
    parser.add_argument("subject", choices=SUBJECTS, metavar="|".join(SUBJECTS), help="what to wait for")
    parser.add_argument("pattern", metavar="PATTERN", help="* any text, ? one character, [abc] one of these")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=flag(duration), help="give up then, with exit code 124"
    )
    parser.add_argument(
        "--since", metavar="N", type=flag(number(0, MOST)), help="begin after entry N (default: from now on)"
    )
    add_target(parser)
    parser.set_defaults(run=wait)


def duration(text: str) -> float:
    """Return a number of seconds, however long."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError("a number of seconds above 0 is wanted")
    return value


def wait(arguments: argparse.Namespace) -> int:
    """`portico wait`."""
    from portico.cli.visit import stay

    subject = SUBJECTS[arguments.subject]
    subject.matcher(arguments.pattern)
    try:
        match = stay(
            arguments,
            lambda client: find(client, subject, arguments.pattern, arguments.since),
            arguments.timeout,
        )
    except TimeoutError:
        raise TimedOut(
            f"no {arguments.subject} matches {arguments.pattern!r} within {arguments.timeout:g} s"
        ) from None
    output.lines([output.as_json(match.facts) if arguments.json else match.line])
    return 0


async def find(client: AsyncClient, subject: Subject, pattern: str, since: int | None) -> Found:
    """Wait for the first that matches; what comes while it is looked for is not missed."""
    matches = subject.matcher(pattern)
    since = (await client.hello())["head"] if since is None else since
    here = await subject.look(client, pattern, matches)
    if here is not None:
        return here
    async with contextlib.aclosing(client.events(since=since)) as events:
        async for entry in events:
            match = subject.told(entry, matches)
            if match is None and isinstance(entry, FileEvent) and entry.change == "many":
                match = await subject.look(client, pattern, matches)
            if match is not None:
                return match
    raise AssertionError("entries do not end")
