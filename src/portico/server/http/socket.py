"""`GET /ws`: the command table over a WebSocket, in JSON (`portico.wire.websocket`).

aiohttp does the handshake, puts messages together and answers pings; from then on the connection runs
requests and pushes entries as on every other wire.
"""

from __future__ import annotations

from aiohttp import WSMsgType, web

from portico.commands.named import words_of
from portico.server.http.conversation import conversation_of
from portico.server.limits import HEARTBEAT_SECONDS
from portico.wire.websocket import MESSAGE_BYTES, JsonCodec


async def socket(request: web.Request) -> web.WebSocketResponse:
    """Talk until one of both goes."""
    connection = conversation_of(request).connection
    response = web.WebSocketResponse(
        heartbeat=HEARTBEAT_SECONDS, max_msg_size=MESSAGE_BYTES, compress=False, autoclose=True
    )
    await response.prepare(request)
    connection.speak(JsonCodec(words_of))
    async for message in response:
        if message.type is WSMsgType.TEXT:
            connection.data_received(message.data.encode())
        elif message.type is WSMsgType.BINARY:
            connection.data_received(message.data)
    return response


ROUTES = (web.get("/ws", socket),)
