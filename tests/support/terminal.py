"""A program in a real pseudo-terminal, and what a person sees there."""

import codecs
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

from tests.support.server import clean_environment
from tests.support.stream import PATIENCE

BECOME_LEADER = 'exec "$@" <"$0" >"$0" 2>&1'
"""For sh in a session of its own: the terminal it opens first is the one that controls it."""

SCROLLED_LINES = 20_000

ENTER, TAB, CTRL_C, CTRL_D, UP = "\r", "\t", "\x03", "\x04", "\x1b[A"


class Terminal:
    """One program, its keyboard and its screen; the program ends with the block."""

    def __init__(
        self, *command: str, columns: int = 80, lines: int = 24, env: dict[str, str] | None = None
    ) -> None:
        self.raw = bytearray()
        self._screen = pyte.HistoryScreen(columns, lines, history=SCROLLED_LINES, ratio=1.0)
        self._stream = pyte.Stream(self._screen)
        self._news = threading.Condition()
        self._master, slave = os.openpty()
        self._set_size(columns, lines)
        base = {**clean_environment(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        base.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            ["sh", "-c", BECOME_LEADER, os.ttyname(slave), *command],
            env=base | (env or {}),
            start_new_session=True,
        )
        self._slave = slave  # open until the end: else Linux reports an error before the program opens it
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # What a person does

    def press(self, *keys: str) -> None:
        """Presses keys."""
        data = "".join(keys).encode()
        while data:
            data = data[os.write(self._master, data) :]

    def enter(self, line: str) -> None:
        """Types a line."""
        self.press(line, ENTER)

    def resize(self, columns: int, lines: int) -> None:
        """Makes the window another size."""
        with self._news:
            self._screen.resize(lines, columns)
        self._set_size(columns, lines)

    # What a person sees

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without empty lines at its end."""
        with self._news:
            return self._display()

    @property
    def everything(self) -> list[str]:
        """The same, with what has scrolled away."""
        with self._news:
            return [_text(line, self._screen.columns) for line in self._screen.history.top] + self._display()

    @property
    def bottom(self) -> str:
        """The last line."""
        return (self.lines or [""])[-1]

    def wait_until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> None:
        """Waits until something is true of what is seen."""
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, "on the screen stands\n" + "\n".join(self.lines)
            with self._news:
                self._news.wait(min(left, 0.1))

    def shows(self, *texts: str, timeout: float = PATIENCE) -> None:
        """Waits until all these texts have been seen; each may also be a line that has scrolled away."""
        self.wait_until(lambda: all(any(text in line for line in self.everything) for text in texts), timeout)

    def prompts(self, line: str) -> None:
        """Waits until the last line is this one."""
        self.wait_until(lambda: self.bottom == line)

    def ends(self, code: int = 0) -> None:
        """Waits until the program ends, with this exit code."""
        assert self.process.wait(PATIENCE) == code, "\n".join(self.lines)

    def idle(self) -> None:
        """Waits until the program uses next to no processor time."""
        deadline = time.monotonic() + PATIENCE
        while (before := cpu_seconds(self.process.pid)) is not None:
            time.sleep(0.5)
            used = (cpu_seconds(self.process.pid) or 0.0) - before
            if used <= 0.1:
                return
            assert time.monotonic() < deadline, f"it still used {used} s of 0.5"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        os.close(self._slave)
        self._reader.join(PATIENCE)
        os.close(self._master)

    # Within

    def _display(self) -> list[str]:
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with suppress(OSError):  # how Linux says that nobody has the other end open
            while data := os.read(self._master, 65_536):
                with self._news:
                    self.raw += data
                    self._stream.feed(decoder.decode(data))
                    self._news.notify_all()


def prompt(port: int, *arguments: str, **options: Any) -> Terminal:
    """`portico connect` in a terminal; it remembers nothing unless `env` says where."""
    command = [sys.executable, "-m", "portico", "connect", "-s", f"127.0.0.1:{port}", *arguments]
    options["env"] = {"XDG_STATE_HOME": os.devnull, **options.get("env", {})}
    return Terminal(*command, **options)


def cpu_seconds(pid: int) -> float | None:
    """The processor time a process has used; None where the system does not tell."""
    with suppress(OSError):
        fields = re.sub(r"^.*\) ", "", Path(f"/proc/{pid}/stat").read_text()).split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None


def _text(line: Any, columns: int) -> str:
    """A line that has scrolled away; a wide character has an empty cell behind it."""
    return "".join(line[column].data for column in range(columns)).rstrip()
