"""`/uploads`: resumable uploads, for the page and every tus client.

An upload is the same one as on every other wire: PUT begins it or goes on with it, WRITE adds to it, FINISH
makes it a file as soon as the last byte has come. Its address has its id in it, and that is all it takes to
go on with it: there is no list of them, and nothing expires but the upload itself.

Source: tus resumable upload protocol 1.0.0 with creation, creation-with-upload, termination, checksum and
expiration. Two things are ours: once an upload is a file, `Portico-SHA256` says which, and `Portico-Replace`
lets one go on whose name was taken meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from portico.commands.call import Call
from portico.model.errors import NotOffered, PorticoError, TimedOut, TooBig, WrongDigest, WrongOffset
from portico.model.files import UploadFacts
from portico.model.policy import ADD, NO_LIMIT
from portico.server.http import guard
from portico.server.http.answers import refusal
from portico.server.http.asking import ask, asked, call_of, settled
from portico.server.http.bodies import ask_for, forget, next_of, take_body
from portico.server.http.conversation import conversation_of
from portico.wire.tus import (
    CHECKSUMS,
    checksum_of,
    expiry_of,
    going_on,
    headers_of,
    metadata_of,
    number_of,
    order_words,
)

VERSION = "1.0.0"

EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"

CHECKED_BYTES = 4_194_304
"""Longest body with a checksum of its own: nothing of it may be written before all of it was seen."""

CONTENT_TYPE = "application/offset+octet-stream"

OVERRIDE = "X-HTTP-Method-Override"
"""The header with the method that is meant, of clients that cannot say it."""

REPLACE = "Portico-Replace"
"""The header, `1`, of a PATCH whose upload shall take the place of the file that is there by now: what came
of it is not sent again."""

COLLECTION, UPLOAD = "/uploads", "/uploads/{id}"


class WrongVersion(PorticoError):
    """Another version of the protocol than ours."""


class WrongType(PorticoError):
    """A body that does not say that it is a piece of an upload."""


class WrongMethod(NotOffered):
    """Something that cannot be done with an upload."""


class WrongChecksum(WrongDigest):
    """A body that came otherwise than it was sent; nothing of it is kept."""


STATUS: dict[type[PorticoError], int] = {
    WrongVersion: HTTPStatus.PRECONDITION_FAILED,
    WrongType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    WrongMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    WrongChecksum: 460,
    TimedOut: HTTPStatus.REQUEST_TIMEOUT,
}
"""The status of what only this protocol refuses; 460 is its own."""


async def serve(request: web.Request) -> web.Response:
    """Answer a request to the collection, or to one upload."""
    try:
        response = await _answer(request)
    except PorticoError as error:
        connection = conversation_of(request).connection
        connection.server.refused(error, connection)
        response = refusal(error, STATUS.get(type(error)))
    response.headers["Tus-Resumable"] = VERSION
    if response.status == HTTPStatus.PRECONDITION_FAILED:
        response.headers["Tus-Version"] = VERSION
    return response


async def _answer(request: web.Request) -> web.Response:
    method = request.headers.get(OVERRIDE, request.method).upper()
    if method not in guard.SAFE_METHODS:
        guard.check_origin(request)  # also where the method on the outside was a safe one
    if method == "OPTIONS":
        return _options(request)
    handlers = OF_ONE if "id" in request.match_info else OF_ALL
    if method not in handlers:
        raise WrongMethod(f"this is not offered here; try {', '.join(handlers)} or OPTIONS")
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion(f"the header Tus-Resumable has to be {VERSION}")
    call = call_of(request, named=method != "HEAD")
    try:
        return await handlers[method](request, call)
    finally:
        # The next piece may come over another connection.
        call.leave()


def _options(request: web.Request) -> web.Response:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }
    most = call_of(request).policy.max_upload
    if most < NO_LIMIT:
        headers["Tus-Max-Size"] = str(most)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)


async def create(request: web.Request, call: Call) -> web.Response:
    """Begin an upload, perhaps with its first bytes; one of no bytes is a file at once."""
    if "Upload-Defer-Length" in request.headers:
        raise PorticoError("the size has to be known: say it in Upload-Length")
    size = number_of("Upload-Length", request.headers.get("Upload-Length"))
    path, options = order_words(metadata_of(request.headers.get("Upload-Metadata", "")))
    if request.body_exists:
        _check_type(request)
    placed = asked(call, "PUT", path, size, *options)
    try:
        facts = await _facts(call, (await settled(placed))["upload"])
        response = await _take(request, call, facts)
    except BaseException:
        if "SHA256" not in options:  # by which it would be found again
            forget(call, placed)
        raise
    response.set_status(HTTPStatus.CREATED)
    response.headers["Location"] = f"{COLLECTION}/{facts.order.upload}"
    return response


async def look(request: web.Request, call: Call) -> web.Response:
    """Tell how far an upload has come."""
    facts = await _facts(call, request.match_info["id"])
    return web.Response(headers=headers_of(facts) | {"Cache-Control": "no-store"})


async def go_on(request: web.Request, call: Call) -> web.Response:
    """Add a body to an upload; its last one makes it a file."""
    _check_type(request)
    offset = number_of("Upload-Offset", request.headers.get("Upload-Offset"))
    facts = await _facts(call, request.match_info["id"])
    if offset != facts.offset:
        raise WrongOffset(facts.offset)
    if not facts.ended:
        may_replace = facts.order.replace or request.headers.get(REPLACE) == "1"
        await ask(call, *going_on(replace(facts.order, replace=may_replace)))
    return await _take(request, call, facts)


async def give_up(request: web.Request, call: Call) -> web.Response:
    """Forget an upload."""
    await ask(call, "CANCEL", request.match_info["id"])
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _facts(call: Call, upload: str) -> UploadFacts:
    call.policy.check(ADD)
    facts: UploadFacts = await settled(call.desk.progress(upload))
    return facts


def _check_type(request: web.Request) -> None:
    if request.content_type != CONTENT_TYPE:
        raise WrongType(f"a piece of an upload has the Content-Type {CONTENT_TYPE}")


async def _take(request: web.Request, call: Call, facts: UploadFacts) -> web.Response:
    """Take a request's body, and answer with how far the upload is now."""
    upload, offset, size = facts.order.upload, facts.offset, facts.order.size
    if size is not None and offset + (request.content_length or 0) > size:
        raise TooBig(f"this upload has {size:,} bytes and there would be more")
    headers: dict[str, str] = {}
    if request.body_exists and not facts.ended:
        offset = await _written(request, call, upload, offset)
    if offset == size:
        headers["Portico-SHA256"] = (await ask(call, "FINISH", upload)).file.sha256
    else:
        headers = expiry_of(await _facts(call, upload))
        conversation_of(request).connection.server.transfers.rests(upload)
    headers["Upload-Offset"] = str(offset)
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)


