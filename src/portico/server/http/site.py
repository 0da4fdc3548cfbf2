"""The site: its routes, and what every request goes through before and after its handler."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from portico.model.errors import NoToken, PorticoError, ShutOut, TimedOut, Unexpected, WrongToken
from portico.server.http import (
    admission,
    archives,
    bodies,
    entrance,
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

STATUS: dict[type[PorticoError], int] = {
    guard.WrongHost: HTTPStatus.MISDIRECTED_REQUEST,
    messages.WrongCharset: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    bodies.WrongCoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    bodies.WrongExpectation: HTTPStatus.EXPECTATION_FAILED,
    TimedOut: HTTPStatus.REQUEST_TIMEOUT,
}
"""The status of what is refused over HTTP only."""

BEGUN = web.RequestKey("begun", bool)
"""That the answer's head is on its way, so that no other can be given."""

ROUTES = (
    *page.ROUTES,
    *messages.ROUTES,
    *entrance.ROUTES,
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
        application.add_routes(
            web.RouteDef(
                each.method, each.path, each.handler, {**each.kwargs, "expect_handler": bodies.expect}
            )
            for each in ROUTES
        )
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
            response = await self._response(request, handler)
            if request.get(bodies.PAST) and response.status >= HTTPStatus.BAD_REQUEST:
                await conversation.part(request, response)
            return response
        finally:
            conversation.answer_ends()

    async def _response(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            guard.check(request, self._names)
            await admission.admit(request, self._server.gate, self._server.address[1])
            bodies.check(request)
            return await handler(request)
        except ConnectionError:
            raise
        except Exception as error:
            response = self._failed(request, error)
            if request.get(BEGUN):
                conversation_of(request).connection.transport.abort()
                raise ConnectionAbortedError("a part of another answer is sent already") from error
            return response

    def _failed(self, request: web.Request, error: Exception) -> web.Response:
        """Return the answer to what failed; the operator is told what we did wrong ourselves."""
        if isinstance(error, web.HTTPException):
            return self._unknown(request, error)
        if isinstance(error, TimedOut):
            conversation_of(request).hear_no_more()
        if isinstance(error, PorticoError):
            return self._refuse(request, error, STATUS.get(type(error)))
        self._server.report(error)
        return self._refuse(request, Unexpected())

    def _unknown(self, request: web.Request, error: web.HTTPException) -> web.Response:
        """Return the answer to a request for which there is no route."""
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        if request.method == "OPTIONS" and (allowed or request.raw_path == "*"):
            return web.Response(status=HTTPStatus.NO_CONTENT, headers=allowed)
        response = self._refuse(request, worded(error), error.status)
        response.headers.update(allowed)
        return response

    def _refuse(self, request: web.Request, error: PorticoError, status: int | None = None) -> web.Response:
        self._server.refused(error, conversation_of(request).connection)
        response = refusal(error, status)
        if isinstance(error, NoToken | WrongToken):
            response.headers["WWW-Authenticate"] = 'Bearer realm="portico"'
            if admission.shown(request, self._server.address[1])[1]:
                entrance.without_cookie(response, self._server)
        if isinstance(error, ShutOut):
            response.force_close()
        return response

    async def _complete(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give an answer what all have; it is the last one where the request's body has not come."""
        request[BEGUN] = True
        complete(response)
        if self._server.door.closed or request.get(bodies.PAST) or not request.content.is_eof():
            response.headers["Connection"] = "close"
            response.force_close()
