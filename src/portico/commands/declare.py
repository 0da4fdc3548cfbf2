"""What a command is: one declaration from which everything else about it comes.

    @command("TELL", required("name", NAME), required("text", MESSAGE, rest=True), option("ID", key=KEY),
             summary="...", reply="...", group="talk", joins=True, speaks=True)
    def tell(call, name, text, key): ...

The handler gets its arguments in the order of the declaration; what was not given is None, a flag False.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portico.commands.arguments import Kind
from portico.model.replies import CommandLine

Handler = Callable[..., Any]
"""`(call, *arguments) -> reply`, or an `async def` of the same."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument, or one option with the arguments that follow its token.

    `rest`: on a text line it takes everything to the end of the line. `many`: any number of words. `bare`:
    on a text line the value may stand alone, without its token (`/history 20`).
    """

    name: str
    kinds: Mapping[str, Kind]
    token: str = ""
    optional: bool = False
    rest: bool = False
    many: bool = False
    bare: bool = False

    @property
    def usage(self) -> str:
        """Return it as help shows it: `[SINCE seq]`."""
        words = " ".join([*([self.token] if self.token else []), *self.kinds])
        if self.many:
            words += " ..."
        return f"[{words}]" if self.optional else words


def required(name: str, kind: Kind, *, rest: bool = False) -> Parameter:
    """Declare an argument that must be given."""
    return Parameter(name, {name: kind}, rest=rest)


def optional(name: str, kind: Kind, *, rest: bool = False) -> Parameter:
    """Declare an argument that may be given."""
    return Parameter(name, {name: kind}, optional=True, rest=rest)


def many(name: str, kind: Kind) -> Parameter:
    """Declare any number of further arguments."""
    return Parameter(name, {name: kind}, optional=True, many=True)


def option(token: str, *, bare: bool = False, **kinds: Kind) -> Parameter:
    """Declare `TOKEN value...`; with no kinds it is a flag."""
    return Parameter(token.lower(), kinds, token=token, optional=True, bare=bare)


@dataclass(frozen=True, slots=True)
class Command:
    """A declared command.

    `settles`: it reads the room, so it runs after all earlier proposals of its connection. `joins`: a visitor
    who asks it may become a session, so it waits for a join under way. `speaks`: refused where the room may
    only be looked at. `plain`: all its arguments are required single words, so binding is one loop.
    """

    name: str
    handler: Handler
    parameters: tuple[Parameter, ...]
    summary: str
    reply: str
    group: str
    settles: bool = False
    joins: bool = False
    speaks: bool = False
    hidden: bool = False
    plain: bool = field(init=False)
    parsers: tuple[Callable[[bytes], Any], ...] = field(init=False)
    options: Mapping[bytes, int] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what binding looks up for every request."""
        positional = [parameter for parameter in self.parameters if not parameter.token]
        plain = len(positional) == len(self.parameters) and not any(p.optional for p in positional)
        parsers = tuple(next(iter(p.kinds.values())).parse for p in positional)
        options = {p.token.encode(): i for i, p in enumerate(self.parameters) if p.token}
        for name, value in (("plain", plain), ("parsers", parsers), ("options", options)):
            object.__setattr__(self, name, value)

    @property
    def usage(self) -> str:
        """Return the command with its arguments, as help shows it."""
        return " ".join([self.name, *(parameter.usage for parameter in self.parameters)])

    def line(self) -> CommandLine:
        """Return the command as help shows it."""
        return CommandLine(self.usage, self.summary)

    @property
    def arity(self) -> int:
        """Return the number of words, its name included, as Redis counts: negative for a minimum."""
        least = 1 + sum(not parameter.optional for parameter in self.parameters)
        return least if all(not parameter.optional for parameter in self.parameters) else -least


def command(name: str, *parameters: Parameter, **facts: Any) -> Callable[[Handler], Command]:  # noqa: ANN401
    """Declare the decorated function as a command; see `Command` for the facts."""

    def declare(handler: Handler) -> Command:
        return Command(name, handler, parameters, **facts)

    return declare
