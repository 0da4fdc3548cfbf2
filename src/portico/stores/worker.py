"""A thread that does one job after the other for an event loop.

SQLite blocks, and an fsync takes as long as the disk likes, so each connection lives in a thread of its own.
`asyncio.to_thread` would do, but goes through a pool, a lock and a second future; here a job is put on a
`SimpleQueue` and its answer comes back by one `call_soon_threadsafe`.

A job that was handed over is done even when nobody waits any more: who is cancelled while appending cannot
know whether the batch is stored, and asks again with the same key.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")

_Task = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Worker:
    """One thread and its queue; started by the first job, ended by `stop`."""

    def __init__(self, name: str) -> None:
        """Name the thread, as it will be seen in stack dumps."""
        self._name = name
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(
        self, job: Callable[Given, Made], *args: Given.args, **named: Given.kwargs
    ) -> asyncio.Future[Made]:
        """Queue a job; the future may be forgotten, but cancelling it does not call the job back."""
        if self._thread is None:
            # A daemon: a program that ends without `stop` must not hang; a WAL survives a killed commit.
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Made] = loop.create_future()
        future.add_done_callback(_retrieve)
        self._queue.put((lambda: job(*args, **named), loop, future))
        return future

    async def run(self, job: Callable[Given, Made], *args: Given.args, **named: Given.kwargs) -> Made:
        """Queue a job and wait for what it returns or raises."""
        return await asyncio.shield(self.submit(job, *args, **named))

    async def stop(self, last: Callable[[], None]) -> None:
        """Finish all that is queued, do one last job and end the thread; without one do nothing."""
        if self._thread is None:
            return
        done = self.submit(last)
        self._queue.put(None)
        self._thread = None
        await asyncio.shield(done)

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            job, loop, future = task
            value, error = _outcome(job)
            # The loop may be gone: then nobody waits for the answer either.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, future, value, error)


def _outcome(job: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return job(), None
    except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
        return None, error


def _settle(future: asyncio.Future[Any], value: object, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


def _retrieve(future: asyncio.Future[Any]) -> None:
    # An error nobody waits for any more is no reason for asyncio to complain.
    if not future.cancelled():
        future.exception()
