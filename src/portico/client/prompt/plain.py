"""The prompt without a line editor: for pipes, and for terminals that can only print."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator

from portico.client.prompt.outlet import Outlet
from portico.client.prompt.paint import Paint
from portico.client.prompt.talk import Talk
from portico.client.prompt.typed import LINE_BYTES
from portico.client.prompt.wording import HINT, notice

CHUNK = 65_536


class Lines:
    """The lines of standard input, read by a thread: files, pipes and terminals alike.

    The thread is never far ahead of who reads, and a line that is too long to be sent comes cut, but still
    too long. It reads the descriptor itself: one that hangs in `sys.stdin` would keep its lock to the end.
    """

    def __init__(self, fd: int = 0) -> None:
        """Begin to read."""
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._wanted = threading.Semaphore(2)
        threading.Thread(target=self._read, name="input", daemon=True).start()

    def _read(self) -> None:
        data = b"..."
        while data:
            self._wanted.acquire()
            try:
                data = os.read(self._fd, CHUNK)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, data)
            except RuntimeError:
                return  # the loop is closed, and nobody reads any more

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield the lines without their ends, a last one without an end too."""
        held = b""
        while data := await self._chunks.get():
            self._wanted.release()
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                yield _text(line)
            held = held[: LINE_BYTES + 2]
        if held:
            yield _text(held)


def _text(line: bytes) -> str:
    """Decode a line: UTF-8, or else what the terminal speaks; what is no text is refused later (PEP 383)."""
    line = line.removesuffix(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(sys.stdin.encoding or "utf-8", "surrogateescape")


class Plain:
    """Reads lines, writes answers; with a prompt when somebody sits there."""

    def __init__(self, talk: Talk, paint: Paint, *, person: bool) -> None:
        """Write to standard output."""
        self._talk, self._person = talk, person
        self._at_prompt = False
        self._broken: OSError | None = None
        self._outlet = Outlet(self._write, paint, fold=person)
        talk.show = self._outlet.show

    async def run(self) -> None:
        """Talk until the end of the input, and until everything is answered."""
        if self._person:
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._hint)
        self._prompt()
        reading = asyncio.ensure_future(self._read())
        try:
            await self._talk.run()
            self._outlet.flush()
        finally:
            reading.cancel()
            if self._broken is not None:
                raise self._broken

    async def _read(self) -> None:
        async for line in Lines():
            self._at_prompt = False
            self._talk.typed(line)
            if not line:
                self._prompt()
            await self._talk.until_fewer()
        self._talk.finish()

    def _prompt(self) -> None:
        if self._person:
            self._at_prompt = True
            self._out(f"{self._talk.name}: ")

    def _hint(self) -> None:
        """Show how to leave, to somebody who pressed Ctrl-C: the terminal has dropped the line."""
        self._outlet.show([notice(HINT)])

    def _write(self, text: str) -> None:
        """Write below the line that may be being typed, and offer the next."""
        self._out(f"\n{text}" if self._at_prompt and self._person else text)
        if not self._talk.over and (self._talk.lost or not self._talk.unanswered):
            self._prompt()

    def _out(self, text: str) -> None:
        """Write; when nobody reads any more, there is nobody to talk for."""
        if self._broken is not None:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as error:
            self._broken = error
            self._talk.leave_now()
