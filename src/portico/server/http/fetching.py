"""`GET` below `/files`: whether a file is wanted, a list of files, or a folder as an archive."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from portico.model.errors import NotFound, PorticoError
from portico.server.http import archives, downloads, listings
from portico.server.http.asking import call_of


async def folder(request: web.Request) -> web.StreamResponse:
    """`GET /files`, `/files/` and `/files/FOLDER/`."""
    if archive_wanted(request):
        return await archives.send(request, request.match_info.get("folder", ""))
    return await listings.show(request)


async def file(request: web.Request) -> web.StreamResponse:
    """`GET /files/PATH`; a folder is sent on to its own address, as links on its page are relative."""
    path = request.match_info["path"]
    if archive_wanted(request):
        return await archives.send(request, path)
    try:
        return await downloads.download(request)
    except NotFound:
        if not await listings.below(call_of(request), f"{path}/", count=1):
            raise
    query = request.rel_url.raw_query_string
    place = f"{request.rel_url.raw_path}/" + (f"?{query}" if query else "")
    return web.Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": place})


def archive_wanted(request: web.Request) -> bool:
    """Tell whether a request is for an archive; raise `PorticoError` for a kind that is not made."""
    kind = request.query.get("archive")
    if kind not in (None, "zip"):
        raise PorticoError("archives are made as zip; ask for ?archive=zip")
    return kind is not None


ROUTES = (
    web.get("/files", folder),
    web.get("/files/", folder),
    web.get("/files/{folder:.+}/", folder),
    web.get("/files/{path:.+}", file),
)
