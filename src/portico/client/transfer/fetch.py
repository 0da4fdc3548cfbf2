"""Fetch one file: what is asked, where it goes on, when it is verified.

STAT says which content there is (its etag), READs for ranges of it follow, several on their way at once, each
only IF it still is that content; behind them a STAT for the digest. A lost connection begins with STAT again
and goes on where the bytes ended. Another etag means another file: what came of the old one is thrown away.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from portico.client.resp import encode
from portico.client.transfer.answers import facts_of
from portico.client.transfer.channel import DIGEST_SECONDS, Channel
from portico.client.transfer.folders import Folder, check_name
from portico.client.transfer.job import Job
from portico.client.transfer.local import doing
from portico.client.transfer.part import Part, mark_of
from portico.client.transfer.route import Route
from portico.client.transfer.values import FileProgress, FileTeller
from portico.model.errors import Changed, Unavailable, WrongDigest
from portico.model.files import FileFacts
from portico.model.paths import check_path

RANGE_BYTES = 4 * 1_048_576
"""Bytes of one READ: large enough that asking costs nothing, small enough that a stop is soon noticed."""

RANGES_ASKED = 4
"""READs on their way at once: the server has always something to send."""

MOST_CHANGES = 5
"""Times a file is begun anew because it has changed; then it changes too often to be fetched."""

MOST_DIGEST_ASKED = 20
"""Times a digest is asked for that the server is still computing: ten minutes."""


class Out(Protocol):
    """Where the bytes of a file go."""

    offset: int
    resumed: int

    def write(self, piece: memoryview) -> None:
        """Add bytes."""

    def digest(self) -> str:
        """Return the SHA-256 of all, empty when none is computed."""

    def appear(self, mtime: int) -> None:
        """Be complete."""

    def discard(self) -> None:
        """Throw away what is there."""

    def close(self) -> None:
        """Let go of it, and keep it."""


Begin = Callable[[str, str], Out]
"""Says where a content goes, by the server's log and its etag."""


class Stream:
    """A binary file of the user's, perhaps a pipe: written from beginning to end, once."""

    def __init__(self, path: str, file: BinaryIO, *, verify: bool) -> None:
        """Begin."""
        self.offset = self.resumed = 0
        self._path, self._file = path, file
        self._hash = hashlib.sha256() if verify else None

    def write(self, piece: memoryview) -> None:
        """Add bytes."""
        if self._hash is not None:
            self._hash.update(piece)
        while piece:
            count = self._file.write(piece)
            piece = piece[count:]
            self.offset += count

    def digest(self) -> str:
        """Return the SHA-256 of all."""
        return self._hash.hexdigest() if self._hash is not None else ""

    def appear(self, mtime: int) -> None:  # noqa: ARG002 - a pipe has no time
        """Have it arrive."""
        self._file.flush()

    def discard(self) -> None:
        """Take nothing back: what was read is read."""
        if self.offset:
            raise Changed(self._path)

    def close(self) -> None:
        """Leave it open: it is not ours."""


def fetch(
    job: Job,
    route: Route,
    path: str,
    dest: str | os.PathLike[str] | BinaryIO | None,
    *,
    resume: bool,
    verify: bool,
) -> FileFacts:
    """Fetch a file; see `Files.get`."""
    path = check_path(path)
    if dest is not None and not isinstance(dest, str | os.PathLike):
        stream = Stream(path, dest, verify=verify)
        return Fetch(job, path, lambda _log, _etag: stream, verify=verify).run(route)
    target = target_of(path, dest)
    with doing("write", target), contextlib.closing(Folder.top(target.parent)) as folder:
        begin = part_in(folder, target.name, path, resume=resume, verify=verify)
        return Fetch(job, path, begin, verify=verify).run(route)


def part_in(folder: Folder, name: str, path: str, *, resume: bool, verify: bool) -> Begin:
    """Return how a file begins that goes into an open folder."""

    def begin(log: str, etag: str) -> Part:
        return Part(folder, name, mark_of(log, path, etag), resume=resume, verify=verify)

    return begin


