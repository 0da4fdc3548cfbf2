"""What a command is: one declaration from which everything else about it comes.

    @command("TELL", required("name", NAME), required("text", MESSAGE, rest=True), option("ID", key=KEY),
             summary="...", reply="...", group="talk", joins=True, speaks=True)
    def tell(call, name, text, key): ...

The handler gets its arguments in the order of the declaration; what was not given is None, a flag False. Any
number of words are as many arguments, `*names`. A handler whose words are all taken as they come gets just
those that were given, and says itself that the others are None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portico.commands.arguments import Kind, raw
from portico.model.replies import CommandLine
from portico.model.requests import Words

Handler = Callable[..., Any]
"""`(call, *arguments) -> reply`, or an `async def` of the same."""

Parser = Callable[[bytes], Any]

Handover = Callable[[Any, Words], Any]
"""`(call, words) -> reply`: gives a handler its arguments without any binding."""

WORDS_PREPARED = 64
"""Words up to which a request is handed over as prepared; a longer one is bound like all others."""


def handover(handler: Handler, count: int) -> Handover:
    """Prepare to hand over `count` words; a starred call takes twice as long as arguments written out."""
    match count:
        case 1:
            return lambda call, _: handler(call)
        case 2:
            return lambda call, words: handler(call, words[1])
        case 3:
            return lambda call, words: handler(call, words[1], words[2])
        case 4:
            return lambda call, words: handler(call, words[1], words[2], words[3])
        case _:
            return lambda call, words: handler(call, *words[1:])


def parsing_handover(handler: Handler, parse: Parser, others: Sequence[Any]) -> Handover:
    """Prepare to hand over one word, parsed, and behind it `others` for the options that are not given."""
    return lambda call, words: handler(call, parse(words[1]), *others)


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
    def kind(self) -> Kind:
        """Return the kind of its first value."""
        return next(iter(self.kinds.values()))

    @property
    def parse(self) -> Parser:
        """Return the parser of its first value."""
        return self.kind.parse

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


def option(token: str, /, *, bare: bool = False, **kinds: Kind) -> Parameter:
    """Declare `TOKEN value...`; with no kinds it is a flag."""
    return Parameter(token.lower(), kinds, token=token, optional=True, bare=bare)


@dataclass(frozen=True, slots=True)
class Command:
    """A declared command.

    `settles`: it reads the room, so it runs after all earlier proposals of its connection. `joins`: a visitor
    who asks it may become a session, so it waits for a join under way. `speaks`: refused where the room may
    only be looked at. `needs`: how far files must be allowed to change (`portico.model.policy`). `admits`:
    also for who has still to show a token. `rules`: for admins alone.

    What follows those is what binding looks up for every request: parsers of the single arguments without a
    token, their least number and the exact one without options (-1 when it varies), the parser of the
    remaining words, where each option stands, and with which parser if it has one value, what is bound for
    what is not given, and for the options alone; and how to hand over so many words where there is nothing to
    bind.
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
    needs: int = 0
    admits: bool = False
    rules: bool = False
    parsers: tuple[Parser, ...] = field(init=False)
    least: int = field(init=False)
    exact: int = field(init=False)
    many: Parser | None = field(init=False)
    options: Mapping[bytes, int] = field(init=False)
    valued: Mapping[bytes, tuple[int, Parser]] = field(init=False)
    absent: tuple[Any, ...] = field(init=False)
    others: tuple[Any, ...] = field(init=False)
    handovers: Mapping[int, Handover] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what binding looks up for every request."""
        single = [p for p in self.parameters if not p.token and not p.many]
        varies = any(p.many or (p.optional and not p.token) for p in self.parameters)
        prepared = {
            "parsers": tuple(p.parse for p in single),
            "least": sum(not p.optional for p in single),
            "exact": -1 if varies else len(single),
            "many": next((p.parse for p in self.parameters if p.many), None),
            "options": {p.token.encode(): i for i, p in enumerate(self.parameters) if p.token},
            "valued": {
                p.token.encode(): (i, p.parse)
                for i, p in enumerate(self.parameters)
                if p.token and len(p.kinds) == 1
            },
            "absent": tuple(None if p.kinds else False for p in self.parameters),
            "others": tuple(None if p.kinds else False for p in self.parameters[len(single) :]),
        }
        for name, value in prepared.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "handovers", self._handovers())

    def _handovers(self) -> Mapping[int, Handover]:
        if self.needs or self.rules:
            return {}
        if all(not p.token and p.parse is raw for p in self.parameters):
            most = WORDS_PREPARED if self.many else 1 + len(self.parsers)
            return {count: handover(self.handler, count) for count in range(1 + self.least, most + 1)}
        if self.exact == 1:
            return {2: parsing_handover(self.handler, self.parsers[0], self.others)}
        return {}

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
        varies = any(parameter.optional for parameter in self.parameters)
        return -1 - self.least if varies else 1 + self.least


def command(name: str, *parameters: Parameter, **facts: Any) -> Callable[[Handler], Command]:  # noqa: ANN401
    """Declare the decorated function as a command; see `Command` for the facts."""

    def declare(handler: Handler) -> Command:
        return Command(name, handler, parameters, **facts)

    return declare
