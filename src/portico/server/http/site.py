"""The site: its routes, and what every request goes through before and after its handler."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from portico.model.errors import PorticoError, TimedOut, Unexpected
from portico.server.http import (
    archives,
    bodies,
    events,
    fetching,
    guard,
    messages,
    metrics,
    page,
    puts,
    socket,
    tus,
)
from portico.server.http.answers import Handler, complete, refusal, worded
from portico.server.http.conversation import Conversation, conversation_of

if TYPE_CHECKING:
    from portico.server.connection import Connection
    from portico.server.listener import Server

CANCEL_SECONDS = 0.5
"""What a request still under way gets at the very end, after the time to drain."""

ROUTES = (
    *page.ROUTES,
    *messages.ROUTES,
    *events.ROUTES,
    *socket.ROUTES,
    *metrics.ROUTES,
    *fetching.ROUTES,
    *puts.ROUTES,
    *tus.ROUTES,
)


class Site:
    """What a server answers over HTTP."""

    def __init__(self, server: Server) -> None:
        """Begin closed."""
        self._server = server
        self._runner: web.AppRunner
        self._manager: web.Server
        self._names: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Begin to answer."""
        settings = self._server.settings
        self._names = guard.own_names(settings.host, settings.allow_hosts)
        application = web.Application(middlewares=[self._answer])
        application.add_routes(ROUTES)
        application[archives.UNDER_WAY] = set()
        application.on_response_prepare.append(self._complete)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, shutdown_timeout=CANCEL_SECONDS, access_log=None
        )
        await self._runner.setup()
        manager = self._runner.server
        assert manager is not None  # noqa: S101 - it was set up just now
        self._manager = manager

    async def close(self) -> None:
        """End what is still being answered."""
        await self._runner.cleanup()

    def take(self, connection: Connection, data: bytes) -> None:
        """Go on with a connection that speaks HTTP."""
        Conversation(connection, self._manager).data_received(data)

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        conversation = conversation_of(request)
        conversation.answer_begins(request)
        try:
            guard.check(request, self._names)
            return await handler(request)
        except guard.WrongHost as error:
            return self._refuse(error, HTTPStatus.MISDIRECTED_REQUEST)
        except messages.WrongCharset as error:
            return self._refuse(error, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        except TimedOut as error:
            return self._refuse(error, HTTPStatus.REQUEST_TIMEOUT)
        except PorticoError as error:
            return self._refuse(error)
        except web.HTTPException as error:
            response = self._refuse(worded(error), error.status)
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
            return response
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - one request's trouble is not everybody's
            self._server.report(error)
            return self._refuse(Unexpected())
        finally:
            conversation.answer_ends()

    def _refuse(self, error: PorticoError, status: int | None = None) -> web.Response:
        self._server.measures.refusals[error.code] += 1
        return refusal(error, status)

    async def _complete(self, request: web.Request, response: web.StreamResponse) -> None:
        complete(response)
        if self._server.door.closed or request.get(bodies.PAST):
            response.headers["Connection"] = "close"
            response.force_close()
