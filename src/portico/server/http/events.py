"""`GET /events`: everything that happens, as server-sent events; goes on after `Last-Event-ID`."""

from __future__ import annotations

import asyncio

from aiohttp import HttpVersion11, web

from portico.server.http.asking import ask, call_of
from portico.server.http.conversation import conversation_of
from portico.server.limits import KEEPALIVE_SECONDS
from portico.wire.sse import EventsCodec


async def events(request: web.Request) -> web.StreamResponse:
    """Push entries until one of both goes: from now on, after `?since=`, or after the last that came."""
    connection = conversation_of(request).connection
    call = call_of(request)
    since = request.headers.get("Last-Event-ID") or request.query.get("since")
    options = [] if since is None else ["SINCE", since]
    await ask(call, "HISTORY", *options, "COUNT", 1)  # refuses a number that is none, or is not kept any more
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    response.force_close()
    await response.prepare(request)
    codec = EventsCodec(chunked=request.version >= HttpVersion11)
    connection.speak(codec)
    await ask(call_of(request), "FOLLOW", *options)
    while True:
        await asyncio.sleep(KEEPALIVE_SECONDS)
        connection.write(codec.keepalive())


ROUTES = (web.get("/events", events),)
