"""`GET` and `HEAD /files/PATH`: a file, or a range of it, by the same way as READ; the bytes go past Python.

What is served was put here by somebody, so a browser must never take it for a page of ours: it is a download,
its type is not guessed from its content, and if it is shown after all then in a sandbox without scripts.

Source: RFC 9110 sections 8.8, 13 and 14 (validators, preconditions, ranges), RFC 6266 (Content-Disposition).
"""

from __future__ import annotations

import mimetypes
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from portico.commands import files
from portico.model.errors import PorticoError
from portico.model.files import Chunk, FileFacts
from portico.model.paths import check_path
from portico.server.http.answers import refusal
from portico.server.http.asking import ask, call_of, settled
from portico.server.http.conversation import conversation_of
from portico.wire.ranges import Unsatisfiable, range_of

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""Of a user's file that a browser shows instead of saving it."""

UNKNOWN_TYPE = "application/octet-stream"


async def download(request: web.Request) -> web.StreamResponse:
    """Answer with a file."""
    call = call_of(request)
    path = check_path(request.match_info["path"])
    facts: FileFacts = (await ask(call, "STAT", path)).file
    response = web.StreamResponse(headers=headers_of(facts, inline="inline" in request.query))
    if fresh(request, facts):
        response.set_status(HTTPStatus.NOT_MODIFIED)
        return await prepared(response, request)
    try:
        asked = range_of(request.headers.get("Range"), facts.size) if whole_is_same(request, facts) else None
    except Unsatisfiable:
        return beyond(facts)
    offset, count = asked or (0, facts.size)
    if asked is not None:
        response.set_status(HTTPStatus.PARTIAL_CONTENT)
        response.headers["Content-Range"] = f"bytes {offset}-{offset + count - 1}/{facts.size}"
    response.content_length = count
    if request.method == "HEAD":
        return await prepared(response, request)
    piece = await settled(files.range_of(call, path, offset, count, facts.etag))
    await prepared(response, request)
    if isinstance(piece, Chunk):
        await response.write(piece.data)
        call.service.transfers.sent(call, piece)
    else:
        await conversation_of(request).connection.flows.stream(piece)
    return response


def beyond(facts: FileFacts) -> web.Response:
    """Return the answer to a range that begins behind the end."""
    error = PorticoError(f"{facts.path} has only {facts.size:,} bytes")
    response = refusal(error, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    response.headers["Content-Range"] = f"bytes */{facts.size}"
    return response


async def prepared(response: web.StreamResponse, request: web.Request) -> web.StreamResponse:
    """Send a response's head."""
    await response.prepare(request)
    return response


def headers_of(facts: FileFacts, *, inline: bool) -> dict[str, str]:
    """Return what is said of a file before its bytes."""
    kind, encoding = mimetypes.guess_type(facts.path)
    return {
        "Content-Type": UNKNOWN_TYPE if kind is None or encoding is not None else kind,
        "Content-Disposition": disposition(facts.path, inline=inline),
        "Content-Security-Policy": SANDBOX,
        "ETag": f'"{facts.etag}"',
        "Last-Modified": formatdate(facts.mtime // 1_000_000, usegmt=True),
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-cache",
    }


def disposition(path: str, *, inline: bool) -> str:
    """Return a file's name in both forms: for every client, and with all its characters."""
    name = path.rpartition("/")[2]
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def fresh(request: web.Request, facts: FileFacts) -> bool:
    """Tell whether the client has this file already."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or facts.etag in [each.value for each in request.if_none_match or ()]
    since = request.if_modified_since
    return since is not None and facts.mtime // 1_000_000 <= since.timestamp()


def whole_is_same(request: web.Request, facts: FileFacts) -> bool:
    """Tell whether a range may be answered: what the client has the rest of is this file."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == f'"{facts.etag}"'
    since = request.if_range
    return since is not None and facts.mtime // 1_000_000 == since.timestamp()


ROUTES = (web.get("/files/{path:.+}", download),)
