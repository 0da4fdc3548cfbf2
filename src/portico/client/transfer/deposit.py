"""Deposit one file: PUT says what comes, WRITEs bring it range by range, FINISH makes it a file.

The id of the upload is chosen here, so whatever breaks, the same upload is gone on with: PUT answers where
it stands. A file goes straight from the page cache into the socket; its digest follows behind in another
thread, and is compared with what the server found. What comes from a pipe is kept until it was
acknowledged.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from portico.client.limits import SILENCE_SECONDS
from portico.client.transfer.answers import facts_of
from portico.client.transfer.channel import Channel
from portico.client.transfer.job import Job
from portico.client.transfer.local import doing
from portico.client.transfer.route import Route
from portico.client.transfer.source import FileSource, PipeSource, Source
from portico.client.transfer.uploads import Uploads, new_id
from portico.client.transfer.values import FileProgress, FileTeller
from portico.model.errors import (
    Busy,
    Exists,
    NoSpace,
    NotFound,
    PorticoError,
    ProtocolError,
    Unavailable,
    WrongDigest,
    WrongOffset,
)
from portico.model.files import FileFacts
from portico.model.instants import rfc3339
from portico.model.paths import check_path

PASSING = (Unavailable, Busy, WrongOffset)
"""What may be over by the next attempt: an upload may still belong to a connection that broke, and the last
bytes of that may still be coming in."""

WRITES_OWED = 4
"""WRITEs without an answer: the server is never idle, and a refusal is soon noticed."""

SLOWEST_DISK = 20_000_000
"""Bytes a second of a disk under the repository: how long FINISH may take beyond the usual."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a deposit may be besides new: in the place of another file, or an upload that goes on."""

    replace: bool
    upload: str = ""


def deposit(
    job: Job, route: Route, source: str | os.PathLike[str] | BinaryIO, path: str | None, aim: Aim
) -> FileFacts:
    """Deposit a file, or what comes from a pipe; see `Files.put`."""
    if isinstance(source, str | os.PathLike) and source != "-":
        return deposit_file(job, route, Path(source), path_of(Path(source), path), aim)
    pipe = PipeSource(sys.stdin.buffer if isinstance(source, str | os.PathLike) else source)
    return Deposit(job, pipe, path_of(None, path), aim).run(route)


def deposit_file(
    job: Job, route: Route, source: Path, path: str, aim: Aim, *, tell: FileTeller | None = None
) -> FileFacts:
    """Deposit what a name stands for, which may be a pipe as well."""
    with doing("read", source):
        file = io.FileIO(source)
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return Deposit(job, PipeSource(file), path, aim, tell=tell).run(route)
        with FileSource(file, source) as whole:
            identity = "" if aim.upload else whole.identity
            return Deposit(job, whole, path, aim, identity=identity, tell=tell).run(route)


def path_of(source: Path | None, path: str | None) -> str:
    """Return where a source goes; raise `PorticoError` when that has to be said."""
    if path and not path.endswith("/"):
        return check_path(path)
    if source is None:
        raise PorticoError("what comes from a pipe needs a path in the repository")
    return check_path((path or "") + source.name)


class Deposit:
    """One upload on its way, over as many connections as it takes."""

    def __init__(
        self,
        job: Job,
        source: Source,
        path: str,
        aim: Aim,
        *,
        identity: str = "",
        tell: FileTeller | None = None,
    ) -> None:
        """Begin; `identity` is what a later run will know the source by, empty when it cannot be had again.

        `tell` hears of everything, instead of who watches the job now and then.
        """
        self._tell = tell or (lambda progress: job.report(lambda: progress, last=progress.done))
        self._job, self._source, self._path, self._replace = job, source, path, aim.replace
        self._identity = identity
        self._uploads = Uploads()
        self._upload, self._what = aim.upload, ""
        self._resumed: int | None = None
        self._sent: int | None = None

    def run(self, route: Route) -> FileFacts:
        """Deposit it."""
        try:
            facts = route.persist(self._job, self._attempt, PASSING)
        except (Unavailable, NoSpace, Busy):
            raise  # a later run may go on with it
        except PorticoError:
            self._forget()
            raise
        self._forget()
        if facts.sha256 != self._source.digest():
            raise WrongDigest(f"the server has other bytes of {self._path} than were sent; put it again")
        self._report(facts.size, done=True)
        return facts

    def _attempt(self, channel: Channel) -> FileFacts:
        """Bring what is missing over one connection, and have the upload become a file."""
        if self._sent is not None:
            # An earlier connection broke behind FINISH: it may be a file, or a power cut took its last bytes.
            with contextlib.suppress(NotFound, WrongOffset):
                return self._finish(channel, self._sent)
        self._sent = self._send(channel)
        return self._finish(channel, self._sent)

    def _send(self, channel: Channel) -> int:
        """Send what the server does not have; return how many bytes it has then."""
        upload, at = self._begin(channel)
        if at and at != self._source.size:
            # It may be another connection's still: hear of it before sixteen megabytes are on their way.
            channel.call(["WRITE", upload, at, b""])
        self._source.taken(at)
        owed = 0
        while count := self._source.send(channel, upload, at, self._report):
            at += count
            owed += 1
            if owed > WRITES_OWED:
                self._hear(channel)
                owed -= 1
        for _ in range(owed):
            self._hear(channel)
        try:
            self._source.check()
        except PorticoError:
            self._cancel(channel)
            raise
        return at

    def _begin(self, channel: Channel) -> tuple[str, int]:
        """Say PUT; return the upload and where it stands."""
        if not self._upload:
            self._what = f"{channel.log} {self._replace:d} {self._path}\n{self._identity}"
            self._upload = (self._identity and self._uploads.recall(self._what)) or new_id()
        source = self._source
        words = ["PUT", self._path, "?" if source.size is None else source.size, "UPLOAD", self._upload]
        words += ["REPLACE"] if self._replace else []
        words += ["MTIME", rfc3339(source.mtime)] if source.mtime is not None else []
        answer = channel.call(words)
        try:
            upload, offset = str(answer["upload"]), int(answer["offset"])
        except (TypeError, LookupError, ValueError):
            raise ProtocolError("protocol: the server's answer to PUT makes no sense") from None
        if self._identity and (self._resumed is None or upload != self._upload):
            self._uploads.remember(self._what, upload)
        self._upload = upload
        if self._resumed is None:
            self._resumed = offset
        return upload, offset

    def _hear(self, channel: Channel) -> None:
        """Take the answer to one WRITE."""
        offset = channel.inbox.value()
        if type(offset) is not int:
            raise ProtocolError("protocol: the server's answer to WRITE makes no sense")
        self._source.taken(offset)
        self._job.moved += 1

    def _cancel(self, channel: Channel) -> None:
        with contextlib.suppress(PorticoError):
            channel.call(["CANCEL", self._upload])

    def _finish(self, channel: Channel, size: int) -> FileFacts:
        """Have the upload become a file; asked again, the server answers the same."""
        channel.wait_for(SILENCE_SECONDS + size / SLOWEST_DISK)
        try:
            return facts_of(channel.call(["FINISH", self._upload]), self._path)
        except Exists:
            self._cancel(channel)
            raise

    def _forget(self) -> None:
        if self._identity:
            self._uploads.forget(self._what)

    def _report(self, offset: int, *, done: bool = False) -> None:
        size = offset if done else self._source.size
        self._tell(FileProgress(self._path, offset, size, self._resumed or 0, done))
