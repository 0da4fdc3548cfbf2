"""The shared repository: looking at it, fetching from it, and changing it.

What changes files goes three steps: the connection's desk does it and makes it durable, the room tells of it
in the log, and the answer leaves. A crash in between loses nothing: the desk has noted down what it did until
the log has it too (`settled`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from portico.commands.arguments import (
    DATA,
    FILE_SIZE,
    INSTANT,
    OFFSET,
    PATH,
    PATTERN,
    SHA256,
    WORD,
    number,
)
from portico.commands.call import Call
from portico.commands.declare import command, option, optional, required
from portico.model.errors import TooBig
from portico.model.files import CHUNK_BYTES, FileChange, FileFacts, Order, Progress
from portico.model.later import Later
from portico.model.policy import ADD, CHANGE
from portico.model.replies import OK, FileCard, Listing, receipt_map, transfer_map
from portico.model.requests import Body

LIST_MOST = 1_000
"""Files in one answer of LIST; AFTER asks for the next ones."""

RANGE_BYTES = 16 * 1_048_576
"""Bytes in one answer of READ: enough that asking costs nothing beside the bytes themselves."""


@command(
    "LIST",
    optional("pattern", PATTERN),
    option("AFTER", path=WORD),
    option("COUNT", n=number("COUNT", 1, LIST_MOST)),
    option("DIGEST"),
    summary="List the files of the repository, or those that match a pattern like notes/*.txt",
    reply="array of maps: path, size, mtime, etag, perhaps by, and sha256 with DIGEST where it is known",
    group="files",
    settles=True,
)
async def list_files(
    call: Call,
    pattern: str | None,
    after: str | None,
    count: int | None,
    digest: bool,  # noqa: FBT001 - bound by declaration
) -> Listing:
    """List files in code point order of their paths; at most a thousand at a time."""
    repository = call.service.repository
    files = await repository.list(pattern, after, count or LIST_MOST)
    if not digest:
        files = [without_digest(file) for file in files]
    if after is not None or count is not None or len(files) < LIST_MOST:
        return Listing(files, 0)
    return Listing(files, max(0, await repository.count(pattern) - len(files)))


def without_digest(file: FileFacts) -> FileFacts:
    """Return the facts of a file as a plain list shows them: digests would make it twice as long."""
    if file.sha256 is None:
        return file
    return FileFacts(file.path, file.size, file.mtime, file.etag, None, file.by)


@command(
    "STAT",
    required("path", PATH, rest=True),
    option("DIGEST"),
    summary="Show the facts of one file; with DIGEST its SHA-256 is computed if need be, and waited for",
    reply="map: path, size, mtime, etag, perhaps by (who put it), and sha256 once it is known",
    group="files",
)
def stat(call: Call, path: str, digest: bool | None) -> Later:  # noqa: FBT001 - bound by declaration
    """Show one file; who fetches thousands asks for their digests, and most are known by then."""

    def show(facts: FileFacts) -> Any:  # noqa: ANN401 - a reply, now or later
        if digest and facts.sha256 is None:
            return call.peer.run(_with_digest(call, path))
        return FileCard(facts)

    return call.desk.stat(path).chain(show)


async def _with_digest(call: Call, path: str) -> FileCard:
    return FileCard(await call.service.repository.stat(path))


@command(
    "READ",
    required("path", PATH),
    required("offset", OFFSET),
    required("count", number("the count", 0, RANGE_BYTES)),
    option("IF", etag=WORD),
    summary="Read bytes of a file; IF it still is the one with this etag",
    reply="bulk string: at most so many bytes, none at the end of the file",
    group="files",
)
def read(call: Call, path: str, offset: int, count: int, etag: str | None) -> Later:
    """Hand out a range of a file."""
    if not call.protocol and count > CHUNK_BYTES:
        raise TooBig(
            f"here at most {CHUNK_BYTES:,} bytes are read at a time; fetch it with portico get, or GET /files"
        )

    answer = range_of(call, path, offset, count, etag or "")
    answer.weight = min(count, CHUNK_BYTES)
    return answer


def range_of(call: Call, path: str, offset: int, count: int, etag: str) -> Later:
    """Return a range of a file, a `Chunk` or a `Source`, as something that a caller is being given."""

    def hand_out(piece: Any) -> Any:  # noqa: ANN401 - a Chunk or a Source
        call.service.transfers.read(call, piece)
        return piece

    return call.desk.read(path, offset, count, etag).chain(hand_out)


@command(
    "PUT",
    required("path", PATH),
    required("size", FILE_SIZE),
    option("SHA256", hex=SHA256),
    option("UPLOAD", id=WORD),
    option("REPLACE"),
    option("MTIME", time=INSTANT),
    summary="Begin to deposit a file of a size (? when it is not known), or go on with it",
    reply="map: upload (its id) and offset (where the next byte belongs)",
    group="files",
    needs=ADD,
)
def put(  # noqa: PLR0913, PLR0917 - one for each argument of the command
    call: Call,
    path: str,
    size: int,
    sha256: str | None,
    upload: str | None,
    replace: bool,  # noqa: FBT001 - bound by declaration
    mtime: int | None,
) -> Later:
    """Begin an upload, or continue it."""
    if replace:
        call.policy.check(CHANGE)
    known = None if size < 0 else size
    order = Order(path, known, sha256 or "", upload or "", replace, mtime)

    def begun(progress: Progress) -> dict[str, Any]:
        call.service.transfers.put(call, order, progress)
        return {"upload": progress.upload, "offset": progress.offset}

    return call.desk.put(order, call.policy.max_upload).chain(begun)


@command(
    "WRITE",
    required("upload", WORD),
    required("offset", OFFSET),
    required("bytes", DATA, rest=True),
    summary="Add bytes to an upload at the offset where it stands",
    reply="integer: the new offset",
    group="files",
    needs=ADD,
)
def write(call: Call, upload: str, offset: int, data: bytes | Body) -> Later:
    """Take bytes, at once or as they come."""

    def wrote(reached: int) -> int:
        call.service.transfers.wrote(upload, reached)
        return reached

    if isinstance(data, Body):
        sink = call.desk.receive(upload, offset, data.size)
        call.service.transfers.writing(upload, offset, data)
        return call.peer.receive(data, sink).chain(wrote)
    return call.desk.write(upload, offset, data).chain(wrote)


@command(
    "FINISH",
    required("upload", WORD),
    summary="End an upload: verified and durable, the file appears whole",
    reply="map: path, size, mtime, etag, by, sha256",
    group="files",
    joins=True,
    needs=ADD,
)
def finish(call: Call, upload: str) -> Later:
    """Let a deposit become a file, and tell of it."""

    def finished(change: FileChange) -> Later:
        call.service.transfers.ended(upload)
        return _tell(call, change)

    return call.desk.finish(upload, call.author()).chain(finished)


@command(
    "CANCEL",
    required("upload", WORD),
    summary="Give up an upload; what came of it is thrown away",
    reply="OK",
    group="files",
    needs=ADD,
)
def cancel(call: Call, upload: str) -> Later:
    """Forget an upload."""

    def cancelled(_: None) -> Any:  # noqa: ANN401 - OK
        call.service.transfers.ended(upload)
        return OK

    return call.desk.cancel(upload).chain(cancelled)


@command(
    "REMOVE",
    required("path", PATH, rest=True),
    summary="Remove a file",
    reply="OK",
    group="files",
    joins=True,
    needs=CHANGE,
)
def remove(call: Call, path: str) -> Later:
    """Remove a file, and tell of it."""
    return call.desk.remove(path, call.author()).chain(partial(_tell, call))


@command(
    "MOVE",
    required("from", PATH),
    required("to", PATH),
    option("REPLACE"),
    summary="Give a file another path",
    reply="OK",
    group="files",
    joins=True,
    needs=CHANGE,
)
def move(call: Call, origin: str, path: str, replace: bool) -> Later:  # noqa: FBT001 - bound by declaration
    """Move a file, and tell of it."""
    moved = call.desk.move(origin, path, call.author(), replace=replace)
    return moved.chain(partial(_tell, call))


def _tell(call: Call, change: FileChange) -> Later:
    """Log what has happened; then answer, and let the store forget its note of it."""

    def told(outcome: Any) -> Any:  # noqa: ANN401 - an outcome in, a reply out
        if outcome.error is not None:
            return outcome.error
        call.service.repository.settled(change.key)
        call.service.audit.note(
            "file",
            change=change.change,
            path=change.path,
            origin=change.origin,
            size=change.size,
            sha256=change.sha256,
            by=change.author.name,
            address=call.address,
            token=call.grant.token if call.grant is not None else "",
        )
        return FileCard(change.facts) if change.facts is not None and change.change != "moved" else OK

    return call.room.file(call.service.clock.now(), change).map(told)


@command(
    "TRANSFERS",
    summary="Show which files are being fetched and deposited",
    reply="array of maps: direction (get or put), path, size, offset, rate (bytes/s), name, address, upload",
    group="files",
)
def transfers(call: Call) -> list[dict[str, Any]]:
    """Show what is under way."""
    return [transfer_map(line) for line in call.service.transfers.lines(call)]


@command(
    "RECEIPTS",
    required("path", PATH, rest=True),
    summary="Show who fetched a file, and when",
    reply="array of maps: name, address, at, etag; oldest first",
    group="files",
    settles=True,
)
async def receipts(call: Call, path: str) -> list[dict[str, Any]]:
    """Show who fetched a file."""
    return [receipt_map(receipt) for receipt in await call.service.repository.receipts(path)]


COMMANDS = (list_files, stat, read, put, write, finish, cancel, remove, move, transfers, receipts)
