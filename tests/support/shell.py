"""The `portico` command as a process of its own: where start-up, pipes, signals or exit codes matter."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Self

from tests.support.server import ServerProcess, clean_environment
from tests.support.stream import PATIENCE

COMMAND = (sys.executable, "-m", "portico")


def environment(server: ServerProcess | None = None, **variables: str) -> dict[str, str]:
    """This environment, with the server to talk to."""
    where = {"PORTICO_SERVER": f"127.0.0.1:{server.port}"} if server else {}
    return {**clean_environment(), **where, **variables}


def run(
    *arguments: str | bytes, env: Mapping[str, str], timeout: float = 2 * PATIENCE, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """Runs it to its end; options are those of `subprocess.run`."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run([*COMMAND, *arguments], env=env, timeout=timeout, check=False, **options)


class Running:
    """A command that goes on; ends with the `with` block at the latest."""

    def __init__(self, *arguments: str, env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().removesuffix("\n")

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[int, str, str]:
        """Waits for its end: exit code, the rest of its output, what it said."""
        out, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def on_terminal(*arguments: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Runs it on a terminal of its own; its exit code and what the terminal shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*COMMAND, *arguments], env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = bytearray()
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:
            # The end of a terminal, on Linux.
            break
        if not data:
            break
        shown += data
    os.close(ours)
    return process.wait(PATIENCE), shown.decode().replace("\r\n", "\n")


def imported(*arguments: str, env: Mapping[str, str]) -> set[str]:
    """The modules that a command loads until its end."""
    command = [sys.executable, "-X", "importtime", "-m", "portico", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return set(re.findall(r"\| +(\S+)$", done.stderr, re.MULTILINE))
