"""`PUT /files/PATH`, as `curl -T` says it, and `DELETE`.

What will be refused is refused before the body is asked for: a client that waits for `100 Continue` sends
nothing in vain. What came of a body that breaks off is thrown away: nobody knows its upload's id.

Source: RFC 9110 sections 9.3.4 (PUT), 10.1.1 (Expect) and 14.5 (no Content-Range in a PUT).
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from portico.commands.call import Call
from portico.commands.table import perform
from portico.model.errors import NotFound, PorticoError
from portico.model.paths import check_path
from portico.model.replies import FileCard
from portico.server.http.answers import answer
from portico.server.http.asking import ask, call_of, settled
from portico.server.http.bodies import expect, take_body


async def put(request: web.Request) -> web.Response:
    """Deposit a file: 201, or 200 where it replaced one."""
    call = call_of(request)
    path = check_path(request.match_info["path"])
    if "Content-Range" in request.headers:
        raise PorticoError("PUT is a whole file; a part of one goes on with an upload at /uploads")
    replace = request.query.get("replace") == "1"
    try:
        there = replace and await _exists(call, path)
        facts = await _deposit(request, call, path, ["REPLACE"] if replace else [])
    finally:
        call.leave()
    response = answer(facts, HTTPStatus.OK if there else HTTPStatus.CREATED)
    response.headers["Location"] = request.path
    return response


async def _deposit(request: web.Request, call: Call, path: str, options: list[str]) -> FileCard:
    size = "?" if request.content_length is None else request.content_length
    begun = await ask(call, "PUT", path, size, *options)
    upload = begun["upload"]
    try:
        await take_body(request, call, upload, begun["offset"])
        facts: FileCard = await ask(call, "FINISH", upload)
    except BaseException:
        call.leave()  # the client may be gone, and its desk closed
        perform(call, [b"CANCEL", upload.encode()])
        raise
    return facts


async def _exists(call: Call, path: str) -> bool:
    try:
        await settled(call.desk.stat(path))
    except NotFound:
        return False
    return True


async def delete(request: web.Request) -> web.Response:
    """Remove a file."""
    call = call_of(request)
    try:
        await ask(call, "REMOVE", check_path(request.match_info["path"]))
    finally:
        call.leave()
    return web.Response(status=HTTPStatus.NO_CONTENT)


ROUTES = (
    web.put("/files/{path:.+}", put, expect_handler=expect),
    web.delete("/files/{path:.+}", delete),
)
