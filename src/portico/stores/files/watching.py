"""Noticing what others do to the directory: files that are put there, changed, moved or removed by hand.

What was last told of each file is kept as an `Inventory`. A look at a folder gives `Differences` from it;
those that stay the same for two seconds are told. Which folders to look at says the kernel, where
`watchfiles` is installed (`portico.stores.files.notices`), else all of them are looked at, again and again.

Looking is never more than a small share of a core (`Pace`): a tree of a hundred files is looked at every
second, one of a hundred thousand takes ten seconds. All of it happens in one thread, and only while
somebody asks for the next changes: whoever is slow to take them makes it rest.

What the server itself does is told to the watcher (`expect`), before or after the watcher sees it, and
becomes part of what was told. What was there when the watcher was made is not told either.
"""

from __future__ import annotations

import stat
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from portico.model.files import FileChange
from portico.model.paths import escaped, presentable
from portico.stores.files.differences import Difference, Differences
from portico.stores.files.inventory import Inventory, mark_of
from portico.stores.files.notices import Notices
from portico.stores.files.telling import Found, tell
from portico.stores.files.tree import Stopped, Tree, facts_of
from portico.stores.worker import Worker

SLICE = 128
"""Files looked at between two rests: half a millisecond."""

MAX_EXPECTED = 100_000
"""Own changes kept until the next look; what is forgotten beyond is told as somebody else's."""

MAX_ODD = 10_000
"""Names remembered that were told to the operator, at some 75 bytes; those beyond are not told."""

ODD_SHOWN = 10
"""Names told in one sentence."""

ODD_CHARACTERS = 200
"""Characters shown of one of them."""

_ALTERED = -1
"""The mark of a file that is not as the server has left it."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast a watcher is.

    `still`: seconds a file has to stay the same; `share`: of a core, for looking; `look`: seconds between two
    looks; `tell`: fewest seconds between changes told and the next; `rescan`: seconds after which everything
    is looked at although the kernel tells of changes, in case it has lost some.
    """

    still: float = 2.0
    share: float = 0.05
    look: float = 0.5
    tell: float = 1.0
    rescan: float = 300.0


class Pace:
    """Keeps a thread below a share of a core."""

    def __init__(self, stop: Event, share: float) -> None:
        self._stop, self._share = stop, share
        self._count = 0
        self._begun = 0.0

    def begin(self) -> None:
        """Begin to count, in the thread."""
        self._begun = time.thread_time()

    def step(self) -> None:
        """Take note of one file; rest after some."""
        self._count += 1
        if self._count % SLICE == 0:
            self.rest()

    def rest(self) -> None:
        """Rest for what was done since the last rest."""
        used = time.thread_time() - self._begun
        self._stop.wait(used / self._share - used)
        self._begun = time.thread_time()


