"""A real tree: the library folder of this Python, deposited, fetched back and compared by `diff -r`.

The server is killed twice on the way, once under the deposit and once under the fetch. What the rules for
names refuse is left out of both sides, and so are symbolic links and folders without a file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from portico.model.errors import PorticoError
from portico.model.paths import check_path
from tests.support.server import ServerProcess

TREE = "library"
MOST_FILES = 10_000
RUN_SECONDS = 300.0
MOST_RUNS = 3
"""A command that was under way when the server was killed goes on by itself, or is said again."""

KILLS = 2


@dataclass(frozen=True, slots=True)
class Copied:
    """What came out; `differences` is what `diff -r` printed."""

    files: int
    listed: int
    entries: int
    kills: int
    runs: int
    differences: str

    @property
    def sound(self) -> bool:
        """Whether everything is there, once."""
        return not self.differences and self.files == self.listed == self.entries and self.kills == KILLS

    def __str__(self) -> str:
        return (
            f"{self.files:,} files, {self.listed:,} listed, {self.entries:,} in the log, {self.kills} kills, "
            f"{self.runs} runs of commands, differences: {self.differences.strip()[:500] or 'none'}"
        )


def copy_there_and_back(server: ServerProcess, folder: Path, files: int = MOST_FILES) -> Copied:
    """Deposit a copy of the library, list it, fetch it, compare."""
    origin, back = folder / TREE, folder / "back"
    count = gather(Path(sysconfig.get_path("stdlib")), origin, files)
    shell = Shell(folder / "state", server)
    runs = shell.run_killed(lambda: _listed(server), count // 3, "put", "-r", str(origin))
    listed, entries = _listed(server), _entries(server)
    runs += shell.run_killed(lambda: _files(back), count // 3, "get", "-r", TREE, "-o", str(back))
    differences = subprocess.run(
        ["diff", "-r", str(origin), str(back / TREE)], capture_output=True, text=True, check=False
    )
    return Copied(count, listed, entries, KILLS, runs, differences.stdout + differences.stderr)


def gather(origin: Path, target: Path, most: int) -> int:
    """Copy what may be deposited, up to so many files; return how many there are."""
    count = 0
    for file in _ordinary(origin):
        relative = file.relative_to(origin)
        if count == most:
            break
        if _allowed(f"{TREE}/{relative.as_posix()}"):
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / relative)
            count += 1
    return count


def _ordinary(origin: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(origin):
        inner.sort()
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_file() and not file.is_symlink():
                yield file


def _allowed(path: str) -> bool:
    try:
        check_path(path)
    except PorticoError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands, to a server that is killed under them."""

    state: Path
    server: ServerProcess

    def run_killed(self, done: Callable[[], int], goal: int, *command: str) -> int:
        """Run a command, kill the server once so many files are done, start it; how often it had to run."""
        process = self._start(*command)
        deadline = time.monotonic() + RUN_SECONDS
        while process.poll() is None and time.monotonic() < deadline and done() < goal:
            time.sleep(0.01)
        ended = process.poll() is not None
        self.server.kill()
        self.server.restart()
        runs = 1
        while process.wait(RUN_SECONDS):
            if runs == MOST_RUNS:
                raise RuntimeError(f"{command[0]} failed {runs} times; what it said is above")
            process, runs = self._start(*command), runs + 1
        if ended:
            raise RuntimeError(f"{command[0]} had ended before the server was killed: give it more files")
        return runs

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        place = {"PORTICO_SERVER": f"127.0.0.1:{self.server.port}", "XDG_STATE_HOME": str(self.state)}
        return subprocess.Popen(
            [sys.executable, "-m", "portico", *command], env=os.environ | place, stdout=subprocess.DEVNULL
        )


def _listed(server: ServerProcess) -> int:
    count, after = 0, ""
    with server.resp_client(3) as client:
        while page := client.call("LIST", "AFTER", after) if after else client.call("LIST"):
            count += sum(1 for facts in page if facts["path"].startswith(f"{TREE}/"))
            after = page[-1]["path"]
    return count


def _entries(server: ServerProcess) -> int:
    """How many files of the tree the log tells of; one that is told of twice counts twice."""
    count, since = 0, 0
    with server.resp_client(3) as client:
        while page := client.call("HISTORY", "SINCE", since, "COUNT", 1_000, "KIND", "file"):
            count += sum(1 for entry in page if entry["path"].startswith(f"{TREE}/"))
            since = page[-1]["seq"]
    return count


def _files(folder: Path) -> int:
    return sum(len([name for name in names if not name.endswith(".part")]) for _, _, names in os.walk(folder))
