"""The site: its routes, and what every request goes through before and after its handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from aiohttp import web

from portico.model.errors import PorticoError, Unexpected
from portico.server.http import bodies, downloads, events, guard, messages, puts, socket, tus
from portico.server.http.answers import Handler, refusal, worded
from portico.server.http.conversation import Conversation, conversation_of
from portico.server.limits import (
    HEADER_BYTES,
    HEADERS,
    KEEP_OPEN_SECONDS,
    LINE_BYTES,
    LINGER_SECONDS,
    READ_BYTES,
)

if TYPE_CHECKING:
    from portico.server.connection import Connection
    from portico.server.listener import Server

ROUTES = (*messages.ROUTES, *events.ROUTES, *socket.ROUTES, *downloads.ROUTES, *puts.ROUTES, *tus.ROUTES)


class Site:
    """What a server answers over HTTP."""

    def __init__(self, server: Server) -> None:
        """Begin closed."""
        self._server = server
        self._runner: web.AppRunner
        self._protocol: Callable[[], web.RequestHandler]
        self._names: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Begin to answer."""
        settings = self._server.settings
        self._names = guard.own_names(settings.host, settings.allow_hosts)
        application = web.Application(middlewares=[self._answer])
        application.add_routes(ROUTES)
        application.on_response_prepare.append(_complete)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,
            tcp_keepalive=False,
            keepalive_timeout=KEEP_OPEN_SECONDS,
            lingering_time=LINGER_SECONDS,
            max_line_size=LINE_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADERS,
            auto_decompress=False,
            read_bufsize=READ_BYTES,
        )
        await self._runner.setup()
        self._protocol = cast("Callable[[], web.RequestHandler]", self._runner.server)

    async def close(self) -> None:
        """End what is still being answered."""
        await self._runner.cleanup()

    def take(self, connection: Connection, data: bytes) -> None:
        """Go on with a connection that speaks HTTP."""
        Conversation(connection, self._protocol()).data_received(data)

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        conversation = conversation_of(request)
        conversation.answering()
        try:
            guard.check(request, self._names)
            return await handler(request)
        except guard.WrongHost as error:
            return refusal(error, HTTPStatus.MISDIRECTED_REQUEST)
        except PorticoError as error:
            return refusal(error)
        except web.HTTPException as error:
            return refusal(worded(error), error.status)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - one request's trouble is not everybody's
            self._server.report(error)
            return refusal(Unexpected())
        finally:
            conversation.answered()


async def _complete(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in guard.HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "portico"
    if request.get(bodies.PAST):
        response.headers["Connection"] = "close"
