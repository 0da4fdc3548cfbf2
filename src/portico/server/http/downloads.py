"""`GET` and `HEAD /files/PATH`: a file, or a range of it, by the same way as READ; the bytes go past Python.

What is served was put here by somebody, so a browser must never take it for a page of ours: it is a download,
its type is told by its name alone, and if it is shown after all then in a sandbox without scripts.

A file that somebody rewrites in place while it is being sent must not arrive as a mixture. So its last bytes
are read only when all before them are sent, and only if it still is the file that it was; else the connection
is cut, and the client knows by the length that something is missing.

Source: RFC 9110 sections 8.8, 13 and 14 (validators, conditions, ranges), RFC 6266 (Content-Disposition).
"""

from __future__ import annotations

import contextlib
import mimetypes
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiohttp import web

from portico.commands import files
from portico.commands.call import Call
from portico.model.errors import Changed, PorticoError
from portico.model.files import CHUNK_BYTES, Chunk, FileFacts
from portico.model.paths import check_path
from portico.ports import Source
from portico.server.http.answers import refusal
from portico.server.http.asking import ask, call_of, settled
from portico.server.http.conversation import conversation_of
from portico.wire.conditions import CONDITIONS, Validators, continued, failed, unchanged
from portico.wire.ranges import Unsatisfiable, range_of

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""Of a user's file that a browser shows instead of saving it."""

UNKNOWN_TYPE = "application/octet-stream"

PLAIN_TEXT = "text/plain; charset=utf-8"
"""Of all that is text, so that it is shown as it is. Pages too: who mirrors the files (wget -r) would follow
the links in them."""

TEXTS = frozenset({"application/json", "application/javascript", "application/x-sh"})
"""Text under another name."""

ENDINGS = (".conf", ".ini", ".log", ".md", ".rst", ".toml", ".yaml", ".yml")
"""Of text that Python knows no type for."""

ATTEMPTS = 3
"""How often a file is looked at again that was replaced between looking at it and opening it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is answered about a file: a range of it, or only that there is nothing to send."""

    facts: FileFacts
    status: HTTPStatus
    offset: int = 0
    count: int = 0


async def download(request: web.Request) -> web.StreamResponse:
    """Answer with a file; raise `PorticoError`."""
    call, path = call_of(request), check_path(request.match_info["path"])
    for _ in range(ATTEMPTS):
        try:
            plan = planned(request, (await ask(call, "STAT", path)).file)
        except Unsatisfiable as error:
            return beyond(error.args[0])
        if request.method == "HEAD" or plan.status is HTTPStatus.NOT_MODIFIED:
            return headed(request, plan)
        with contextlib.suppress(Changed):
            return await sent(request, call, plan, await opened(call, plan))
    raise Changed(path)


def planned(request: web.Request, facts: FileFacts) -> Plan:
    """Judge a request's conditions and its range; raise `Changed`, or `Unsatisfiable` with the facts."""
    headers, file = conditions_of(request), validators_of(facts)
    if failed(headers, file):
        raise Changed(facts.path)
    if unchanged(headers, file):
        return Plan(facts, HTTPStatus.NOT_MODIFIED)
    asked = None
    if request.method == "GET" and continued(headers, file):  # nothing else has ranges (RFC 9110, 14.2)
        try:
            asked = range_of(request.headers.get("Range"), facts.size)
        except Unsatisfiable:
            raise Unsatisfiable(facts) from None
    if asked is None:
        return Plan(facts, HTTPStatus.OK, 0, facts.size)
    return Plan(facts, HTTPStatus.PARTIAL_CONTENT, *asked)


def conditions_of(request: web.Request) -> dict[str, str]:
    """Return the conditions a request is made under; one that is said in several lines is one list."""
    headers = request.headers
    return {name: ", ".join(headers.getall(name)) for name in CONDITIONS if name in headers}


