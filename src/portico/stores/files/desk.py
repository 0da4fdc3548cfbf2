"""One client's way to the files: a queue of jobs that a pool of threads works off in batches.

The loop only queues. What one turn of it has queued is handed to a thread together, and the answers come back
together, by one call: so many small files cost a thread's wake-up once, not each. A desk is served by one
thread at a time, which keeps its order; different desks run side by side. What the jobs do is in `batch`.

A body that is being received ends a batch, and the queue waits for its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

from portico.model.errors import Unavailable
from portico.model.files import Author, Order
from portico.model.later import Later
from portico.stores.files.batch import Answer, Batch, Client, Job, Premises
from portico.stores.files.ranges import FileRange
from portico.stores.files.sinks import UploadSink


class DirectoryDesk:
    """Implements `portico.ports.Desk`. To be used from one event loop; `left` is called at the very end."""

    def __init__(self, premises: Premises, left: Callable[[DirectoryDesk], object]) -> None:
        self._premises, self._left = premises, left
        self._loop = asyncio.get_running_loop()
        self._jobs: deque[Job] = deque()
        self._client = Client(self._resume, self._report)
        self._running = self._held = self._gone = False

    # --- what is asked: on the loop ---

    def read(self, path: str, offset: int, count: int, etag: str) -> Later:
        """Answer with a range of a file; see the port."""
        return self._ask(Batch.read, path, offset, count, etag)

    def stat(self, path: str) -> Later:
        """Answer with the facts of a file; see the port."""
        return self._ask(Batch.stat, path)

    def put(self, order: Order, most: int) -> Later:
        """Begin or continue an upload; see the port."""
        return self._ask(Batch.put, order, most)

    def progress(self, upload: str) -> Later:
        """Answer with how far an upload has come; see the port."""
        return self._ask(Batch.progress, upload)

    def write(self, upload: str, offset: int, data: bytes) -> Later:
        """Write bytes to an upload; see the port."""
        return self._ask(Batch.write, upload, offset, data)

    def receive(self, upload: str, offset: int, size: int) -> Later:
        """Answer with a sink for bytes of an upload; see the port."""
        return self._ask(Batch.receive, upload, offset, size)

    def finish(self, upload: str, author: Author) -> Later:
        """End an upload; see the port."""
        return self._ask(Batch.finish, upload, author)

    def cancel(self, upload: str) -> Later:
        """Forget an upload; see the port."""
        return self._ask(Batch.cancel, upload)

    def remove(self, path: str, author: Author) -> Later:
        """Remove a file; see the port."""
        return self._ask(Batch.remove, path, author)

    def move(self, origin: str, path: str, author: Author, *, replace: bool) -> Later:
        """Give a file another path; see the port."""
        return self._ask(Batch.move, origin, path, author, replace)

    def close(self) -> None:
        """Leave: changes and writes that were asked for are still done and told, nothing is read any more."""
        if self._client.left:
            return
        self._client.left = True
        self._held = False
        self._start()

    # --- batches ---

    def _ask(self, job: Callable[..., Any], *args: Any) -> Later:  # noqa: ANN401 - the job's
        later = Later()
        if self._client.left:
            later.resolve(_closed())
            return later
        self._jobs.append((job, args, later))
        if not self._running and not self._held:
            self._running = True
            # Not at once: what the same turn of the loop asks for besides goes along.
            self._loop.call_soon(self._go)
        return later

    def _start(self) -> None:
        if not self._running and not self._held:
            self._running = True
            self._go()

    def _go(self) -> None:
        try:
            self._premises.pool.submit(self._work)
        except RuntimeError:
            self._running = False
            for _, _, later in self._jobs:
                later.resolve(_closed())
            self._jobs.clear()

    def _work(self) -> None:
        """Do a batch, in a thread."""
        answers: list[Answer] = []
        held = False
        try:
            with self._premises.handles() as handles:
                batch = Batch(self._premises, self._client, handles, answers)
                held = batch.work(self._jobs)
                batch.end()
            if self._client.left and not self._jobs:
                self._leave()
        finally:
            # The loop may be gone: then nobody waits for the answers either.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._answer, answers, held)

    def _answer(self, answers: list[Answer], held: bool) -> None:  # noqa: FBT001 - called by the loop
        self._running = False
        self._held = held and not self._client.left
        for later, value in answers:
            if self._client.left and isinstance(value, FileRange | UploadSink):
                value.close()
            else:
                later.resolve(value)
        if self._jobs or (self._client.left and not self._gone):
            self._start()
        elif self._client.left:
            self._left(self)

    def _resume(self) -> None:
        """Go on after a body; called by whoever ends its sink."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._let_on)

    def _report(self, mistake: Exception) -> None:
        """Have the event loop tell of a mistake; called by the thread."""
        context = {"message": "a job of a desk has failed", "exception": mistake}
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.call_exception_handler, context)

    def _let_on(self) -> None:
        if self._held:
            self._held = False
            if self._jobs:
                self._start()

    def _leave(self) -> None:
        """Let others go on with the uploads."""
        for upload in self._client.uploads.values():
            upload.leave(self._client)
        self._client.uploads.clear()
        self._gone = True


def _closed() -> Unavailable:
    return Unavailable("the repository is closed; connect again later")
