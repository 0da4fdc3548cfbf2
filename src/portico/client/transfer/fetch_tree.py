"""Fetch many files: listed, asked for and written at the same time, over one connection.

A page of LIST is asked for while the files of the one before come. A small file is one READ, and behind it a
STAT for its digest, hundreds on their way; each is written under a name of its own, then renamed. Large files
follow one by one, as `fetch` does it. A lost connection begins with what has not come.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from portico.client.resp import encode
from portico.client.transfer.answers import facts_of
from portico.client.transfer.channel import Channel
from portico.client.transfer.fetch import Fetch, part_in
from portico.client.transfer.folders import Folder, Folders, check_parts
from portico.client.transfer.job import Job
from portico.client.transfer.local import doing, local_error
from portico.client.transfer.part import MARK_DIGITS, part_name
from portico.client.transfer.route import Route
from portico.client.transfer.selection import Selection
from portico.client.transfer.values import Failure, FileProgress, TreeProgress, TreeSummary
from portico.model.errors import (
    Changed,
    NoSpace,
    NotFound,
    PorticoError,
    ProtocolError,
    Unavailable,
    WrongDigest,
    error_of,
)
from portico.model.files import FileFacts

SMALL_BYTES = 1_048_576
"""Largest file that comes in one READ; a larger one is worth resuming."""

WHOLE_BYTES = 128 * 1_024
"""Largest file that is taken in one piece."""

UTIME_FD = os.utime in os.supports_fd

ASKED_FILES = 256
"""Small files on their way at once: the server may have 1,024 answers open, and a file has two."""

ASKED_BYTES = 8 * 1_048_576
"""And bytes of them."""


@dataclass(slots=True)
class Wanted:
    """A listed file, and the parts of its path below the folder here."""

    facts: FileFacts
    folder: list[str]
    name: str


def fetch_tree(
    job: Job, route: Route, pattern: str, dest: Path, *, resume: bool, verify: bool
) -> TreeSummary:
    """Fetch a folder, or what matches a pattern; see `Files.get_tree`."""
    with doing("write", dest), Folders(dest) as folders:
        return FetchTree(job, Selection(pattern), folders, resume=resume, verify=verify).run(route, pattern)


class FetchTree:
    """Many files on their way here."""

    def __init__(
        self, job: Job, selection: Selection, folders: Folders, *, resume: bool, verify: bool
    ) -> None:
        """Begin with nothing."""
        self.summary = TreeSummary()
        self._job, self._selection, self._folders = job, selection, folders
        self._resume, self._verify = resume, verify
        self._mark = secrets.token_hex(MARK_DIGITS // 2)
        self._small: deque[Wanted] = deque()
        self._large: list[Wanted] = []
        self._asked: deque[Wanted | None] = deque()
        self._asked_bytes = 0
        self._listing = False
        self._listed_files = self._listed_bytes = 0

    def run(self, route: Route, pattern: str) -> TreeSummary:
        """Fetch them all."""
        route.persist(self._job, self._exchange)
        if not self._listed_files:
            self._expect(self._stat_alone(route, pattern))
            self._large += self._small
        for wanted in self._large:
            self._fetch_large(route, wanted)
        self._report("", done=True)
        return self.summary

    def _stat_alone(self, route: Route, pattern: str) -> FileFacts:
        """Return the facts of the one file that was named where a folder was expected; raise `NotFound`."""
        path = self._selection.alone
        with contextlib.suppress(NotFound):
            if path:
                answer = route.persist(self._job, lambda channel: channel.call(["STAT", path]))
                return facts_of(answer, path)
        raise NotFound(f"there is no file {pattern}, and none below it; portico list shows what there is")

    # Over one connection

    def _exchange(self, channel: Channel) -> None:
        """List, and fetch the small ones."""
        self._small.extendleft(reversed([wanted for wanted in self._asked if wanted is not None]))
        self._asked.clear()
        self._asked_bytes, self._listing = 0, False
        while True:
            if len(self._asked) <= ASKED_FILES // 2:
                channel.say(b"".join(self._asks()))
            if not self._asked:
                return
            wanted = self._asked[0]
            if wanted is None:
                self._take_page(channel.inbox.value())
            else:
                self._take_file(channel, wanted)
                self._asked_bytes -= wanted.facts.size
            self._asked.popleft()

    def _asks(self) -> list[bytes]:
        """Return requests, as many as may be on their way."""
        asks: list[bytes] = []
        if not self._listing and not self._selection.ended:
            self._listing = True
            self._asked.append(None)
            asks.append(self._selection.ask())
        while self._small and len(self._asked) < ASKED_FILES and self._asked_bytes < ASKED_BYTES:
            wanted = self._small.popleft()
            facts = wanted.facts
            self._asked.append(wanted)
            self._asked_bytes += facts.size
            asks.append(encode(["READ", facts.path, 0, facts.size, "IF", facts.etag]))
            if self._verify and facts.sha256 is None:
                asks.append(encode(["STAT", facts.path, "DIGEST"]))
        return asks

    def _take_page(self, page: object) -> None:
        self._listing = False
        for facts in self._selection.take(page):
            self._expect(facts)

    def _expect(self, facts: FileFacts) -> None:
        """Plan to fetch a file, unless it must not be written, or is there."""
        self._listed_files += 1
        self._listed_bytes += facts.size
        try:
            *folder, name = check_parts(self._selection.place(facts.path))
        except PorticoError as error:
            self._fail(facts.path, error)
            return
        wanted = Wanted(facts, folder, name)
        if self._is_there(wanted):
            self.summary.same += 1
        elif facts.size <= SMALL_BYTES:
            self._small.append(wanted)
        else:
            self._large.append(wanted)

    def _is_there(self, wanted: Wanted) -> bool:
        """Tell whether an earlier run has fetched it: a file of that size and time."""
        if not self._resume:
            return False
        try:
            folder = self._folders.of(wanted.folder)
            if folder.fresh:
                return False
            info = folder.stat(wanted.name)
        except OSError:
            return False  # it is not there, or writing it will say what is wrong
        facts = wanted.facts
        here = info.st_size, info.st_mtime_ns // 1_000
        return S_ISREG(info.st_mode) and here == (facts.size, facts.mtime)

    def _take_file(self, channel: Channel, wanted: Wanted) -> None:
        """Take the answers for one small file, and have it appear."""
        with contextlib.closing(Temporary(self._folders, wanted, self._mark)) as file:
            error = self._received(channel, wanted, file)
            if self._verify:
                error = self._compared(channel, wanted, file) or error
            error = error or file.appear(wanted.facts.mtime)
        self._took(wanted, error)

    def _received(self, channel: Channel, wanted: Wanted, file: Temporary) -> PorticoError | None:
        """Take the bytes; return what went wrong."""
        inbox, size = channel.inbox, wanted.facts.size
        try:
            length = inbox.bulk()
        except Unavailable:
            raise
        except PorticoError as refusal:
            return refusal
        if length != size:
            for _ in inbox.pieces(length):
                pass
            return Changed(wanted.facts.path)
        if length <= WHOLE_BYTES:
            file.write(inbox.whole(length))
        else:
            for piece in inbox.pieces(length):
                file.write(piece)
        self._job.moved += 1
        return file.error

    def _compared(self, channel: Channel, wanted: Wanted, file: Temporary) -> PorticoError | None:
        """Take the digest, and compare; return what went wrong."""
        try:
            known = wanted.facts
            if known.sha256 is None:
                known = facts_of(channel.inbox.value(), known.path)
        except (Unavailable, ProtocolError):
            raise
        except PorticoError as refusal:
            return refusal
        if known.etag != wanted.facts.etag or known.sha256 is None:
            return Changed(wanted.facts.path)
        if known.sha256 != file.digest():
            return error_of(WrongDigest.code, f"{wanted.facts.path} did not arrive as the server has it")
        return None

    def _took(self, wanted: Wanted, error: PorticoError | None) -> None:
        """Count a file that has appeared, or has not; one that has changed is fetched by itself, later."""
        if error is None:
            self.summary.files += 1
            self.summary.bytes += wanted.facts.size
        elif isinstance(error, Changed | WrongDigest):
            self._large.append(wanted)
        else:
            self._fail(wanted.facts.path, error)
        self._report(wanted.facts.path)

    # One by one

    def _fetch_large(self, route: Route, wanted: Wanted) -> None:
        """Fetch a file as `fetch` does it: resumed, and anew when it has changed."""
        path = wanted.facts.path
        try:
            with doing("write", wanted.name):
                folder = self._folders.of(wanted.folder)
            begin = part_in(folder, wanted.name, path, resume=self._resume, verify=self._verify)
            fetch = Fetch(self._job, path, begin, verify=self._verify, tell=self._told)
            facts = fetch.run(route)
        except Unavailable:
            raise
        except PorticoError as error:
            self._fail(path, error)
        else:
            self.summary.files += 1
            self.summary.bytes += facts.size
        self._report(path)

    def _told(self, progress: FileProgress) -> None:
        if not progress.done:
            self._report(progress.path, progress.offset)

    def _fail(self, path: str, error: PorticoError) -> None:
        """Take note of a file that did not come; a disk that is full takes no other one either."""
        if isinstance(error, NoSpace):
            raise error
        self.summary.failures.append(Failure(path, error))

    def _report(self, path: str, begun: int = 0, *, done: bool = False) -> None:
        summary = self.summary
        self._job.report(
            lambda: TreeProgress(
                path,
                summary.files + summary.same,
                summary.bytes + begun,
                self._listed_files,
                self._listed_bytes,
                len(summary.failures),
                counted=self._selection.ended,
                done=done,
            ),
            last=done,
        )


class Temporary:
    """A small file under a name of its own, until it is whole; what goes wrong is kept in `error`.

    Nobody goes on with it, so the name has random digits: two runs never write to the same one.
    """

    __slots__ = ("_fd", "_folder", "_folders", "_hash", "_name", "_wanted", "error")

    def __init__(self, folders: Folders, wanted: Wanted, mark: str) -> None:
        """Make nothing yet."""
        self.error: PorticoError | None = None
        self._folders, self._wanted = folders, wanted
        self._name = part_name(wanted.name, mark)
        self._folder: Folder | None = None
        self._fd = -1
        self._hash = hashlib.sha256()

    def write(self, piece: memoryview) -> None:
        """Add bytes."""
        self._hash.update(piece)
        if self.error is not None:
            return
        try:
            if self._folder is None:
                self._folder = self._folders.of(self._wanted.folder)
                self._fd = self._folder.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            while piece:
                piece = piece[os.write(self._fd, piece) :]
        except OSError as error:
            self.error = local_error("write", self._wanted.facts.path, error)

    def digest(self) -> str:
        """Return the SHA-256 of what came."""
        return self._hash.hexdigest()

    def appear(self, mtime: int) -> PorticoError | None:
        """Become the file; return what went wrong."""
        folder, fd = self._folder, self._fd
        assert folder is not None  # noqa: S101 - it was written, be it nothing
        try:
            times = mtime * 1_000, mtime * 1_000
            os.utime(fd if UTIME_FD else folder.at(self._name), ns=times)
            self._fd = -1
            os.close(fd)
            folder.rename(self._name, self._wanted.name)
            self._folder = None
        except OSError as error:
            return local_error("write", self._wanted.facts.path, error)
        return None

    def close(self) -> None:
        """Remove what has not become the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.unlink(self._name)