def validators_of(facts: FileFacts) -> Validators:
    """Return what tells this content of a file from another."""
    return Validators(facts.etag, facts.mtime // 1_000_000)


async def opened(call: Call, plan: Plan) -> Chunk | Source:
    """Return the range that is sent first: all of a short one, else all but the last bytes."""
    count = plan.count if plan.count <= CHUNK_BYTES else plan.count - CHUNK_BYTES
    return await _read(call, plan, plan.offset, count)


async def _read(call: Call, plan: Plan, offset: int, count: int) -> Chunk | Source:
    piece: Any = await settled(files.range_of(call, plan.facts.path, offset, count, plan.facts.etag))
    return piece  # type: ignore[no-any-return]


async def sent(request: web.Request, call: Call, plan: Plan, piece: Chunk | Source) -> web.StreamResponse:
    """Send a head and a range of a file that is open."""
    if isinstance(piece, Chunk) and len(piece.data) == plan.count:
        response = web.Response(body=piece.data, status=plan.status, headers=headers_of(request, plan))
        return await ended(request, response, call, piece)
    streamed = headed(request, plan)
    try:
        await streamed.prepare(request)
    except BaseException:
        _close(piece)
        raise
    if isinstance(piece, Chunk):
        await streamed.write(piece.data)
        call.service.transfers.sent(call, piece)
    else:
        await conversation_of(request).connection.flows.stream(piece)
    offset = plan.offset + plan.count - CHUNK_BYTES
    try:
        last = await _read(call, plan, offset, CHUNK_BYTES)
    except PorticoError:
        return cut(request, streamed)
    return await ended(request, streamed, call, last)


async def ended(
    request: web.Request, response: web.StreamResponse, call: Call, last: Chunk | Source
) -> web.StreamResponse:
    """Send the last bytes; what is received of a file is noted only when all of it has left."""
    await response.prepare(request)
    if isinstance(response, web.Response):
        await response.write_eof()
    else:
        assert isinstance(last, Chunk)  # noqa: S101 - so few bytes always are
        await response.write_eof(last.data)
    call.service.transfers.sent(call, last)
    return response


def cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """End a connection whose answer cannot go on: nobody shall take a part for the whole."""
    if request.transport is not None:
        request.transport.abort()
    return response


def headed(request: web.Request, plan: Plan) -> web.StreamResponse:
    """Return a response that is only a head yet."""
    response = web.StreamResponse(status=plan.status, headers=headers_of(request, plan))
    if plan.status is not HTTPStatus.NOT_MODIFIED:
        response.content_length = plan.count
    return response


def beyond(facts: FileFacts) -> web.Response:
    """Return the answer to a range that begins behind the end."""
    error = PorticoError(f"{facts.path} has only {facts.size:,} bytes")
    response = refusal(error, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    response.headers["Content-Range"] = f"bytes */{facts.size}"
    return response


def headers_of(request: web.Request, plan: Plan) -> dict[str, str]:
    """Return what is said of a file before its bytes."""
    facts = plan.facts
    headers = {
        "Content-Type": type_of(facts.path),
        "Content-Disposition": disposition(facts.path, inline="inline" in request.query),
        "Content-Security-Policy": SANDBOX,
        "ETag": f'"{facts.etag}"',
        "Last-Modified": formatdate(facts.mtime // 1_000_000, usegmt=True),
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-cache",
    }
    if plan.status is HTTPStatus.PARTIAL_CONTENT:
        headers["Content-Range"] = f"bytes {plan.offset}-{plan.offset + plan.count - 1}/{facts.size}"
    return headers


def type_of(path: str) -> str:
    """Return the type of a file by its name; that of a compressed one is not known."""
    kind, encoding = _TYPES.guess_type(f"/{path}")
    if kind is None or encoding is not None:
        return UNKNOWN_TYPE
    return PLAIN_TEXT if kind.startswith("text/") or kind in TEXTS else kind


_TYPES = mimetypes.MimeTypes()
"""Those that Python knows, on every machine the same."""
for _ending in ENDINGS:
    _TYPES.add_type("text/plain", _ending)


def disposition(path: str, *, inline: bool) -> str:
    """Return a file's name in both forms: for every client, and with all its characters."""
    name = path.rpartition("/")[2]
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _close(piece: Chunk | Source) -> None:
    if not isinstance(piece, Chunk):
        piece.close()
