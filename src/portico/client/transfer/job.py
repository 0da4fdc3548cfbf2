"""A thread that works for an event loop: it reports, and can be stopped.

The thread is plain blocking code. What could keep it waiting is known here (its socket, its pauses), so that
cancelling the coroutine ends the thread at once, not at the next byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from portico.model.errors import PorticoError

T = TypeVar("T")

REPORT_SECONDS = 0.1
"""Between two reports: as often as an eye wants it."""

LEAVE_SECONDS = 2.0
"""How long a cancelled coroutine waits for its thread, which may hang in a disk or a pipe."""


class Stopped(BaseException):
    """The work was given up by who wanted it; not an error, so that nothing takes it for one."""


class Job:
    """One piece of work: what its thread may ask of the event loop, and how the loop ends it.

    `moved` counts what went forward; who waits for a lost server sees by it whether it is worth it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[..., None] | None) -> None:
        """Begin; `tell` takes the reports, in the loop's thread."""
        self.moved = 0
        self._loop, self._tell = loop, tell
        self._next = 0.0
        self._over = threading.Event()
        self._guard = threading.Lock()
        self._sockets: set[socket.socket] = set()

    # Asked by the thread

    def report(self, make: Callable[[], object], *, last: bool = False) -> None:
        """Pass on how far it is, unless that was just done; the last report is always passed on."""
        now = time.monotonic()
        if self._tell is None or (now < self._next and not last):
            return
        self._next = now + REPORT_SECONDS
        self._call(self._tell, make())

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to hear it
            self._loop.call_soon_threadsafe(function, *arguments)

    def check(self) -> None:
        """Raise `Stopped` when the work is not wanted any more."""
        if self._over.is_set():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait; raise `Stopped` as soon as the work is not wanted any more."""
        if self._over.wait(seconds):
            raise Stopped

    def holds(self, sock: socket.socket) -> None:
        """Take note of a socket that the thread waits at."""
        with self._guard:
            self._sockets.add(sock)
        self.check()

    def leaves(self, sock: socket.socket) -> None:
        """Take note that it does so no more."""
        with self._guard:
            self._sockets.discard(sock)

    # Asked by the loop

    def stop(self) -> None:
        """End the work: whatever the thread waits for ends now."""
        with self._guard:
            self._over.set()
            sockets = list(self._sockets)
        for sock in sockets:
            with contextlib.suppress(OSError):
                # That of `ssl.SSLSocket` lets go of TLS first: what the thread sends then would go out plain.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


async def run(work: Callable[[Job], T], tell: Callable[..., None] | None = None) -> T:
    """Do blocking work in a thread of its own; cancelled, end it."""
    loop = asyncio.get_running_loop()
    job = Job(loop, tell)
    done: asyncio.Future[T] = loop.create_future()
    thread = threading.Thread(target=_work, args=(job, work, done), name="portico transfer", daemon=True)
    thread.start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        job.stop()
        await asyncio.wait([done], timeout=LEAVE_SECONDS)
        if done.done() and not done.cancelled():
            done.exception()  # it is given up, whatever it was
        raise


def _work(job: Job, work: Callable[[Job], T], done: asyncio.Future[T]) -> None:
    """Be the thread."""
    try:
        result = work(job)
    except Stopped:
        job._call(_settle, done, None, PorticoError("the transfer was given up"))  # noqa: SLF001 - one thing
    except BaseException as error:  # noqa: BLE001 - it goes to who waits for it
        job._call(_settle, done, None, error)  # noqa: SLF001 - one thing
    else:
        job._call(_settle, done, result, None)  # noqa: SLF001 - one thing


def _settle(done: asyncio.Future[T], result: T, error: BaseException | None) -> None:
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)
