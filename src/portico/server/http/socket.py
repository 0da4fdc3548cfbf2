"""`GET /ws`: the command table over a WebSocket, in JSON (`portico.wire.websocket`).

Here is the handshake, and asking from time to time whether the client is there; everything else is the
connection's, as on every other wire.

Source: RFC 6455 section 4.2.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64encode
from hashlib import sha1
from http import HTTPStatus

from aiohttp import HttpVersion11, web

from portico.commands.named import words_of
from portico.model.errors import PorticoError
from portico.server.http.answers import refusal
from portico.server.http.conversation import Conversation, conversation_of
from portico.server.limits import HEARTBEAT_SECONDS
from portico.wire.websocket import JsonCodec

PROTOCOL_VERSION = "13"
"""The only one there is (section 4.2.1)."""

SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server shows that it knows (section 4.2.2)."""

KEY_BYTES = 16


async def socket(request: web.Request) -> web.StreamResponse:
    """Talk until one of both goes."""
    key = request.headers.get("Sec-WebSocket-Key", "")
    if not asks_for_one(request) or not is_key(key):
        return no_handshake()
    response = web.StreamResponse(
        status=HTTPStatus.SWITCHING_PROTOCOLS,
        headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept_of(key)},
    )
    await response.prepare(request)
    response.force_close()
    conversation = conversation_of(request)
    conversation.begin(JsonCodec(words_of))
    await keep(conversation)
    return response


def asks_for_one(request: web.Request) -> bool:
    """Tell whether a request asks for a WebSocket of the version that there is."""
    headers = request.headers
    connection = {word.strip().lower() for word in ",".join(headers.getall("Connection", ())).split(",")}
    return (
        headers.get("Upgrade", "").lower() == "websocket"
        and "upgrade" in connection
        and headers.get("Sec-WebSocket-Version") == PROTOCOL_VERSION
        and request.version >= HttpVersion11
    )


def is_key(key: str) -> bool:
    """Tell whether this is what a client shall send: 16 bytes in base64."""
    try:
        return len(binascii.a2b_base64(key.encode("ascii"), strict_mode=True)) == KEY_BYTES
    except ValueError:
        return False


def accept_of(key: str) -> str:
    """Return what proves that the handshake was understood."""
    return b64encode(sha1(key.encode() + SUFFIX, usedforsecurity=False).digest()).decode()


def no_handshake() -> web.Response:
    """Return the answer to a request that does not begin a WebSocket."""
    error = PorticoError("this address speaks WebSocket, version 13; a page that does not may read /events")
    response = refusal(error, HTTPStatus.UPGRADE_REQUIRED)
    response.headers.update(
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": PROTOCOL_VERSION}
    )
    return response


async def keep(conversation: Conversation) -> None:
    """Ask, for ever, whether the client is there; cut a connection over which nothing comes back."""
    connection = conversation.connection
    while True:
        conversation.heard = False
        connection.write(connection.codec.keepalive())
        await asyncio.sleep(HEARTBEAT_SECONDS)
        while connection.choked:
            # Who does not read is not asked; the kernel knows whether it is there.
            await asyncio.sleep(HEARTBEAT_SECONDS)
            conversation.heard = True
        if not conversation.heard:
            connection.transport.abort()


ROUTES = (web.get("/ws", socket, allow_head=False),)
