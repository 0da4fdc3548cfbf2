"""Answers in JSON, and errors: the same code and sentence as on every wire, with a status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from portico.model.errors import NotFound, NotOffered, PorticoError, TooBig
from portico.wire.json_values import encode, error_json, to_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS = {
    "DENIED": HTTPStatus.FORBIDDEN,
    "NOAUTH": HTTPStatus.UNAUTHORIZED,
    "WRONGPASS": HTTPStatus.UNAUTHORIZED,
    "NOTFOUND": HTTPStatus.NOT_FOUND,
    "EXISTS": HTTPStatus.CONFLICT,
    "TAKEN": HTTPStatus.CONFLICT,
    "OFFSET": HTTPStatus.CONFLICT,
    "CHANGED": HTTPStatus.PRECONDITION_FAILED,
    "GONE": HTTPStatus.GONE,
    "TOOBIG": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "DIGEST": HTTPStatus.UNPROCESSABLE_ENTITY,
    "BUSY": HTTPStatus.LOCKED,
    "NOSPACE": HTTPStatus.INSUFFICIENT_STORAGE,
    "FULL": HTTPStatus.SERVICE_UNAVAILABLE,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of each code (RFC 9110 section 15, RFC 4918 section 11); what is not here is 400."""


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""What every answer carries unless it has its own."""


def complete(response: web.StreamResponse) -> None:
    """Give an answer the headers that all have."""
    response.headers["Server"] = "portico"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def answer(reply: Any, status: HTTPStatus | int = HTTPStatus.OK) -> web.Response:  # noqa: ANN401 - any reply
    """Return a reply as JSON, with a line end for those who look at it in a terminal."""
    return web.Response(
        body=encode(to_json(reply)) + b"\n",
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def refusal(error: PorticoError, status: HTTPStatus | int | None = None) -> web.Response:
    """Return an error, with the status of its code unless another is given."""
    if status is None:
        status = STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    return answer({"error": error_json(error)}, status)


def worded(error: web.HTTPException) -> PorticoError:
    """Return what the library refuses, such as an unknown path, as an error like ours."""
    match error.status:
        case HTTPStatus.NOT_FOUND:
            return NotFound("there is no such page; / is the room's, /files has the files")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return NotOffered(f"this is not offered here; try {error.headers.get('Allow', 'GET')}")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return TooBig("the request's body is too long")
        case _:
            return PorticoError(error.reason or "this request cannot be answered")
