"""Who asks: the token of a request, in its header or in the cookie that the page was given for it.

Each request is granted what its own token grants, for a proxy may send requests of many people over one
connection. The page itself is for everybody: it asks for the token.

Source: RFC 6750 (Bearer), RFC 9110 section 11.6.1 (WWW-Authenticate), RFC 6265 (cookies).
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from aiohttp import web

from portico.model.errors import NoToken
from portico.server.gate import Gate
from portico.server.http.asking import settled
from portico.server.http.conversation import conversation_of

SCHEME = "bearer"
BEARER = "send it as Authorization: Bearer TOKEN"

FREE = frozenset({"/", "/web/{name}", "/auth", "/health"})
"""Routes without a secret: the page and its parts, the exchange of a token for a cookie, and whether the
server is well."""


def cookie_name(port: int) -> str:
    """Return the name of the cookie; browsers do not keep the rooms of one host apart by their ports."""
    return f"portico-{port}"


def shown(request: web.Request, port: int) -> tuple[str, bool]:
    """Return the token a request shows, empty for none, and whether a browser has kept it."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == SCHEME:
        return token.strip(), False
    try:
        cookies = SimpleCookie(request.headers.get("Cookie", ""))
    except CookieError:
        return "", False
    kept = cookies.get(cookie_name(port))
    return ("", False) if kept is None else (kept.value, True)


async def admit(request: web.Request, gate: Gate, port: int) -> None:
    """Let a request be granted what its token grants; raise `NoToken` or `WrongToken`."""
    call = conversation_of(request).connection.call
    resource = request.match_info.route.resource
    token, kept = shown(request, port)
    if resource is not None and resource.canonical in FREE:
        call.may(gate.anonymous())
        return
    if token:
        call.may(await settled(gate.admit(call.address[0], token, kept=kept)))
        return
    grant = gate.anonymous()
    if grant is None:
        raise NoToken(BEARER)
    call.may(grant)
