"""The command table: all commands in the order people read them, and how a request is carried out."""

from __future__ import annotations

from typing import Any

from portico.commands import entering, files, manual, people, programs, ruling, talk
from portico.commands.bind import bind
from portico.commands.call import Call
from portico.commands.declare import Command
from portico.commands.describe import unknown
from portico.model.access import ADMIN
from portico.model.errors import Denied, PorticoError
from portico.model.policy import LOOK_ONLY
from portico.model.requests import Line, Request

READ_ONLY = "this room is read-only; nothing can be said here"

TABLE: tuple[Command, ...] = (
    *talk.COMMANDS,
    *people.COMMANDS,
    *files.COMMANDS,
    *ruling.COMMANDS,
    manual.show_help,
    *entering.COMMANDS,
    *programs.COMMANDS,
    manual.commands,
)

_BY_NAME: dict[bytes, Command] = {}
for _command in TABLE:
    _BY_NAME[_command.name.encode()] = _BY_NAME[_command.name.lower().encode()] = _command


def find(request: Request) -> Command | None:
    """Return the command a request names, in any case; None when there is none."""
    name = request[0] if type(request) is list else _name(request)
    command = _BY_NAME.get(name)
    return _BY_NAME.get(name.upper()) if command is None else command


def perform(call: Call, request: Request) -> Any:  # noqa: ANN401 - a reply
    """Carry a request out: return a reply, a `Later` of one, or a coroutine that returns either.

    Refusals are replies too; nothing that a client sends makes this raise.
    """
    try:
        if type(request) is list and call.refusing is None:
            command = _BY_NAME.get(request[0])
            if command is not None and not (command.speaks and call.mute):
                hand_over = command.handovers.get(len(request))
                if hand_over is not None:
                    return hand_over(call, request)
        return _perform(call, request)
    except PorticoError as error:
        return error


def _perform(call: Call, request: Request) -> Any:  # noqa: ANN401 - a reply
    command = find(request)
    if command is None or (call.refusing is not None and not (call.grant is None and command.admits)):
        return _refuse(call, _name(request))
    if command.speaks and call.mute:
        return Denied(READ_ONLY if call.service.read_only else LOOK_ONLY)
    if command.rules and (call.grant is None or call.grant.role < ADMIN):
        return Denied("only an admin may do this: it takes a token made with --role admin")
    if command.needs:
        call.policy.check(command.needs)
    return command.handler(call, *bind(command, request))


def _name(request: Request) -> bytes:
    return request.name if isinstance(request, Line) else request[0]


def _refuse(call: Call, name: bytes) -> PorticoError:
    return unknown(name) if call.refusing is None else call.refusing(call, name)
