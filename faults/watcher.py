"""Somebody who looks all the time whether a file under its final name is ever less than whole.

    python -m faults.watcher FOLDER...

It is a process of its own, so that it looks in earnest. It looks until its standard input ends, and then
prints how often it looked, how many files it saw, and what was wrong with which.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.contents import NAME, size_of, wrong

#: Between two looks. A file of a megabyte takes longer to be written.
PAUSE = 0.001
LOOKING = "looking"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Seen:
    """What somebody saw: known once the watching has ended."""

    looks: int = 0
    files: int = 0
    partial: tuple[str, ...] = ()


@contextlib.contextmanager
def watching(*folders: Path) -> Iterator[Seen]:
    """Look during the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "faults.watcher", *map(str, folders)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    seen = Seen()
    try:
        if process.stdout is not None:
            process.stdout.readline()  # it looks
        yield seen
        looks, files, partial = json.loads(process.communicate()[0])
        seen.looks, seen.files, seen.partial = looks, files, tuple(partial)
    finally:
        process.kill()
        process.communicate()


class Watcher:
    """The looking itself."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Look at all that is in these folders, and in folders in them."""
        self.folders = folders
        self.looks = 0
        self.whole: set[tuple[str, int]] = set()
        self.partial: list[str] = []

    def look(self) -> None:
        """Look once at each file, and closely at each that is new."""
        self.looks += 1
        for folder in self.folders:
            for entry in _files(folder):
                if NAME.match(entry.name):
                    with contextlib.suppress(FileNotFoundError):
                        self._look_at(entry)

    def _look_at(self, entry: "os.DirEntry[str]") -> None:
        found = entry.stat()
        known = entry.name, found.st_ino
        file = Path(entry.path)
        if known in self.whole and found.st_size == size_of(file):
            return
        if what := wrong(file):
            self.partial.append(what)
        self.whole.add(known)


def _files(folder: str) -> Iterator["os.DirEntry[str]"]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            else:
                yield entry


def main(folders: Sequence[str]) -> None:
    """Look until the standard input ends."""
    over = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True).start()
    watcher = Watcher(folders)
    print(LOOKING, flush=True)
    while not over.wait(PAUSE):
        watcher.look()
    watcher.look()
    print(json.dumps([watcher.looks, len(watcher.whole), watcher.partial]))


def _wait_for_the_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main(sys.argv[1:])
