"""`GET /`: the page, its modules, and the address as a code to scan.

All of it is read once, when the server starts. A browser asks each time whether it still has the same, so
that a server's new version is never mixed with an old page, and is told so in a few bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files

import segno
from aiohttp import web

from portico.model.policy import NAMES
from portico.server.http.conversation import conversation_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
    " worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load and do: only what this server sends, nothing that stands in the document."""

TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}

PAGE = "index.html"

WORKERS = frozenset({"digest.js", "sha256.js"})
"""Modules the page itself does not need: the first upload asks for them."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, as it leaves."""

    body: bytes
    packed: bytes
    kind: str
    tag: str


def asset(name: str, body: bytes) -> Asset:
    """Return a file of the page, ready to leave."""
    tag = hashlib.sha256(body).hexdigest()[:16]
    return Asset(body, gzip.compress(body, mtime=0), TYPES[_ending(name)], tag)


@cache
def assets() -> dict[str, Asset]:
    """Return the files of the page by name; the document asks for all modules at once."""
    folder = files("portico").joinpath("web")
    bodies = {each.name: each.read_bytes() for each in folder.iterdir() if _ending(each.name) in TYPES}
    modules = [
        f'<link rel="modulepreload" href="/web/{name}">' for name in sorted(bodies) if _is_module(name)
    ]
    bodies[PAGE] = bodies[PAGE].replace(b"MODULES", "\n".join(modules).encode())
    return {name: asset(name, body) for name, body in bodies.items()}


def _is_module(name: str) -> bool:
    return _ending(name) == "js" and name not in WORKERS


def _ending(name: str) -> str:
    return name.rpartition(".")[2]


@cache
def document(level: int, *, locked: bool) -> Asset:
    """Return the page where files may be changed so far, and no further; `locked`, it asks for a token."""
    body = assets()[PAGE].body.replace(b"FILES", NAMES[level].encode())
    return asset(PAGE, body.replace(b"LOCKED", b"yes" if locked else b"no"))


async def page(request: web.Request) -> web.Response:
    """Answer with the page."""
    server = conversation_of(request).connection.server
    return served(request, document(server.policy.files, locked=server.gate.locked))


async def part(request: web.Request) -> web.Response:
    """Answer with one of its modules, styles or pictures."""
    name = request.match_info["name"]
    if name == PAGE or name not in assets():
        raise web.HTTPNotFound
    return served(request, assets()[name])


async def code(request: web.Request) -> web.Response:
    """Answer with the address the browser calls us by, as a QR code."""
    image = io.BytesIO()
    made = segno.make(f"{request.scheme}://{request.host}/", micro=False)
    made.save(image, kind="svg", scale=8, border=2, xmldecl=False)
    return served(request, asset("qr.svg", image.getvalue()))


def served(request: web.Request, what: Asset) -> web.Response:
    """Return an asset; only that it is the same, to who has it already."""
    headers = {
        "Content-Security-Policy": POLICY,
        "ETag": f'"{what.tag}"',
        "Cache-Control": "no-cache",
        "Content-Type": what.kind,
        "Vary": "Accept-Encoding",
    }
    if what.tag in [each.value for each in request.if_none_match or ()]:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=what.packed, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=what.body, headers=headers)


ROUTES = (web.get("/", page), web.get("/web/{name}", part), web.get("/qr.svg", code))
