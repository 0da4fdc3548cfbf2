"""`?archive=zip` on a folder: all files below it in one archive, made while it is being sent.

Files are opened through the desk, one long one at a time and a few short ones ahead, and only if they still
are those that were listed. So the length is known beforehand; what is not there any more, or has changed,
cuts the connection. There is one block in memory, and the next is made when this one has left.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zlib import crc32

from aiohttp import web

from portico.commands import files
from portico.commands.call import Call
from portico.commands.files import LIST_MOST
from portico.model.errors import Changed, PorticoError, TooBig, Unavailable
from portico.model.files import CHUNK_BYTES, Chunk, FileFacts
from portico.model.later import Later
from portico.model.paths import check_path
from portico.ports import Source
from portico.server.http import downloads, listings
from portico.server.http.asking import call_of, settled
from portico.server.http.conversation import conversation_of
from portico.server.sending import Outgoing
from portico.wire.zips import Member, Zip, length_of

if TYPE_CHECKING:
    from portico.server.connection import Connection

MOST_FILES = 50_000
"""Files in one archive: what is noted of each until the end takes some hundred bytes."""

MOST_AT_ONCE = 4
"""Archives under way on one server: their bytes go through Python, and take half a core each."""

BLOCK_BYTES = 262_144
"""Bytes made at once: enough that a thread's wake-up does not count."""

AHEAD = 16
"""Short files asked for at once, so that a desk reads them together."""

UNDER_WAY: web.AppKey[set[object]] = web.AppKey("archives", set)
"""The archives that are being sent."""


async def send(request: web.Request, folder: str) -> web.StreamResponse:
    """Answer with an archive of a folder; of everything where it is empty."""
    call = call_of(request)
    prefix = f"{check_path(folder.removesuffix('/'))}/" if folder else ""
    with _place(request):
        packing = Packing(conversation_of(request).connection, prefix, await members_of(call, prefix))
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Disposition": downloads.disposition(f"{prefix[:-1] or 'files'}.zip", inline=False),
                "Cache-Control": "no-store",
            }
        )
        response.content_length = await asyncio.to_thread(packing.length)
        await response.prepare(request)
        if request.method == "GET":
            await _send(request, response, packing)
    return response


@contextmanager
def _place(request: web.Request) -> Iterator[None]:
    under_way, mine = request.app[UNDER_WAY], object()
    if len(under_way) >= MOST_AT_ONCE:
        raise Unavailable("too many archives are being made at present; try again later")
    under_way.add(mine)
    try:
        yield
    finally:
        under_way.discard(mine)


async def members_of(call: Call, prefix: str) -> list[FileFacts]:
    """Return all files below a folder; raise `NotFound`, or `TooBig` where they are too many."""
    members: list[FileFacts] = []
    while found := await listings.below(call, prefix, members[-1].path if members else ""):
        members += found
        if len(members) > MOST_FILES:
            raise TooBig(f"an archive has at most {MOST_FILES:,} files; fetch the folders one by one")
        if len(found) < LIST_MOST:
            break
    if prefix and not members:
        raise listings.no_folder(prefix)
    return members


async def _send(request: web.Request, response: web.StreamResponse, packing: Packing) -> None:
    try:
        while block := await packing.block():
            await response.write(block)
        await response.write_eof()
    except (PorticoError, OSError):
        downloads.cut(request, response)
    finally:
        packing.close()


