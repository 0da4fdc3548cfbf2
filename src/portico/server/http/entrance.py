"""`/auth`: a browser exchanges a token for a cookie, learns what it grants, and forgets it.

The cookie holds the token. Scripts cannot read it (HttpOnly), other sites' pages cannot have it sent
(SameSite=Strict), and where there is TLS it is never sent without (Secure). Source: RFC 6265, and
draft-ietf-httpbis-rfc6265bis for SameSite.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from portico.model.access import ROLE_NAMES, Grant
from portico.model.errors import NoToken, WrongToken
from portico.model.policy import NAMES
from portico.server.http.admission import BEARER, cookie_name, shown
from portico.server.http.answers import answer
from portico.server.http.asking import settled
from portico.server.http.conversation import conversation_of

if TYPE_CHECKING:
    from portico.server.listener import Server

COOKIE_SECONDS = 30 * 24 * 3_600
"""How long a browser keeps the token: a month, and it is kept anew each time it is shown."""


async def tell(request: web.Request) -> web.Response:
    """Answer with whether a token is wanted, and what this browser's grants."""
    server, host = _asked(request)
    token, kept = shown(request, server.address[1])
    grant = server.gate.anonymous()
    if token:
        try:
            grant = await settled(server.gate.admit(host, token, kept=kept))
        except WrongToken:
            return without_cookie(_facts(server, grant), server)
    return _facts(server, grant)


async def enter(request: web.Request) -> web.Response:
    """Look at a token, and let the browser keep it if it is right."""
    server, host = _asked(request)
    token, kept = shown(request, server.address[1])
    if not token or kept:
        raise NoToken(BEARER)
    grant: Grant = await settled(server.gate.admit(host, token))
    response = _facts(server, grant)
    response.set_cookie(
        cookie_name(server.address[1]),
        token,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=request.secure,
        httponly=True,
        samesite="Strict",
    )
    return response


async def forget(request: web.Request) -> web.Response:
    """Let the browser forget the token."""
    server, _ = _asked(request)
    return without_cookie(web.Response(status=HTTPStatus.NO_CONTENT), server)


def without_cookie(response: web.Response, server: Server) -> web.Response:
    """Return an answer that takes the cookie away."""
    response.del_cookie(cookie_name(server.address[1]), path="/", httponly=True, samesite="Strict")
    return response


def _asked(request: web.Request) -> tuple[Server, str]:
    connection = conversation_of(request).connection
    return connection.server, connection.address[0]


def _facts(server: Server, grant: Grant | None) -> web.Response:
    if grant is None:
        return answer({"wanted": server.gate.locked, "role": None, "files": None})
    files = NAMES[server.policy.granted(grant).files]
    return answer({"wanted": server.gate.locked, "role": ROLE_NAMES[grant.role], "files": files})


ROUTES = (
    web.get("/auth", tell, allow_head=False),
    web.post("/auth", enter),
    web.delete("/auth", forget),
)
