"""Binding: a request's words, or the rest of its line, become the arguments of its handler. Here, once.

Arguments without a token stand first, in order; options follow in any order, each at most once. On a text
line words are separated by blanks, `"double quotes"` keep them together, and a parameter declared as the
rest takes the line to its end.
"""

from __future__ import annotations

import re
from typing import Any

from portico.commands.declare import Command, Parameter
from portico.model.errors import PorticoError
from portico.model.requests import Line, Request

TOKEN = re.compile(r'\s*(?:"([^"]*)"|(\S+))')


def bind(command: Command, request: Request) -> list[Any]:
    """Return the arguments in the order of the declaration; raise `PorticoError` when they do not fit."""
    if type(request) is Line:
        return _bind_line(command, request.rest)
    words = request[1:]  # type: ignore[index]
    if command.plain:
        if len(words) != len(command.parsers):
            raise usage(command)
        return [parse(word) for parse, word in zip(command.parsers, words, strict=True)]
    return _bind_words(command, words)


def usage(command: Command) -> PorticoError:
    """Return the error for arguments that do not fit."""
    return PorticoError(f"wrong number of arguments for {command.name}; usage: {command.usage}")


def _bind_words(command: Command, words: list[bytes], *, bare: bool = False) -> list[Any]:
    values: list[Any] = [_absent(parameter) for parameter in command.parameters]
    at = 0
    for index, parameter in enumerate(command.parameters):
        if parameter.token:
            continue
        if parameter.many:
            values[index] = [_one(parameter, word) for word in words[at:]]
            return values
        if at < len(words) and not (parameter.optional and words[at].upper() in command.options):
            values[index] = _one(parameter, words[at])
            at += 1
        elif not parameter.optional:
            raise usage(command)
    _bind_options(command, words[at:], values, bare=bare)
    return values


def _absent(parameter: Parameter) -> Any:  # noqa: ANN401 - None, an empty list, or False for a flag
    if parameter.many:
        return []
    return None if parameter.kinds else False


def _one(parameter: Parameter, word: bytes) -> Any:  # noqa: ANN401 - whatever the kind makes
    return next(iter(parameter.kinds.values())).parse(word)


def _bind_options(command: Command, words: list[bytes], values: list[Any], *, bare: bool) -> None:
    at = 0
    given: set[int] = set()
    while at < len(words):
        index = command.options.get(words[at].upper())
        if index is None and bare and len(words) == 1:
            words = _with_token(command, words)
            index = command.options.get(words[0])
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


def _with_token(command: Command, words: list[bytes]) -> list[bytes]:
    tokens = [parameter.token.encode() for parameter in command.parameters if parameter.bare]
    return tokens + words


def _bind_line(command: Command, rest: str) -> list[Any]:
    words: list[bytes] = []
    end = 0
    for parameter in command.parameters:
        if parameter.rest:
            rest = rest[end:].lstrip(" ") if words else rest
            words += [rest.encode()] if rest else []
            return _bind_words(command, words)
        match = TOKEN.match(rest, end)
        if parameter.token or match is None:
            break
        words.append((match[1] if match[1] is not None else match[2]).encode())
        end = match.end()
    words += [(quoted or plain).encode() for quoted, plain in TOKEN.findall(rest, end)]
    return _bind_words(command, words, bare=True)
