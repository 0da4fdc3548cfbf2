"""The body of a request that goes into an upload.

A short one, and one of unknown length, comes by way of aiohttp. A long one goes past it: a thread takes the
bytes from the socket, as with a WRITE; the connection then closes after the answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import HttpVersion11, StreamReader, web

from portico.commands.call import Call
from portico.commands.table import perform
from portico.model.errors import PorticoError, TimedOut
from portico.model.files import CHUNK_BYTES
from portico.model.later import Later
from portico.model.requests import Body
from portico.server.http.asking import ask, asked, settled
from portico.server.http.conversation import conversation_of
from portico.server.limits import STALLED_SECONDS

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

PAST = web.RequestKey("past", bool)
"""That nobody can tell what stands behind the body, so that the connection closes after the answer."""


class WrongExpectation(PorticoError):
    """A request that expects something else than `100 Continue`."""


class WrongCoding(PorticoError):
    """A body that is packed."""


async def expect(_request: web.Request) -> Any:  # noqa: ANN401 - nothing
    """Leave it to the handler to ask for the body, once nothing speaks against it."""


def check(request: web.Request) -> None:
    """Raise `PorticoError` for what is asked about a body, or done to it, that there is not here.

    A proxy of HTTP/1.0 in front of us would see another end than we do (RFC 9112 section 6.1).
    """
    if request.version < HttpVersion11 and "Transfer-Encoding" in request.headers:
        request[PAST] = True
        raise PorticoError("older clients have to say Content-Length, instead of Transfer-Encoding")
    expected = request.headers.get("Expect")
    if expected is not None and expected.lower() != "100-continue":
        raise WrongExpectation("nothing can be expected but 100-continue; leave Expect out")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise WrongCoding("a body is kept as it comes; send it as it is, without Content-Encoding")


def ask_for(request: web.Request) -> None:
    """Let a client that waits for it send its body; one of HTTP/1.0 does not know of that."""
    if waits(request):
        conversation_of(request).connection.transport.write(CONTINUE)


def waits(request: web.Request) -> bool:
    """Tell whether a client sends its body only when it is asked to."""
    return request.version >= HttpVersion11 and "Expect" in request.headers


async def take_body(request: web.Request, call: Call, upload: str, offset: int) -> int:
    """Write a request's body to an upload from an offset on; return the offset that was reached."""
    await ask(call, "WRITE", upload, offset, b"")  # refuses what can be refused before the body comes
    ask_for(request)
    size = request.content_length
    if size is not None and size > CHUNK_BYTES:
        return await _take_past(request, call, upload, offset, size)
    return await _take_pieces(request, call, upload, offset)


async def _take_pieces(request: web.Request, call: Call, upload: str, offset: int) -> int:
    """Let one piece be written while the next one comes."""
    written = Later()
    written.resolve(offset)
    while data := await next_of(request.content):
        reached: int = await settled(written)
        written = asked(call, "WRITE", upload, reached, data)
    return await settled(written)  # type: ignore[no-any-return]


async def _take_past(request: web.Request, call: Call, upload: str, offset: int, size: int) -> int:
    """Let a thread take the body from the socket; aiohttp, past which it goes, cannot go on afterwards."""
    connection = conversation_of(request).connection
    begun = b"".join(iter(request.content.read_nowait, b""))  # each time its parser hands out more
    request.content.feed_eof()
    connection.pause_reading()
    request.protocol.close()
    request[PAST] = True
    connection.codec.owed = size - len(begun)
    try:
        reached: int = await ask(call, "WRITE", upload, offset, Body(size, begun))
    finally:
        connection.time(partial=False)
    return reached


def forget(call: Call, placed: Later) -> None:
    """Forget an upload whose id nobody will ever know, as soon as it has been begun."""
    call.leave()  # the client may be gone, and its desk closed

    def cancel(begun: Later) -> None:
        if not isinstance(begun.value, PorticoError):
            perform(call, [b"CANCEL", begun.value["upload"].encode()])
            call.leave()

    placed.then(cancel)


async def next_of(content: StreamReader) -> bytes:
    """Return what has come of a body since; nothing at its end."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            return await content.readany()
    except TimeoutError:
        raise TimedOut("the rest of the body took too long to come; what came is kept") from None
