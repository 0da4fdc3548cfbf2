"""Files on their way while a person talks: begun by a line, told of when they are there, never in the way.

An errand goes on by itself, on connections of its own. It tells of its end through `tell`; how far each is
stands in `lines`, for whoever has a place to show it. What is stopped leaves what it has, and the same line
again goes on with it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from portico.client.aio import AsyncClient
from portico.client.meter import Meter, outcome, share
from portico.client.prompt.own import Deposit, Fetch
from portico.client.prompt.wording import Shown, notice, trouble
from portico.client.transfer.values import FileProgress, TreeProgress, TreeSummary
from portico.model.errors import PorticoError
from portico.model.files import FileFacts
from portico.model.patterns import Pattern
from portico.wire.lines import one_line

Errand: TypeAlias = Fetch | Deposit

Done = FileFacts | TreeSummary

Work = Coroutine[Any, Any, Done]

Tell = Callable[[FileProgress | TreeProgress], None]

FAILURES = 3
"""Files of many that are told of one by one when they fail."""


class Errands:
    """The transfers of one prompt.

    `began` is called when there is something to show, `mistake` with what nobody thought of.
    """

    def __init__(
        self, client: AsyncClient, tell: Callable[[Shown], None], mistake: Callable[[BaseException], None]
    ) -> None:
        """Begin with none."""
        self.began: Callable[[], None] = lambda: None
        self._client, self._tell, self._mistake = client, tell, mistake
        self._meter = Meter()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._after: Callable[[], None] | None = None

    @property
    def under_way(self) -> int:
        """How many there are."""
        return len(self._tasks)

    def begin(self, errand: Errand) -> str:
        """Begin one; return what to say about it. Raise `PorticoError` for one that cannot be."""
        name = errand.name
        if name in self._tasks:
            raise PorticoError(f"{name} is on its way already; /cancel {name} stops it")
        task = asyncio.ensure_future(self._run(errand))
        self._tasks[name] = task
        task.add_done_callback(partial(self._ended, name))
        self.began()
        return f"{errand.doing} {name}"

    def stop(self, name: str) -> bool:
        """Stop one; False when there is none of that name."""
        return name in self._tasks and self._tasks[name].cancel()

    def lines(self, cells: int) -> list[str]:
        """Return how far they are, in lines of at most so many cells."""
        return self._meter.lines(cells, time.monotonic())

    def when_done(self, call: Callable[[], None]) -> None:
        """Call when nothing is under way, at once if nothing is."""
        if self._tasks:
            self._after = call
        else:
            call()

    async def close(self) -> None:
        """Stop them all; what they have stays."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, errand: Errand) -> None:
        name, tell = errand.name, self._heard(errand.name)
        try:
            self._report(errand, await _work(self._client, errand, tell))
        except PorticoError as error:
            sentence = error.sentence.replace("or replace it", "or type replace at the end of the line")
            self._tell(trouble(f"{name}: {sentence}"))

    def _report(self, errand: Errand, done: Done) -> None:
        if isinstance(done, TreeSummary):
            for failure in done.failures[:FAILURES]:
                self._tell(trouble(one_line(f"{failure.where}{failure.error.sentence}")))
        self._tell(notice(f"{errand.name}: {outcome(done, errand.done)}"))

    def _heard(self, name: str) -> Tell:
        def hear(news: FileProgress | TreeProgress) -> None:
            if name not in self._tasks:
                return  # it came late, behind the end
            new = name not in self._meter.tracks
            self._meter.heard(name, news, time.monotonic())
            if new and isinstance(news, FileProgress) and news.resumed_from and news.size:
                self._tell(notice(f"{name}: resuming at {share(news.resumed_from, news.size)}"))

        return hear

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._tell(notice(f"{name}: stopped; the same again goes on with it"))
        elif (error := task.exception()) is not None:
            self._mistake(error)
        del self._tasks[name]
        self._meter.end(name)
        if not self._tasks and self._after is not None:
            after, self._after = self._after, None
            after()


def _work(client: AsyncClient, errand: Errand, tell: Tell) -> Work:
    return _fetch(client, errand, tell) if isinstance(errand, Fetch) else _deposit(client, errand, tell)


def _fetch(client: AsyncClient, errand: Fetch, tell: Tell) -> Work:
    name, dest = errand.name, _here(errand.dest or ".")
    if name.endswith("/") or not Pattern(name).exact:
        return client.get_tree(name.rstrip("/"), dest, progress=tell)
    return client.get(name, dest, progress=tell)


def _deposit(client: AsyncClient, errand: Deposit, tell: Tell) -> Work:
    source, path, replace = _here(errand.name), errand.path or None, errand.replace
    if Path(source).is_dir():
        return client.put_tree(source, path, replace=replace, progress=tell)
    return client.put(source, path, replace=replace, progress=tell)


def _here(path: str) -> str:
    """Return a path of this machine as it was meant."""
    return os.path.expanduser(path)  # noqa: PTH111 - a Path forgets the / at the end
