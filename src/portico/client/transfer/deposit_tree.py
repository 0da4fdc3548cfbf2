"""Deposit many files: a small one is PUT, WRITE and FINISH in one breath, hundreds on their way together.

They go in groups, so that the server makes each group durable together. When the connection breaks, what was
not answered is said again: a file that is finished already answers as before. Large files follow one by one,
as `deposit` does it. A file that is refused because there is one already counts as `same` when it has the
same content.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from portico.client.resp import encode
from portico.client.transfer.answers import facts_of
from portico.client.transfer.channel import BROKEN, DIGEST_SECONDS, Channel
from portico.client.transfer.deposit import PASSING, Aim, deposit_file
from portico.client.transfer.job import Job
from portico.client.transfer.local import doing
from portico.client.transfer.route import Route
from portico.client.transfer.source import head
from portico.client.transfer.trail import digest_of
from portico.client.transfer.uploads import new_id
from portico.client.transfer.values import Failure, FileProgress, TreeSummary
from portico.client.transfer.walk import Found, walk
from portico.model.errors import (
    Busy,
    Denied,
    Exists,
    NoSpace,
    NotFound,
    PorticoError,
    WrongOffset,
)
from portico.model.files import FileFacts
from portico.model.instants import rfc3339
from portico.model.paths import check_path

SMALL_BYTES = 1_048_576
"""Largest file that is sent in one WRITE; a larger one is worth resuming."""

GROUP_FILES = 64
"""Small files that are sent, and finished, together."""

GROUP_BYTES = 4 * 1_048_576
"""And bytes of them: so much is held in memory until the server has it."""

GROUPS = 2
"""Groups on their way at once: one is read and sent while the server makes the other durable."""

ENDS_ALL = (Denied, NoSpace)
"""Refusals that every other file would meet as well."""


@dataclass(slots=True)
class Small:
    """A small file that was read: what it is called, and what is said of it."""

    found: Found
    upload: str
    sha256: str
    size: int
    request: bytes


def deposit_tree(job: Job, route: Route, folder: Path, path: str | None, *, replace: bool) -> TreeSummary:
    """Deposit a folder; see `Files.put_tree`."""
    below = folder.resolve().name if path is None else path.rstrip("/")
    if below:
        below = check_path(below)
    return DepositTree(job, route, replace=replace).run(folder, below)


class DepositTree:
    """Many files on their way to the repository."""

    def __init__(self, job: Job, route: Route, *, replace: bool) -> None:
        """Begin with nothing."""
        self.summary = TreeSummary()
        self._job, self._route, self._replace = job, route, replace
        self._small: deque[Found] = deque()
        self._large: deque[Found] = deque()
        self._sent: deque[deque[Small]] = deque()
        self._there: list[tuple[Found, str, Exists]] = []
        self._files = self._bytes = self._same_bytes = 0

    def run(self, folder: Path, below: str) -> TreeSummary:
        """Deposit them all."""
        for found in walk(folder, below):
            self._job.check()
            if found.error is not None:
                self._fail(found.path, found.error)
                continue
            self._files += 1
            self._bytes += found.size
            (self._small if found.size <= SMALL_BYTES else self._large).append(found)
        if self._small:
            self._route.persist(self._job, self._exchange, PASSING)
        while self._large:
            self._deposit_large(self._large.popleft())
        if self._there:
            self._route.persist(self._job, self._compare)
        self._report("", done=True)
        return self.summary

    # Small ones

    def _exchange(self, channel: Channel) -> None:
        """Send what is not acknowledged, group by group, over one connection."""
        for group in self._sent:
            channel.say(b"".join(small.request for small in group))
        while True:
            while len(self._sent) < GROUPS and (group := self._next_group()):
                self._sent.append(group)
                channel.say(b"".join(small.request for small in group))
            if not self._sent:
                return
            self._hear(channel, self._sent[0])
            self._sent.popleft()

    def _next_group(self) -> deque[Small]:
        """Read the next files."""
        group: deque[Small] = deque()
        size = 0
        while self._small and len(group) < GROUP_FILES and size < GROUP_BYTES:
            found = self._small.popleft()
            try:
                small = self._read(found)
            except PorticoError as error:
                self._fail(found.path, error)
                continue
            if small is None:
                self._large.append(found)
                continue
            group.append(small)
            size += small.size
        return group

    def _read(self, found: Found) -> Small | None:
        """Read a file and say what is to be said of it; None when it is being written to, or has grown."""
        with doing("read", found.source), io.FileIO(found.source) as file:
            before = os.fstat(file.fileno())
            data = file.read(SMALL_BYTES + 1) or b""
            if before.st_size != len(data) or os.fstat(file.fileno()).st_mtime_ns != before.st_mtime_ns:
                return None
        upload, sha256 = new_id(), hashlib.sha256(data).hexdigest()
        words: list[str | int] = ["PUT", found.path, len(data), "SHA256", sha256, "UPLOAD", upload]
        words += ["MTIME", rfc3339(before.st_mtime_ns // 1_000), *(["REPLACE"] if self._replace else [])]
        write, finish = head(upload, 0, len(data)), encode(["FINISH", upload])
        request = b"%b%b%b\r\n%b" % (encode(words), write, data, finish)
        return Small(found, upload, sha256, len(data), request)

    def _hear(self, channel: Channel, group: deque[Small]) -> None:
        """Take the answers to a group; what has no final one stays in it, to be said again."""
        busy: PorticoError | None = None
        for _ in range(len(group)):
            small = group[0]
            error = self._heard(channel, small)
            if isinstance(error, Busy):
                busy = error
                group.rotate(-1)
                continue
            group.popleft()
            if error is not None:
                self._refused(small, error)
            self._report(small.found.path)
        if busy is not None:
            raise busy

    def _heard(self, channel: Channel, small: Small) -> PorticoError | None:
        """Take the answers to PUT, WRITE and FINISH; return what stands against the file."""
        refusals = [error for error in (_refusal(channel) for _ in range(2)) if error is not None]
        try:
            facts_of(channel.inbox.value(), small.found.path)
        except BROKEN:
            raise
        except PorticoError as error:
            # FINISH is refused as well because of what was refused before; Busy says that it will not be.
            return error if isinstance(error, Busy) else [*refusals, error][0]
        # Whatever was refused before it: an earlier connection brought it.
        self._job.moved += 1
        self.summary.files += 1
        self.summary.bytes += small.size
        return None

    def _refused(self, small: Small, error: PorticoError) -> None:
        if isinstance(error, Exists):
            self._there.append((small.found, small.sha256, error))
        elif isinstance(error, WrongOffset | NotFound):
            self._large.append(small.found)
        else:
            self._fail(small.found.path, error)

    # What is there already

    def _compare(self, channel: Channel) -> None:
        """Look whether what is there has the same content."""
        channel.wait_for(DIGEST_SECONDS)
        while self._there:
            asked = self._there[-GROUP_FILES:]
            channel.say(b"".join(encode(["STAT", found.path, "DIGEST"]) for found, _, _ in asked))
            known = [self._stat(channel, found.path) for found, _, _ in asked]
            for (found, sha256, error), facts in zip(asked, known, strict=True):
                if facts is not None and _alike(found, sha256, facts):
                    self.summary.same += 1
                    self._same_bytes += found.size
                else:
                    self._fail(found.path, error)
                self._report(found.path)
            del self._there[-len(asked) :]

    def _stat(self, channel: Channel, path: str) -> FileFacts | None:
        try:
            return facts_of(channel.inbox.value(), path)
        except BROKEN:
            raise
        except PorticoError:
            return None

    # Large ones

    def _deposit_large(self, found: Found) -> None:
        """Deposit a file as `deposit` does it, resumably."""
        try:
            aim, source = Aim(self._replace), Path(found.source)
            facts = deposit_file(self._job, self._route, source, found.path, aim, tell=self._told)
        except BROKEN:
            raise
        except Exists as error:
            self._there.append((found, "", error))
        except PorticoError as error:
            self._fail(found.path, error)
        else:
            self.summary.files += 1
            self.summary.bytes += facts.size
        self._report(found.path)

    # What became of it

    def _told(self, progress: FileProgress) -> None:
        if not progress.done:
            self._report(progress.path, progress.offset)

    def _fail(self, path: str, error: PorticoError) -> None:
        """Take note of a file that is not deposited; raise what no other file would escape."""
        if isinstance(error, ENDS_ALL):
            raise error
        self.summary.failures.append(Failure(path, error))

    def _report(self, path: str, begun: int = 0, *, done: bool = False) -> None:
        known = self._files, self._bytes, begun + self._same_bytes
        self._job.report(lambda: self.summary.progress(path, *known, counted=True, done=done), last=done)


def _refusal(channel: Channel) -> PorticoError | None:
    """Take an answer; return it when it is a refusal."""
    try:
        channel.inbox.value()
    except BROKEN:
        raise
    except PorticoError as error:
        return error
    return None


def _alike(found: Found, sha256: str, facts: FileFacts) -> bool:
    """Tell whether a file here has this content; hash it when that was not done yet."""
    if facts.sha256 is None or facts.size != found.size:
        return False
    try:
        return facts.sha256 == (sha256 or digest_of(found.source))
    except OSError:
        return False
