"""The real server as a process of its own, started, watched, killed and started again by tests."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from tests.support.plain import LineClient
from tests.support.resp import RespClient
from tests.support.stream import PATIENCE

Flag = str | int | bool | Path

LISTENING = re.compile(r"Server is listening on (?P<host>\S+):(?P<port>\d+)$")


class ServerDidNotStart(Exception):
    """It ended, or said nothing in time; what it printed is in the message."""


class ServerProcess:
    """One server on one directory. Its port stays the same from start to start.

    Flags are keywords: `max_clients=50` is `--max-clients 50`, `read_only=True` is `--read-only`, and False
    leaves a flag out.
    """

    def __init__(self, directory: Path, env: dict[str, str] | None = None, **flags: Flag) -> None:
        self.directory = directory
        self.env = env or {}
        self.flags: dict[str, Flag] = {"port": 0, **flags}
        self.port = 0
        self.console: list[str] = []
        self.errors: list[str] = []
        self._news = threading.Condition()
        self._readers: list[threading.Thread] = []
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the server was not started"
        return self._process

    @property
    def scheme(self) -> str:
        """Of its address in a browser."""
        return "https" if self.flags.get("tls") or self.flags.get("tls_cert") else "http"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "ServerProcess":
        """Starts it and returns once it listens."""
        self.console, self.errors = [], []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portico", "serve", str(self.directory), *arguments(self.flags)],
            env=clean_environment() | self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._readers = [
            self._read(self._process.stdout, self.console),
            self._read(self._process.stderr, self.errors),
        ]
        self._wait_until_it_listens()
        return self

    def wait_for(self, text: str, timeout: float = PATIENCE) -> str:
        """The first console line that contains this text, waited for."""
        with self._news:
            self._news.wait_for(lambda: self._find(text) or not self._reading(), timeout)
            found = self._find(text)
        assert found is not None, f"no console line has {text!r}; there are {self.console}"
        return found

    def terminate(self, timeout: float = PATIENCE) -> int:
        """Sends SIGTERM and returns the exit code."""
        self.process.terminate()
        return self.wait_until_it_ends(timeout)

    def kill(self) -> None:
        """Sends SIGKILL: no server code runs after this."""
        self.process.kill()
        self.wait_until_it_ends()

    def wait_until_it_ends(self, timeout: float = PATIENCE) -> int:
        """Returns the exit code, once all it printed is read too."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code

    def restart(self, **flags: Flag) -> "ServerProcess":
        """Starts it again on the same directory and port, with these flags over the earlier ones."""
        if self.running:
            self.terminate()
        self.flags |= {"port": self.port, **flags}
        return self.start()

    def stop(self) -> None:
        """Ends it whatever it does: asked first, then killed."""
        if not self.running:
            return
        try:
            self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()

    def line_client(self) -> LineClient:
        return LineClient(self.port)

    def resp_client(self, protocol: int = 2) -> RespClient:
        return RespClient(self.port, protocol)

    def _read(self, pipe: IO[str] | None, lines: list[str]) -> threading.Thread:
        assert pipe is not None
        thread = threading.Thread(target=self._collect, args=(pipe, lines), daemon=True)
        thread.start()
        return thread

    def _collect(self, pipe: IO[str], lines: list[str]) -> None:
        with pipe:
            for line in pipe:
                with self._news:
                    lines.append(line.removesuffix("\n"))
                    self._news.notify_all()

    def _find(self, text: str) -> str | None:
        return next((line for line in self.console if text in line), None)

    def _reading(self) -> bool:
        return any(reader.is_alive() for reader in self._readers)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._reading():
            with self._news:
                self._news.wait(0.05)
                found = LISTENING.match(self._find("Server is listening on") or "")
                waits = self._find("Server waiting for connection...")
            if found and waits:
                self.port = int(found["port"])
                return
        self.kill()
        raise ServerDidNotStart(
            f"exit code {self.process.returncode}\nstdout: {self.console}\nstderr:\n" + "\n".join(self.errors)
        )


def arguments(flags: dict[str, Flag]) -> list[str]:
    """Flags as the command line wants them."""
    result: list[str] = []
    for name, value in flags.items():
        if value is not False:
            result.append("--" + name.replace("_", "-"))
        if not isinstance(value, bool):
            result.append(str(value))
    return result


def clean_environment() -> dict[str, str]:
    """This environment without PORTICO_..., which would be flags of the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
