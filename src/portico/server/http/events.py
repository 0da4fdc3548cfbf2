"""`GET /events`: everything that happens, as server-sent events; goes on after `Last-Event-ID`."""

from __future__ import annotations

import asyncio

from aiohttp import HttpVersion11, web

from portico.commands.arguments import ENTRY
from portico.server.http.asking import ask, call_of
from portico.server.http.conversation import conversation_of
from portico.server.limits import KEEPALIVE_SECONDS
from portico.wire.sse import EventsCodec


async def events(request: web.Request) -> web.StreamResponse:
    """Push entries until one of both goes: from now on, after `?since=`, or after the last that came."""
    conversation = conversation_of(request)
    connection, history = conversation.connection, call_of(request).service.history
    since = request.headers.get("Last-Event-ID") or request.query.get("since")
    after = history.head if since is None else ENTRY.parse(since.encode(errors="surrogateescape"))
    history.check_since(after)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    response.force_close()
    await response.prepare(request)
    codec = EventsCodec(chunked=request.version >= HttpVersion11)
    conversation.begin(codec)
    connection.write(codec.keepalive())
    await ask(call_of(request), "FOLLOW", "SINCE", after)
    while True:
        await asyncio.sleep(KEEPALIVE_SECONDS)
        if not connection.choked:
            connection.write(codec.keepalive())


ROUTES = (web.get("/events", events, allow_head=False),)
