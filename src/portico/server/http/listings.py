"""`GET /files` and `/files/FOLDER/`: what LIST says, in JSON for programs and as a plain page for people.

The page shows one folder; a list has no folders of its own, so they are read off the paths. Files of one
folder stand next to each other in a list, and all of them are skipped by asking for what comes after.

Links on the page are relative and percent-encoded to the last character, so that no name can be another
address; all text is escaped. It needs no script, and is what `wget -r` follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from aiohttp import web

from portico.commands.call import Call
from portico.commands.files import LIST_MOST
from portico.model.errors import NotFound
from portico.model.files import FileFacts
from portico.model.instants import rfc3339
from portico.model.paths import check_path
from portico.model.quantities import size
from portico.model.replies import Listing
from portico.server.http.answers import answer
from portico.server.http.asking import ask, call_of

LISTS = 8
"""Lists that one page is made of at most: a page may show a few folders of many files each. What is left is
on the next page."""

BEHIND = "\U0010ffff" * 64
"""Comes after every name there is: a name has at most 255 bytes, 63 such characters."""

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
"""The page has a style of its own and nothing else."""

WGET = "Wget/"
"""It accepts everything, and finds its way only through pages."""


async def show(request: web.Request) -> web.Response:
    """Answer with the files below a folder; without one in the address, with all."""
    folder = request.match_info.get("folder", "")
    prefix = f"{check_path(folder)}/" if folder else ""
    call = call_of(request)
    answer_with = _page if for_people(request) else _json
    response = await answer_with(request, call, prefix)
    response.headers["Vary"] = "Accept, User-Agent"
    return response


def for_people(request: web.Request) -> bool:
    """Tell whether a page is wanted; wget gets one where it looks for the files of a folder."""
    if "text/html" in request.headers.get("Accept", ""):
        return True
    return request.path.endswith("/") and request.headers.get("User-Agent", "").startswith(WGET)


async def below(
    call: Call, prefix: str, after: str = "", count: int | str = LIST_MOST, *options: str
) -> list[FileFacts]:
    """Return the next files of a folder and everything below it, in order."""
    start = max(prefix, after)
    words = ["LIST", "**", *(["AFTER", start] if start else []), "COUNT", str(count), *options]
    listing: Listing = await ask(call, *words)
    return list(takewhile(lambda file: file.path.startswith(prefix), listing.files))


# JSON


async def _json(request: web.Request, call: Call, prefix: str) -> web.Response:
    query = request.query
    count = query.get("count", str(LIST_MOST))
    options = ["DIGEST"] if query.get("digest") == "1" else []
    pattern = query.get("pattern")
    files: Any
    if pattern is None:
        files = await below(call, prefix, query.get("after", ""), count, *options)
    else:
        after = ["AFTER", query["after"]] if query.get("after") else []
        words = ["LIST", as_pattern(prefix) + (pattern or "**"), *after, "COUNT", count, *options]
        files = (await ask(call, *words)).files
    if prefix and pattern is None and not files and "after" not in query:
        raise no_folder(prefix)
    response = answer(Listing(files, 0))
    if len(files) == int(count):
        following = request.rel_url.update_query(after=files[-1].path)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def as_pattern(text: str) -> str:
    """Return the pattern that means a text itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def no_folder(prefix: str) -> NotFound:
    """Return the error for a folder without files."""
    return NotFound(f"there is no folder {prefix} with files in it; list the files to see what there is")


# The page


@dataclass(slots=True)
class Folder:
    """One folder as a page shows it; `after` is where the next page goes on, None at the end."""

    folders: list[str] = field(default_factory=list)
    files: list[FileFacts] = field(default_factory=list)
    after: str | None = None

    def take(self, found: Iterable[FileFacts], prefix: str) -> str:
        """Take files of the folder and below it; return what was shown last, a folder with `/` behind."""
        last = ""
        for file in found:
            name, slash, _ = file.path[len(prefix) :].partition("/")
            last = prefix + name + slash
            if not slash:
                self.files.append(file)
            elif not self.folders or self.folders[-1] != name:
                self.folders.append(name)
        return last


async def folder_of(call: Call, prefix: str, after: str) -> Folder:
    """Return what is in a folder behind a file, or a folder with `/` behind, that was shown last."""
    folder = Folder()
    for _ in range(LISTS):
        found = await below(call, prefix, after + BEHIND if after.endswith("/") else after)
        last = folder.take(found, prefix)
        if len(found) < LIST_MOST:
            return folder
        after = last
        if len(folder.files) + len(folder.folders) >= LIST_MOST:
            break
    folder.after = after
    return folder


async def _page(request: web.Request, call: Call, prefix: str) -> web.Response:
    after = request.query.get("after", "")
    folder = await folder_of(call, prefix, after)
    if prefix and not (after or folder.folders or folder.files):
        raise no_folder(prefix)
    return web.Response(
        text=page(prefix, folder),
        content_type="text/html",
        headers={"Cache-Control": "no-store", "Content-Security-Policy": PAGE_POLICY},
    )


def page(prefix: str, folder: Folder) -> str:
    """Return the page of a folder."""
    title = escape(prefix or "Files")
    rows = ['<tr><td><a href="../">../</a><td><td>'] if prefix else []
    rows += [f"<tr><td>{_link(f'{name}/')}<td><td>" for name in folder.folders]
    rows += [_row(file, prefix) for file in folder.files]
    empty = "<p>There are no files here yet.</p>" if not rows else ""
    more = f'<p><a href="?after={quote(folder.after, safe="")}">More</a></p>' if folder.after else ""
    return PAGE.format(title=title, rows="\n".join(rows), rest=empty + more + (ARCHIVE if rows else ""))


def _row(file: FileFacts, prefix: str) -> str:
    at = rfc3339(file.mtime)
    shown = f"{at[:10]} {at[11:16]}"
    name = file.path[len(prefix) :]
    return f'<tr><td>{_link(name)}<td>{size(file.size)}<td><time datetime="{at}">{shown}</time>'


def _link(name: str) -> str:
    slash = "/" if name.endswith("/") else ""
    return f'<a href="{quote(name.removesuffix("/"), safe="")}{slash}">{escape(name)}</a>'


ARCHIVE = '<form><button name="archive" value="zip">Get all of it as a zip archive</button></form>'
"""A button, because `wget -r` would follow a link."""

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.4rem; font-weight: 600; overflow-wrap: anywhere }}
table {{ width: 100%; border-collapse: collapse }}
td {{ padding: .35rem .5rem; border-bottom: 1px solid #8883 }}
td:first-child {{ overflow-wrap: anywhere }}
td + td {{ text-align: right; white-space: nowrap; opacity: .7; font-variant-numeric: tabular-nums }}
a {{ text-decoration: none }}
a:hover, a:focus-visible {{ text-decoration: underline }}
</style>
<h1>{title}</h1>
<table>
{rows}
</table>
{rest}
</html>
"""
