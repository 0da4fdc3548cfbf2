"""`PUT /files/PATH`, as `curl -T` says it, and `DELETE`.

What will be refused is refused before the body is asked for: a client that waits for `100 Continue` sends
nothing in vain.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, web

from portico.commands.call import Call
from portico.model.errors import TimedOut
from portico.model.files import CHUNK_BYTES
from portico.model.paths import check_path
from portico.model.requests import Body
from portico.server.http.answers import answer
from portico.server.http.asking import ask, call_of
from portico.server.http.conversation import conversation_of
from portico.server.limits import STALLED_SECONDS

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


PAST = web.RequestKey("past", bool)
"""That the body went past the library, so that the connection closes after the answer."""


async def put(request: web.Request) -> web.Response:
    """Deposit a file: 201, or 200 where it replaced one."""
    call = call_of(request)
    path = check_path(request.match_info["path"])
    size = "?" if request.content_length is None else request.content_length
    options = ["REPLACE"] if request.query.get("replace") == "1" else []
    begun = await ask(call, "PUT", path, size, *options)
    await take_body(request, call, begun["upload"], begun["offset"])
    facts = await ask(call, "FINISH", begun["upload"])
    response = answer(facts, HTTPStatus.CREATED)
    response.headers["Location"] = request.path
    return response


async def take_body(request: web.Request, call: Call, upload: str, offset: int) -> int:
    """Write a request's body to an upload from an offset on; return the offset that was reached."""
    connection = conversation_of(request).connection
    if request.headers.get("Expect", "").lower() == "100-continue":
        connection.transport.write(CONTINUE)
    size = request.content_length
    if size is not None and size > CHUNK_BYTES:
        return await _take_past(request, call, upload, offset, size)
    while data := await _next(request.content):
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


async def _next(content: StreamReader) -> bytes:
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            return await content.readany()
    except TimeoutError:
        raise TimedOut("the rest of the body took too long to come; what came is kept") from None


async def delete(request: web.Request) -> web.Response:
    """Remove a file."""
    await ask(call_of(request), "REMOVE", check_path(request.match_info["path"]))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def expect(_request: web.Request) -> Any:  # noqa: ANN401 - nothing
    """Leave it to the handler to ask for the body."""


ROUTES = (
    web.put("/files/{path:.+}", put, expect_handler=expect),
    web.delete("/files/{path:.+}", delete),
)