class Packing:
    """An archive being made, block by block."""

    def __init__(self, connection: Connection, prefix: str, members: list[FileFacts]) -> None:
        """Begin; names in the archive begin with the last part of the folder's."""
        self._call: Call = connection.call
        self._transfers = connection.server.transfers
        self._above = len(prefix[:-1].rpartition("/")[0]) + 1 if "/" in prefix[:-1] else 0
        self._members = deque(members)
        self._asked: deque[tuple[FileFacts, Later]] = deque()
        self._zip = Zip()
        self._made: list[bytes] = []
        self._size = 0
        self._packed: list[Chunk | Source] = []
        self._reading: Reading | None = None
        self._ended = False

    def length(self) -> int:
        """Return how many bytes it will have."""
        return length_of(map(self._member, self._members))

    def _member(self, file: FileFacts) -> Member:
        return Member(file.path[self._above :], file.size, file.mtime)

    async def block(self) -> bytes:
        """Return the next bytes, when those before have left; none at the end.

        Raise `PorticoError`, or `OSError`, when they are not what was announced.
        """
        for piece in self._packed:
            self._transfers.sent(self._call, piece)
        self._packed.clear()
        while self._size < BLOCK_BYTES and not self._ended:
            await self._go_on()
        block = b"".join(self._made)
        self._made, self._size = [], 0
        return block

    async def _go_on(self) -> None:
        if self._reading is not None:
            self._add(await self._reading.next())
            if not self._reading.left:
                await self._conclude(self._reading)
        elif self._asked or self._members:
            await self._begin()
        else:
            self._add(self._zip.end())
            self._ended = True

    async def _begin(self) -> None:
        """Open the next file; a short one is all there at once."""
        self._ask_ahead()
        file, later = self._asked.popleft()
        piece = await settled(later)
        self._add(self._zip.head(self._member(file)))
        if isinstance(piece, Chunk):
            self._add(piece.data)
            self._finish(crc32(piece.data), piece)
        else:
            self._reading = Reading(piece)
            self._transfers.sending(self._call, self._reading.range)

    async def _conclude(self, reading: Reading) -> None:
        """End a long file, if it still is what it was: asking for none of its bytes tells."""
        source = reading.source
        await settled(self._call.desk.read(source.path, source.size, 0, source.etag))
        self._finish(reading.checksum, source)
        self._reading = None

    def _ask_ahead(self) -> None:
        """Ask for some short files, or for one long one."""
        while self._members and len(self._asked) < AHEAD:
            file = self._members[0]
            if file.size > CHUNK_BYTES and self._asked:
                return
            self._members.popleft()
            self._asked.append((file, files.range_of(self._call, file.path, 0, file.size, file.etag)))
            if file.size > CHUNK_BYTES:
                return

    def _finish(self, checksum: int, piece: Chunk | Source) -> None:
        self._add(self._zip.tail(checksum))
        self._packed.append(piece)

    def _add(self, data: bytes) -> None:
        self._made.append(data)
        self._size += len(data)

    def close(self) -> None:
        """Let go of what is open, or will be."""
        if self._reading is not None:
            self._reading.close()
        for _, later in self._asked:
            later.then(_let_go)


class Reading:
    """A long file being read, block by block, in threads."""

    def __init__(self, source: Source) -> None:
        """Begin at its beginning."""
        self.source, self.range = source, Outgoing(source)
        self.checksum = 0
        self._step: asyncio.Future[bytes] | None = None

    @property
    def left(self) -> int:
        """How many bytes there are still to read."""
        return self.source.count - self.range.sent

    async def next(self) -> bytes:
        """Return the next bytes; raise `Changed` when somebody has shortened the file."""
        self._step = asyncio.get_running_loop().run_in_executor(None, self._read)
        return await asyncio.shield(self._step)

    def _read(self) -> bytes:
        source, at = self.source, self.range.sent
        data = os.pread(source.fd, min(BLOCK_BYTES, self.left), source.offset + at)
        if not data:
            raise Changed(source.path)
        self.checksum = crc32(data, self.checksum)
        self.range.sent += len(data)
        if self.left == 0:
            source.close()
        return data

    def close(self) -> None:
        """Let go of the file, once no thread is reading it."""
        if self._step is not None and not self._step.done():
            self._step.add_done_callback(self._done)
        else:
            self.source.close()

    def _done(self, step: asyncio.Future[bytes]) -> None:
        step.exception()  # nobody else asks for it
        self.source.close()


def _let_go(later: Later) -> None:
    piece: Any = later.value
    if hasattr(piece, "fd"):
        piece.close()
