"""Real netcat processes, as a person starts them in a terminal (OpenBSD's netcat)."""

import subprocess
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.stream import PATIENCE


class Netcat:
    """`nc 127.0.0.1 PORT`: what is typed goes in, what it shows is read line by line."""

    def __init__(self, port: int) -> None:
        self.typed: list[str] = []
        self.shown: list[str] = []
        self._unread: deque[str] = deque()
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            ["nc", "127.0.0.1", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def enter(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line it shows; EOFError when it ended."""
        with self._news:
            assert self._news.wait_for(lambda: self._unread or self._ended, PATIENCE), f"only {self.shown}"
            if not self._unread:
                raise EOFError(f"nc ended after {self.shown}")
            return self._unread.popleft()

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def ask(self, line: str, answers: int = 1) -> str:
        """Types a line and returns the next ones, joined."""
        self.enter(line)
        return "\n".join(self.lines(answers))

    def ends(self) -> None:
        """The server has closed, and nothing more is shown."""
        with self._news:
            assert self._news.wait_for(lambda: self._ended, PATIENCE), "nc still runs"
        assert not self._unread, f"it showed {list(self._unread)}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                with self._news:
                    self.shown.append(line.removesuffix("\n"))
                    self._unread.append(line.removesuffix("\n"))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin
        self.kill()
        with suppress(BrokenPipeError):
            self.process.stdin.close()
