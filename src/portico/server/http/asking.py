"""Asking the command table from a route: one command, its reply or its error, waited for."""

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import Any

from aiohttp import web

from portico.commands.call import Call
from portico.commands.table import perform
from portico.model.errors import PorticoError
from portico.model.later import Later
from portico.model.requests import Body
from portico.server.http.conversation import conversation_of


def call_of(request: web.BaseRequest) -> Call:
    """Return who asks, at this instant."""
    connection = conversation_of(request).connection
    call: Call = connection.call
    call.now = connection.server.clock.now()
    return call


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
