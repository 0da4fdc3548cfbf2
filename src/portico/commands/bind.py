"""Binding: a request's words, or the rest of its line, become the arguments of its handler. Here, once.

Arguments without a token stand first, in order; options follow in any order, each at most once. On a text
line words are separated by blanks, `"double quotes"` keep them together, and a parameter declared as the
rest takes the line to its end.
"""

from __future__ import annotations

import re
from operator import call
from typing import Any

from portico.commands.declare import Command, Parameter
from portico.model.errors import PorticoError
from portico.model.requests import Line, Request, Words

TOKEN = re.compile(r'\s*(?:"([^"]*)"|(\S+))')
QUOTED = re.compile(r'"([^"]*)"')


def bind(command: Command, request: Request) -> list[Any]:
    """Return the arguments in the order of the declaration; raise `PorticoError` when they do not fit."""
    return _bind_words(command, line_words(command, request.rest) if isinstance(request, Line) else request)


def line_words(command: Command, rest: str) -> Words:
    """Return the words that the rest of a line stands for, the command's name first."""
    words = [command.name.encode()]
    end = 0
    for parameter in command.parameters:
        if parameter.rest:
            text = _rest(parameter, rest[end:])
            return [*words, text.encode()] if text else words
        match = TOKEN.match(rest, end)
        if parameter.token or match is None:
            break
        words.append((match[1] if match[1] is not None else match[2]).encode())
        end = match.end()
    further = [(quoted or plain).encode() for quoted, plain in TOKEN.findall(rest, end)]
    return [*words, *_with_token(command, further)]


def _with_token(command: Command, words: list[bytes]) -> list[bytes]:
    """Put the token before a value that stands alone where it may (`/history 20`)."""
    if len(words) != 1 or words[0].upper() in command.options:
        return words
    return [parameter.token.encode() for parameter in command.parameters if parameter.bare] + words


def usage(command: Command) -> PorticoError:
    """Return the error for arguments that do not fit."""
    return PorticoError(f"{command.name} does not take these arguments; usage: {command.usage}")


def _bind_words(command: Command, words: Words) -> list[Any]:
    """Bind words, of which the first is the command's name. Every request comes through here."""
    count = len(words) - 1
    if count == command.exact:
        return [*map(call, command.parsers, words[1:]), *command.others]
    if count < command.least:
        raise usage(command)
    single = len(command.parsers)
    if command.options or (count > single and command.many is None):
        return _bind_rest(command, words)
    values = list(map(call, command.parsers, words[1:]))
    if count < single:
        values += command.absent[count:single]
    if command.many is not None:
        values += map(command.many, words[1 + single :])
    return values


def _bind_rest(command: Command, words: Words) -> list[Any]:
    """Bind words among which options may stand."""
    values = list(command.absent)
    at = 1
    for index, parse in enumerate(command.parsers):
        if at >= len(words) or (index >= command.least and words[at].upper() in command.options):
            break
        values[index] = parse(words[at])
        at += 1
    _bind_options(command, words[at:], values)
    return values


def _bind_options(command: Command, words: list[bytes], values: list[Any]) -> None:
    at = 0
    given: set[int] = set()
    while at < len(words):
        index = command.options.get(words[at].upper())
        if index is None or index in given:
            raise usage(command)
        given.add(index)
        kinds = command.parameters[index].kinds
        operands = words[at + 1 : at + 1 + len(kinds)]
        if len(operands) < len(kinds):
            raise usage(command)
        parsed = [kind.parse(word) for kind, word in zip(kinds.values(), operands, strict=True)]
        values[index] = (parsed[0] if len(parsed) == 1 else tuple(parsed)) if parsed else True
        at += 1 + len(kinds)


def _rest(parameter: Parameter, text: str) -> str:
    """Return what a parameter that takes the line to its end takes of it."""
    text = text.lstrip(" ")
    if not parameter.kind.bounded:
        return text
    text = text.rstrip(" ")
    quoted = QUOTED.fullmatch(text)
    return quoted[1] if quoted else text