class Watcher:
    """Yields what others do to the files below an open folder; `expect` may be called from any thread."""

    def __init__(
        self, root: int, path: Path, note: Callable[[str], None], tempo: Tempo | None = None
    ) -> None:
        """Watch the folder open as `root` and called `path`, from now on.

        `note` is told, on the event loop, a sentence for the operator about names that are not served.
        """
        self._root, self._note = root, note
        self._tempo = tempo or Tempo()
        self._stop = Event()
        self._pace = Pace(self._stop, self._tempo.share)
        self._notices = Notices(root, path, self._stop)
        self._worker = Worker("portico-watch")
        self._told = Inventory()
        self._differences = Differences(self._tempo.still)
        self._dirty = {""}
        self._expected: dict[str, str | None] = {}
        self._lock = Lock()
        self._odd: set[int] = set()
        self._new_odd: list[str] = []
        self._started = time.time_ns()
        self._next_tell = self._next_scan = 0.0
        self.begun = Event()
        """Set when all there is has been looked at once."""

    def expect(self, path: str, etag: str | None) -> None:
        """Take note that the server has given a file this content, or removed it (None): not to be told."""
        with self._lock:
            self._expected.pop(path, None)
            self._expected[path] = etag
            if len(self._expected) > MAX_EXPECTED:
                del self._expected[next(iter(self._expected))]

    async def changes(self) -> AsyncIterator[FileChange]:
        """Yield changes until the watcher is closed; raise `Unavailable` when the disk fails.

        Asked for again it goes on where it was.
        """
        while not self._stop.is_set():
            changes, odd = await self._worker.run(self._round)
            if odd:
                self._note(odd_names(odd))
            for change in changes:
                yield change

    async def close(self) -> None:
        """Stop at once; closing twice is fine."""
        self._stop.set()
        await self._worker.stop(self._notices.close)

    # In the thread

    def _round(self) -> tuple[list[FileChange], list[str]]:
        """Look until there are changes or odd names to tell; return nothing when the watcher is closed."""
        self._pace.begin()
        changes: list[FileChange] = []
        try:
            while not (changes or self._new_odd or self._stop.is_set()):
                self._listen()
                with Tree(self._root, self._stop) as tree:
                    self._look(tree)
                    self._absorb(tree)
                    changes = self._ripe(tree)
                self.begun.set()
                self._pace.rest()
        except Stopped:
            return [], []
        odd, self._new_odd = self._new_odd, []
        return changes, odd

    def _listen(self) -> None:
        """Wait for the next look, and find out which folders to look at; the first comes at once."""
        if not self.begun.is_set():
            return
        self._dirty |= self._notices.watch(self._told.folders())
        heard = self._notices.hear(self._tempo.look)
        if heard is None or time.monotonic() > self._next_scan:
            self._dirty.update(self._told)
            self._next_scan = time.monotonic() + self._tempo.rescan
        else:
            self._dirty |= heard

    def _look(self, tree: Tree) -> None:
        """Look at the folders that may have changed, and at new ones found in them."""
        looked, listed, again = set(), set(), set()
        while self._dirty:
            folder = next(iter(self._dirty))
            seen, inner = self._read(tree, folder)
            looked.add(folder)
            listed.update(inner)
            self._dirty.update(path for path in inner if path not in self._told)
            # Only now: after a fault of the disk it has to be looked at again.
            self._dirty.discard(folder)
            if folder not in self._told:
                self._told.put(folder, {})
            if not self._compare(folder, seen):
                again.add(folder)
        self._dirty = again | self._leave(looked, listed)

    def _read(self, tree: Tree, folder: str) -> tuple[dict[str, int], list[str]]:
        """Return the marks of a folder's files by name, and its folders."""
        marks, older, inner = {}, {}, []
        for entry in tree.entries(folder):
            self._pace.step()
            path = folder + entry.name
            if not presentable(path):
                self._take_odd(entry.name, path)
                continue
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(info.st_mode):
                marks[entry.name] = mark_of(info)
                if info.st_ctime_ns < self._started:
                    older[entry.name] = marks[entry.name]
            elif stat.S_ISDIR(info.st_mode):
                inner.append(f"{path}/")
        if not self.begun.is_set() and folder not in self._told:
            self._told.put(folder, older)
        return marks, inner

    def _compare(self, folder: str, seen: dict[str, int]) -> bool:
        return self._differences.compare(folder, self._told.marks(folder), seen, time.monotonic())

    def _leave(self, looked: set[str], listed: set[str]) -> set[str]:
        """Take folders that are not listed any more for gone, with all that was in them.

        Return the parents that have to be looked at again for want of room.
        """
        again = set()
        for folder in _gone(self._told, looked, listed):
            if not self._compare(folder, {}):
                again.add(_parent(folder))
            if self._told.empty(folder):
                self._told.forget(folder)
        return again

    def _absorb(self, tree: Tree) -> None:
        """Take what the server has done since the last time for told."""
        with self._lock:
            expected = dict(self._expected)
        told: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
        now = time.monotonic()
        for path, etag in expected.items():
            self._pace.step()
            info = tree.info(path)
            mark = None if info is None else mark_of(info)
            same = etag == (None if info is None else facts_of(path, info).etag)
            old = mark if same else None if etag is None else _ALTERED
            slash = path.rfind("/") + 1
            folder, name = path[:slash], path[slash:]
            told[folder][name] = old
            self._differences.renew(Difference(folder, name, old, mark, now), old, mark, now)
        self._take_told(told)
        with self._lock:
            for path, etag in expected.items():
                if self._expected.get(path, "") == etag:
                    del self._expected[path]

    def _ripe(self, tree: Tree) -> list[FileChange]:
        """Return what is to be told now, and take it for told."""
        now = time.monotonic()
        if now < self._next_tell:
            return []
        found: list[Found] = []
        told: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
        for difference in self._differences.due(now):
            self._pace.step()
            info = tree.info(difference.path)
            mark = None if info is None else mark_of(info)
            if mark != difference.new:
                self._differences.renew(difference, difference.old, mark, now)
                continue
            found.append((difference, None if info is None else facts_of(difference.path, info)))
            told[difference.folder][difference.name] = mark
        for difference, _ in found:
            self._differences.drop(difference.folder, difference.name)
        self._take_told(told)
        if found:
            self._next_tell = now + self._tempo.tell
        return tell(found, time.time_ns() // 1_000)

    def _take_told(self, told: dict[str, dict[str, int | None]]) -> None:
        for folder, marks in told.items():
            if folder not in self._told:
                # Made by the server just now: its parents are to be looked at as well.
                self._dirty.update(_parents(folder))
            self._told.change(folder, marks)
            if folder and self._told.empty(folder):
                # Perhaps the folder is gone as well; its parent shows.
                self._told.forget(folder)
                self._dirty.add(_parent(folder))

    # Names that are not served

    def _take_odd(self, name: str, path: str) -> None:
        if name.startswith(".") or len(self._odd) >= MAX_ODD or hash(path) in self._odd:
            return
        self._odd.add(hash(path))
        self._new_odd.append(path)


def odd_names(paths: Iterable[str]) -> str:
    """Return the sentence that tells the operator of names that are not served, escaped."""
    names = sorted(paths)
    shown = ", ".join(_short(escaped(name)) for name in names[:ODD_SHOWN])
    more = f" and {len(names) - ODD_SHOWN:,} more" if len(names) > ODD_SHOWN else ""
    return (
        f"{len(names):,} of the directory's names cannot be served, because they hold what other machines"
        f" cannot store or show; rename them to share them: {shown}{more}"
    )


def _short(text: str) -> str:
    return text if len(text) <= ODD_CHARACTERS else text[:ODD_CHARACTERS] + "..."


def _gone(known: Iterable[str], looked: set[str], listed: set[str]) -> Iterator[str]:
    """Yield known folders that were not listed when their parents were looked at, and those in them."""
    gone = "/"
    for folder in sorted(known):
        if not folder.startswith(gone) and folder and _parent(folder) in looked and folder not in listed:
            gone = folder
        if folder.startswith(gone):
            yield folder


def _parent(folder: str) -> str:
    """Return the folder that a folder is in."""
    return folder[: folder.rstrip("/").rfind("/") + 1]


def _parents(folder: str) -> Iterator[str]:
    """Yield a folder and all it is in."""
    while folder:
        yield folder
        folder = _parent(folder)
    yield ""
