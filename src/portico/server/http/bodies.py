"""The body of a request that goes into an upload.

A short one, and one of unknown length, comes by way of aiohttp. A long one goes past it: a thread takes the
bytes from the socket, as with a WRITE; the connection then closes after the answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import StreamReader, web

from portico.commands.call import Call
from portico.model.errors import TimedOut
from portico.model.files import CHUNK_BYTES
from portico.model.requests import Body
from portico.server.http.asking import ask
from portico.server.http.conversation import conversation_of
from portico.server.limits import STALLED_SECONDS

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

PAST = web.RequestKey("past", bool)
"""That the body went past the library, so that the connection closes after the answer."""


async def expect(_request: web.Request) -> Any:  # noqa: ANN401 - nothing
    """Leave it to the handler to ask for the body, once nothing speaks against it."""


def ask_for(request: web.Request) -> None:
    """Let a client that waits for it send its body."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        conversation_of(request).connection.transport.write(CONTINUE)


async def take_body(request: web.Request, call: Call, upload: str, offset: int) -> int:
    """Write a request's body to an upload from an offset on; return the offset that was reached."""
    await ask(call, "WRITE", upload, offset, b"")  # refuses what can be refused before the body comes
    ask_for(request)
    size = request.content_length
    if size is not None and size > CHUNK_BYTES:
        return await _take_past(request, call, upload, offset, size)
    while data := await next_of(request.content):
        offset = await ask(call, "WRITE", upload, offset, data)
    return offset


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


async def next_of(content: StreamReader) -> bytes:
    """Return what has come of a body since; nothing at its end."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            return await content.readany()
    except TimeoutError:
        raise TimedOut("the rest of the body took too long to come; what came is kept") from None
