"""Arguments by name, as JSON has them, become a request's words: `{"text": "Hello", "id": "k"}`.

A parameter is called by its name in the command table: `text`, or its token in small letters: `since`. A flag
is true or false, several values of one option are an array, and bytes that are no text are
`{"base64": "..."}`. What a client does not know it leaves out, or gives as null.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from portico.commands.declare import Command, Parameter
from portico.commands.describe import unknown
from portico.commands.table import find
from portico.model.errors import PorticoError
from portico.model.requests import Words

Naming = Callable[[str, Mapping[str, Any]], Words]
"""What `words_of` is, for who may not know the commands."""


def words_of(name: str, arguments: Mapping[str, Any]) -> Words:
    """Return the request's words; raise `PorticoError` for what no command takes."""
    command = find([_encoded(name)])
    if command is None:
        raise unknown(_encoded(name))
    words = [command.name.encode()]
    left = {key: value for key, value in arguments.items() if value is not None}
    for parameter in command.parameters:
        value = left.pop(parameter.name, None)
        if value is not None:
            words += _words(parameter, value)
        elif not parameter.optional:
            raise PorticoError(f"{command.name} needs {parameter.name}; {_takes(command)}")
    if left:
        raise PorticoError(f"{command.name} has no argument {next(iter(left))[:64]!a}; {_takes(command)}")
    return words


def _takes(command: Command) -> str:
    names = ", ".join(parameter.name for parameter in command.parameters)
    return f"it takes: {names}" if names else "it takes none"


def _words(parameter: Parameter, value: Any) -> Words:  # noqa: ANN401 - any JSON
    word = partial(_word, parameter.name)
    if parameter.many:
        return list(map(word, _several(parameter, value)))
    if not parameter.token:
        return [word(value)]
    token = parameter.token.encode()
    if not parameter.kinds:
        if not isinstance(value, bool):
            raise PorticoError(f"{parameter.name} is true or false")
        return [token] if value else []
    if len(parameter.kinds) == 1:
        return [token, word(value)]
    return [token, *map(word, _several(parameter, value))]


def _several(parameter: Parameter, value: Any) -> Sequence[Any]:  # noqa: ANN401 - any JSON
    if not isinstance(value, list):
        raise PorticoError(f"{parameter.name} is an array")
    return value


def _word(name: str, value: Any) -> bytes:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return _encoded(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return b"%d" % value
    if isinstance(value, dict) and list(value) == ["base64"] and isinstance(value["base64"], str):
        try:
            return binascii.a2b_base64(_encoded(value["base64"]), strict_mode=True)
        except binascii.Error:
            raise PorticoError(f"{name} is not base64") from None
    raise PorticoError(f'{name} is a text, a whole number, or bytes as {{"base64": "..."}}')


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write and UTF-8 cannot
        raise PorticoError("a text has half a character in it, and cannot be written as UTF-8") from None
