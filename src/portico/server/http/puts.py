"""`PUT /files/PATH`, as `curl -T` says it, and `DELETE`.

What will be refused is refused before the body is asked for: a client that waits for `100 Continue` sends
nothing in vain. What came of a body that breaks off is thrown away: nobody knows its upload's id.

Conditions are judged before the body, and again when it is there, as somebody else may have been quicker.

Source: RFC 9110 sections 9.3.4 (PUT), 10.1.1 (Expect), 13 (conditions) and 14.5 (no Content-Range in a PUT).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from portico.commands.call import Call
from portico.model.errors import Changed, NotFound, PorticoError
from portico.model.files import FileFacts
from portico.model.later import Later
from portico.model.paths import check_path
from portico.model.replies import FileCard
from portico.server.http.answers import answer
from portico.server.http.asking import ask, asked, call_of, settled
from portico.server.http.bodies import forget, take_body
from portico.server.http.downloads import conditions_of, validators_of
from portico.wire.conditions import forbidden


class Unwanted(PorticoError):
    """A file that is not what a request is made for (412)."""

    code = Changed.code


async def put(request: web.Request) -> web.Response:
    """Deposit a file: 201, also where it takes the place of another."""
    call = call_of(request)
    path = check_path(request.match_info["path"])
    if "Content-Range" in request.headers:
        raise PorticoError("PUT is a whole file; a part of one goes on with an upload at /uploads")
    conditions = conditions_of(request)
    replace = request.query.get("replace") == "1" and conditions.get("If-None-Match") != "*"
    try:
        if conditions:
            await judged(call, path, conditions)
        placed = asked(call, "PUT", path, size_of(request), *(["REPLACE"] if replace else []))
        try:
            facts = await _deposit(request, call, placed, conditions)
        except BaseException:
            forget(call, placed)
            raise
    finally:
        call.leave()
    response = answer(facts, HTTPStatus.CREATED)
    response.headers["Location"] = request.rel_url.raw_path
    return response


def size_of(request: web.Request) -> int | str:
    """Return how long a body will be, as PUT has it."""
    return "?" if request.content_length is None else request.content_length


async def _deposit(
    request: web.Request, call: Call, placed: Later, conditions: Mapping[str, str]
) -> FileCard:
    begun = await settled(placed)
    await take_body(request, call, begun["upload"], begun["offset"])
    if conditions:
        await judged(call, check_path(request.match_info["path"]), conditions)
    facts: FileCard = await ask(call, "FINISH", begun["upload"])
    return facts


async def judged(call: Call, path: str, conditions: Mapping[str, str]) -> None:
    """Raise `Unwanted` where what is there has to be another file, or none."""
    file: FileFacts | None
    try:
        file = await settled(call.desk.stat(path))
    except NotFound:
        file = None
    if forbidden(conditions, None if file is None else validators_of(file)):
        raise Unwanted(f"{path} is not, or not any more, what this request is made for; look again")


async def delete(request: web.Request) -> web.Response:
    """Remove a file."""
    call, conditions = call_of(request), conditions_of(request)
    path = check_path(request.match_info["path"])
    try:
        if conditions:
            await judged(call, path, conditions)
        await ask(call, "REMOVE", path)
    finally:
        call.leave()
    return web.Response(status=HTTPStatus.NO_CONTENT)


ROUTES = (
    web.put("/files/{path:.+}", put),
    web.delete("/files/{path:.+}", delete),
)
