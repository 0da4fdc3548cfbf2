"""Asking the command table from a route: one command, its reply or its error, waited for."""

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import Any

from aiohttp import web

from portico.commands.call import Call
from portico.commands.joining import digest
from portico.commands.table import perform
from portico.model.errors import NotFound, PorticoError, Unavailable
from portico.model.later import Later
from portico.model.requests import Body
from portico.server.http.conversation import conversation_of

SESSION = "Portico-Session"
"""The header with the secret of the session in whose name a request moves files."""


def call_of(request: web.BaseRequest, *, named: bool = True) -> Call:
    """Return who asks, at this instant; raise `Unavailable` for the secret of no session that is here.

    A request is a visitor's, in the name of a session where it says so, unless it is not to be `named`.
    """
    connection = conversation_of(request).connection
    call: Call = connection.call
    call.now = connection.server.clock.now()
    secret = request.headers.get(SESSION) if named else None
    call.beside = 0 if secret is None else _session_of(call, secret)
    return call


def _session_of(call: Call, secret: str) -> int:
    try:
        return call.room.open_with(digest(secret)).id
    except NotFound:
        # Not a status that tells clients to begin their uploads anew: who lost a connection comes back.
        raise Unavailable(
            f"no session that is here has the secret in {SESSION}; join again, or leave it out"
        ) from None


def asked(call: Call, *words: bytes | str | int | Body) -> Later:
    """Ask a command that does not wait for anything itself; return where its reply or error will be."""
    answer = perform(call, [_word(word) for word in words])
    if type(answer) is Later:
        return answer
    later = Later()
    later.resolve(answer)
    return later


async def ask(call: Call, *words: bytes | str | int | Body) -> Any:  # noqa: ANN401 - any reply
    """Return the reply of a command; raise the `PorticoError` it is refused with."""
    answer = perform(call, [_word(word) for word in words])
    if type(answer) is CoroutineType:
        answer = await answer
    if type(answer) is Later:
        return await settled(answer)
    if isinstance(answer, PorticoError):
        raise answer
    return answer


async def settled(later: Later) -> Any:  # noqa: ANN401 - any value
    """Return what a `Later` is resolved with, or raise the `PorticoError` it is.

    An open file that comes when nobody waits for it any more is closed.
    """
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def take(there: Later) -> None:
        if not done.done():
            done.set_result(there.value)
        elif hasattr(there.value, "fd"):
            there.value.close()

    later.then(take)
    try:
        answer = await done
    except asyncio.CancelledError:
        if not done.cancelled() and hasattr(later.value, "fd"):
            later.value.close()  # it came in the same turn in which nobody waited any more
        raise
    if isinstance(answer, PorticoError):
        raise answer
    return answer


def _word(word: bytes | str | int | Body) -> Any:  # noqa: ANN401 - a word, or the body in place of one
    # What of a header is not UTF-8 becomes the bytes that it was.
    return word if isinstance(word, (bytes, Body)) else str(word).encode(errors="surrogateescape")
