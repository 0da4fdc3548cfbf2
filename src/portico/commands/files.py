"""The shared repository, as far as it can be looked at."""

from __future__ import annotations

from portico.commands.arguments import PATH, PATTERN, WORD, number
from portico.commands.call import Call
from portico.commands.declare import command, option, optional, required
from portico.model.replies import FileCard, Listing

LIST_MOST = 1_000
"""Files in one answer of LIST; AFTER asks for the next ones."""


@command(
    "LIST",
    optional("pattern", PATTERN),
    option("AFTER", path=WORD),
    option("COUNT", n=number("COUNT", 1, LIST_MOST)),
    summary="List the files of the repository, or those that match a pattern like notes/*.txt",
    reply="array of maps: path, size, mtime, etag; in code point order of the paths",
    group="files",
    settles=True,
)
async def list_files(call: Call, pattern: str | None, after: str | None, count: int | None) -> Listing:
    """List files; at most a thousand at a time."""
    repository = call.service.repository
    files = await repository.list(pattern, after, count or LIST_MOST)
    if after is not None or count is not None or len(files) < LIST_MOST:
        return Listing(files, 0)
    return Listing(files, max(0, await repository.count(pattern) - len(files)))


@command(
    "STAT",
    required("path", PATH, rest=True),
    summary="Show the facts of one file",
    reply="map: path, size, mtime, etag, and sha256 once it is known",
    group="files",
    settles=True,
)
async def stat(call: Call, path: str) -> FileCard:
    """Show one file."""
    return FileCard(await call.service.repository.stat(path))


COMMANDS = (list_files, stat)