def target_of(path: str, dest: str | os.PathLike[str] | None) -> Path:
    """Return the file that a path is written to; make the folder that `dest` names by a slash at its end."""
    name = path.rpartition("/")[2]
    if dest is None:
        return Path(check_name(name))
    target, shown = Path(dest), os.fspath(dest)
    if shown.endswith(("/", os.sep)):
        with doing("make", target):
            target.mkdir(parents=True, exist_ok=True)
    return target / check_name(name) if target.is_dir() else target


class Fetch:
    """One file on its way here, over as many connections as it takes."""

    def __init__(
        self, job: Job, path: str, begin: Begin, *, verify: bool, tell: FileTeller | None = None
    ) -> None:
        """Begin with nothing; `tell` hears of everything, instead of who watches the job now and then."""
        self._tell = tell or (lambda progress: job.report(lambda: progress, last=progress.done))
        self._job, self._path, self._begin, self._verify = job, path, begin, verify
        self._facts: FileFacts | None = None
        self._out: Out | None = None

    def run(self, route: Route) -> FileFacts:
        """Fetch it, anew when it changes meanwhile."""
        try:
            for _ in range(MOST_CHANGES):
                try:
                    return route.persist(self._job, self._attempt)
                except Changed:
                    self._forget()
            raise Changed(self._path)
        finally:
            if self._out is not None:
                self._out.close()

    def _forget(self) -> None:
        if self._out is not None:
            self._out.discard()
        self._out = self._facts = None

    def _attempt(self, channel: Channel) -> FileFacts:
        """Fetch what is missing over one connection."""
        facts = facts_of(channel.call(["STAT", self._path]), self._path)
        if self._facts is not None and self._facts.etag != facts.etag:
            raise Changed(self._path)
        if self._out is None:
            self._out, self._facts = self._begin(channel.log, facts.etag), facts
        out = self._out
        if out.offset > facts.size:
            raise Changed(self._path)
        self._receive(channel, facts, out)
        if self._verify:
            facts = self._verified(channel, facts, out)
        out.appear(facts.mtime)
        self._report(out, facts, done=True)
        return facts

    def _receive(self, channel: Channel, facts: FileFacts, out: Out) -> None:
        """Ask for ranges and take them, several on their way at once; last for the digest."""
        starts = range(out.offset, facts.size, RANGE_BYTES)
        asks: Iterator[bytes] = (self._ask(facts, at) for at in starts)
        if self._verify:
            asks = itertools.chain(asks, [encode(["STAT", self._path, "DIGEST"])])
        channel.say(b"".join(itertools.islice(asks, RANGES_ASKED)))
        for at in starts:
            length = channel.inbox.bulk()
            if length != min(RANGE_BYTES, facts.size - at):
                raise Changed(self._path)
            channel.say(next(asks, b""))
            for piece in channel.inbox.pieces(length):
                out.write(piece)
                self._job.moved += len(piece)
                self._report(out, facts)

    def _ask(self, facts: FileFacts, at: int) -> bytes:
        count = min(RANGE_BYTES, facts.size - at)
        return encode(["READ", self._path, at, count, "IF", facts.etag])

    def _verified(self, channel: Channel, facts: FileFacts, out: Out) -> FileFacts:
        """Compare what is here with the server's digest."""
        channel.wait_for(DIGEST_SECONDS)
        known = facts_of(channel.inbox.value(), self._path)
        asked = 1
        while known.sha256 is None and known.etag == facts.etag:
            if asked == MOST_DIGEST_ASKED:
                raise Unavailable(f"the server has no digest of {self._path} yet; try again later")
            asked += 1
            known = facts_of(channel.call(["STAT", self._path, "DIGEST"]), self._path)
        if known.etag != facts.etag:
            raise Changed(self._path)
        if out.digest() != known.sha256:
            out.discard()
            self._out = None
            raise WrongDigest(f"{self._path} did not arrive as the server has it; what came was thrown away")
        return known

    def _report(self, out: Out, facts: FileFacts, *, done: bool = False) -> None:
        self._tell(FileProgress(self._path, out.offset, facts.size, out.resumed, done))
