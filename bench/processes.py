"""Starting, watching and ending the processes that are measured. Linux: what they use is read from /proc.

A server writes its output to a file in its own directory, so that nobody has to drain a pipe while time is
taken. Only processes started here are ended, each by its own id.
"""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import BenchError

START_SECONDS = 30.0
END_SECONDS = 15.0
POLL = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """One running server: its process id, its output, what it uses."""

    def __init__(self, name: str, arguments: Sequence[str], output: Path) -> None:
        """Start it, its output going to the file `output`; `name` is for sentences."""
        self.name = name
        self.output = output
        with output.open("wb") as file:
            self._popen = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            )
        self.pid = self._popen.pid

    def wait_for(self, marker: str, seconds: float = START_SECONDS) -> str:
        """The first line of the output that holds `marker`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = self._popen.poll() is not None
            for line in self.text().splitlines(keepends=True):
                if marker in line and line.endswith("\n"):
                    return line.rstrip()
            if ended:
                break
            time.sleep(POLL)
        tail = " | ".join(self.text().splitlines()[-3:]) or "it printed nothing"
        raise BenchError(f"{self.name} did not say {marker!r} when started: {tail}")

    def wait_to_listen(self, host: str, port: int, seconds: float = START_SECONDS) -> None:
        """Wait until it accepts connections, for those that say nothing when they do."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._popen.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((host, port), seconds):
                return
            time.sleep(POLL)
        raise BenchError(
            f"{self.name} did not listen when started: {self.text()[-300:] or 'it printed nothing'}"
        )

    def text(self) -> str:
        """Everything it has printed."""
        return self.output.read_text("utf-8", "replace")

    def cpu(self) -> float:
        """Processor seconds so far, user and system: all threads, and the children of servers that fork."""
        return (
            _ticks(self._proc("stat")) + sum(_family_ticks(child) for child in _children(self.pid))
        ) / TICKS

    def rss(self) -> int:
        """Resident memory in bytes."""
        line = next(line for line in self._proc("status").splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def descriptors(self) -> int:
        """How many descriptors it holds open: the only way to see a silent connection being accepted."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def settle(self, seconds: float = 3.0) -> None:
        """Wait until it has been idle for a moment: what one run left to do must not burden the next."""
        deadline = time.monotonic() + seconds
        before = -1.0
        while before != (now := self.cpu()) and time.monotonic() < deadline:
            before = now
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait(END_SECONDS)

    def stop(self) -> None:
        """Ask it to end, and after a while insist."""
        if self._popen.poll() is None:
            self._popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(END_SECONDS)
        if self._popen.poll() is None:
            self.kill()

    def _proc(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{name}").read_text("utf-8")
        except (FileNotFoundError, ProcessLookupError):
            raise BenchError(f"{self.name} ended while it was measured: {self.text()[-300:]}") from None


def _ticks(stat: str) -> int:
    """What a process has used, and those of its children that have ended and were waited for."""
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _family_ticks(pid: int) -> int:
    """The same for one that may end at any moment."""
    below = sum(_family_ticks(child) for child in _children(pid))
    try:
        return below + _ticks(Path(f"/proc/{pid}/stat").read_text("utf-8"))
    except (FileNotFoundError, ProcessLookupError):
        return below


def own_cpu() -> float:
    """Processor seconds of this process and of the children it has waited for: the generators."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def machine_cpu() -> float:
    """Processor seconds of the whole machine, and those a host gave to other machines ("steal")."""
    with Path("/proc/stat").open(encoding="utf-8") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def free_port() -> int:
    """A port that was free a moment ago, for servers that cannot choose one themselves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def descriptors(wanted: int) -> Iterator[None]:
    """Raise the soft limit of open descriptors for a while; a clear sentence when the hard one is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise BenchError(
            f"{wanted} open descriptors are needed, the hard limit is {hard}: raise `ulimit -Hn`"
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