async def _written(request: web.Request, call: Call, upload: str, offset: int) -> int:
    announced = request.headers.get("Upload-Checksum")
    if announced is None:
        return await take_body(request, call, upload, offset)
    algorithm, digest = checksum_of(announced)
    if (request.content_length or 0) > CHECKED_BYTES:
        raise _too_long_to_check()
    await ask(call, "WRITE", upload, offset, b"")
    ask_for(request)
    body = await _short(request)
    if hashlib.new(algorithm, body, usedforsecurity=False).digest() != digest:
        raise WrongChecksum("these bytes are not those of their checksum; send them again")
    reached: int = await ask(call, "WRITE", upload, offset, body)
    return reached


async def _short(request: web.Request) -> bytes:
    """Return a whole body that is short enough to be checked."""
    pieces: list[bytes] = []
    size = 0
    while data := await next_of(request.content):
        pieces.append(data)
        size += len(data)
        if size > CHECKED_BYTES:
            raise _too_long_to_check()
    return b"".join(pieces)


def _too_long_to_check() -> TooBig:
    return TooBig(f"a piece with a checksum has at most {CHECKED_BYTES:,} bytes; send smaller ones")


Handler = Callable[[web.Request, Call], Awaitable[web.Response]]

OF_ALL: dict[str, Handler] = {"POST": create}
OF_ONE: dict[str, Handler] = {"HEAD": look, "PATCH": go_on, "DELETE": give_up}

ROUTES = (web.route("*", COLLECTION, serve), web.route("*", UPLOAD, serve))
