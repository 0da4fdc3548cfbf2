"""One small file of many: what is asked for it, what comes, and how it is written.

It is a READ for all of it, and a STAT for its digest where that was not listed. The bytes are held until they
are verified, then written under a name of their own and renamed: nobody goes on with a small file, so that
name has random digits, and two runs never write to the same one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass

from portico.client.transfer.answers import facts_of
from portico.client.transfer.channel import BROKEN
from portico.client.transfer.folders import Folder
from portico.client.transfer.inbox import Inbox
from portico.client.transfer.part import part_name
from portico.model.errors import Changed, PorticoError, WrongDigest, error_of
from portico.model.files import CHUNK_BYTES, FileFacts
from portico.model.instants import rfc3339

_READ = b"*6\r\n$4\r\nREAD\r\n$%d\r\n%b\r\n$1\r\n0\r\n$%d\r\n%b\r\n$2\r\nIF\r\n$%d\r\n%b\r\n"
_STAT = b"*2\r\n$4\r\nSTAT\r\n$%d\r\n%b\r\n"
_STAT_DIGEST = b"*3\r\n$4\r\nSTAT\r\n$%d\r\n%b\r\n$6\r\nDIGEST\r\n"
_KNOWN = (
    b"%%%d\r\n$4\r\npath\r\n$%d\r\n%b\r\n$4\r\nsize\r\n:%d\r\n$5\r\nmtime\r\n$27\r\n%b\r\n"
    b"$4\r\netag\r\n$%d\r\n%b\r\n$6\r\nsha256\r\n$64\r\n%b\r\n"
)

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL

UTIME_FD = os.utime in os.supports_fd


@dataclass(slots=True)
class Wanted:
    """A listed file, and the parts of its path below the folder here."""

    facts: FileFacts
    folder: list[str]
    name: str


def ask(facts: FileFacts, *, verify: bool) -> bytes:
    """Return the requests for a file: also for its digest, unless it is known.

    The server knows that of what it has just handed out in one piece; of more it is to be waited for.
    """
    path, size, etag = facts.path.encode(), b"%d" % facts.size, facts.etag.encode()
    read = _READ % (len(path), path, len(size), size, len(etag), etag)
    if not verify or facts.sha256 is not None:
        return read
    return read + (_STAT if facts.size <= CHUNK_BYTES else _STAT_DIGEST) % (len(path), path)


def take(inbox: Inbox, facts: FileFacts, *, verify: bool) -> bytes | bytearray:
    """Return the bytes of a file, verified, off the answers to what was asked.

    Raise `Changed` when it is not what was listed any more, or its digest is not known; `WrongDigest`; or the
    server's refusal. All answers are taken then, unless the connection is broken.
    """
    refusal: PorticoError | None = None
    data: bytes | bytearray = b""
    try:
        data = inbox.whole(inbox.bulk())
    except BROKEN:
        raise
    except PorticoError as error:
        refusal = error
    if refusal is None and len(data) != facts.size:
        refusal = Changed(facts.path)
    if verify and refusal is None:
        _compare(inbox, facts, hashlib.sha256(data).hexdigest())
    elif verify and facts.sha256 is None:
        _let_pass(inbox)
    if refusal is not None:
        raise refusal
    return data


def _compare(inbox: Inbox, facts: FileFacts, sha256: str) -> None:
    """Compare with the digest that was listed, or is answered: then nearly always just as expected."""
    known = facts
    if known.sha256 is None:
        if inbox.skip(expected(facts, sha256)):
            return
        known = facts_of(inbox.value(), facts.path)
    if known.etag != facts.etag or known.sha256 is None:
        raise Changed(facts.path)
    if known.sha256 != sha256:
        raise error_of(WrongDigest.code, f"{facts.path} did not arrive as the server has it")


def expected(facts: FileFacts, sha256: str) -> bytes:
    """Return the answer to STAT, byte for byte, of a file that has this digest."""
    path, etag = facts.path.encode(), facts.etag.encode()
    mtime, digest = rfc3339(facts.mtime).encode(), sha256.encode()
    by = facts.by.encode()
    known = _KNOWN % (6 if by else 5, len(path), path, facts.size, mtime, len(etag), etag, digest)
    return known + b"$2\r\nby\r\n$%d\r\n%b\r\n" % (len(by), by) if by else known


def _let_pass(inbox: Inbox) -> None:
    try:
        inbox.value()
    except BROKEN:
        raise
    except PorticoError:
        return


def write_whole(folder: Folder, name: str, mark: str, data: bytes | bytearray, mtime: int) -> None:
    """Have a file appear, whole; raise `OSError`, and nothing is left of it then."""
    temporary = part_name(name, mark)
    fd = folder.open(temporary, FLAGS)
    try:
        try:
            written = os.write(fd, data)
            while written < len(data):
                written += os.write(fd, memoryview(data)[written:])
            times = mtime * 1_000, mtime * 1_000
            os.utime(fd if UTIME_FD else folder.at(temporary), ns=times)
        finally:
            os.close(fd)
        folder.rename(temporary, name)
    except BaseException:
        with contextlib.suppress(OSError):
            folder.unlink(temporary)
        raise
