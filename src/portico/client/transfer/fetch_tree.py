"""Fetch many files: listed, asked for and written at the same time, over one connection.

A page of LIST is asked for while the files of the one before come. A small file is one READ, and behind it a
STAT for its digest, hundreds on their way; each is written under a name of its own, then renamed. Large files
follow one by one, as `fetch` does it. A lost connection begins with what has not come.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import deque
from pathlib import Path
from stat import S_ISREG

from portico.client.transfer.answers import facts_of
from portico.client.transfer.channel import BROKEN, Channel
from portico.client.transfer.fetch import Fetch, part_in
from portico.client.transfer.folders import Folders, check_parts
from portico.client.transfer.job import Job
from portico.client.transfer.listing import read_page
from portico.client.transfer.local import doing, local_error
from portico.client.transfer.part import MARK_DIGITS
from portico.client.transfer.route import Route
from portico.client.transfer.selection import Selection
from portico.client.transfer.small import Wanted, ask, take, write_whole
from portico.client.transfer.values import Failure, FileProgress, TreeSummary
from portico.model.errors import (
    Changed,
    NoSpace,
    NotFound,
    PorticoError,
    Unavailable,
    WrongDigest,
)
from portico.model.files import FileFacts

SMALL_BYTES = 1_048_576
"""Largest file that comes in one READ, and is held until it is verified; a larger one is worth resuming."""

ASKED_FILES = 256
"""Small files on their way at once: the server may have 1,024 answers open, and a file has two."""

ASKED_BYTES = 8 * 1_048_576
"""And bytes of them."""

LATER = (Changed, WrongDigest, Unavailable)
"""What may be better when a file is asked for again, by itself."""


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
        self._listed_files = self._listed_bytes = self._same_bytes = 0

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
                self._listing = False
                for facts in self._selection.take(read_page(channel.inbox)):
                    self._expect(facts)
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
            asks.append(ask(facts, verify=self._verify))
        return asks

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
            self._same_bytes += facts.size
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
        facts = wanted.facts
        error: PorticoError | None = None
        try:
            data = take(channel.inbox, facts, verify=self._verify)
            self._job.moved += 1
            write_whole(self._folders.of(wanted.folder), wanted.name, self._mark, data, facts.mtime)
        except BROKEN:
            raise
        except PorticoError as refusal:
            error = refusal
        except OSError as failure:
            error = local_error("write", facts.path, failure)
        self._took(wanted, error)

    def _took(self, wanted: Wanted, error: PorticoError | None) -> None:
        """Count a file that has appeared, or has not; one that has changed is fetched by itself, later."""
        if error is None:
            self.summary.files += 1
            self.summary.bytes += wanted.facts.size
        elif isinstance(error, LATER):
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
        except BROKEN:
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
        known = self._listed_files, self._listed_bytes, begun + self._same_bytes
        self._job.report(
            lambda: self.summary.progress(path, *known, counted=self._selection.ended, done=done), last=done
        )
