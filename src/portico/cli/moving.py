"""What `get` and `put` have in common: several transfers at once, shown, summed up, and gone on with.

A `Transfer` is one of the arguments; a `Mover` runs them, a few at a time, and tells of each in the order of
the arguments. What goes wrong with one is said and the others go on, unless the server is away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portico.cli import output
from portico.cli.errors import with_replace
from portico.cli.live import Live
from portico.cli.main import verdict
from portico.client.meter import Meter, outcome, share
from portico.client.transfer.values import FileProgress, TreeProgress, TreeSummary
from portico.model.errors import Exists, PorticoError, Unavailable
from portico.model.files import FileFacts
from portico.model.replies import file_map
from portico.wire.lines import one_line

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient

AT_ONCE = 4
"""Transfers under way together: one alone mostly fills the line; a few hide how long each takes to begin."""

FAILURES = 10
"""Files of one folder that are told of one by one when they fail."""

Done = FileFacts | TreeSummary

Tell = Callable[[FileProgress | TreeProgress], None]

Work = Callable[["AsyncClient", Tell], Coroutine[Any, Any, Done]]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One of the arguments.

    `name` is what the person calls it, `result` what it prints in a pipe (empty: the path it has in the
    repository), `ends` where it begins or ends here, for programs; of many files also their `path` there.
    """

    name: str
    result: str
    ends: dict[str, str]
    work: Work


class Mover:
    """Runs transfers; `code` is the exit code, that of the first that failed.

    `verb` is what happens to them. `prints`: standard output is not taken by the bytes of a file; `resumes`:
    what is interrupted can be gone on with.
    """

    def __init__(self, arguments: argparse.Namespace, verb: str, *, prints: bool, resumes: bool) -> None:
        """Begin with nothing under way."""
        self.code = 0
        self._json, self._verb, self._prints, self._resumes = arguments.json, verb, prints, resumes
        self._meter = Meter()
        self._live = Live(self._meter, shown=prints or not output.on_terminal())
        self._begun = False
        self.say = self._live.say

    async def run(self, client: AsyncClient, transfers: Sequence[Transfer]) -> None:
        """Do them all; raise what concerns all of them."""
        gate, self._meter.waiting = asyncio.Semaphore(AT_ONCE), len(transfers)
        tasks = [asyncio.ensure_future(self._one(client, each, gate)) for each in transfers]
        try:
            async with self._live.drawing():
                for transfer, task in zip(transfers, tasks, strict=True):
                    try:
                        self._report(transfer, *(await task))
                    except Unavailable:
                        raise
                    except PorticoError as error:
                        if isinstance(error.__cause__, BrokenPipeError):
                            raise BrokenPipeError from None
                        self._failed(error)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(
        self, client: AsyncClient, transfer: Transfer, gate: asyncio.Semaphore
    ) -> tuple[Done, float]:
        async with gate:
            began = time.monotonic()
            self._begun = True
            self._meter.waiting -= 1
            self._live.begin(f"{transfer.name} ...")
            try:
                done = await transfer.work(client, lambda news: self._heard(transfer.name, news))
            finally:
                self._meter.end(transfer.name)
            return done, time.monotonic() - began

    def _heard(self, name: str, news: FileProgress | TreeProgress) -> None:
        new = name not in self._meter.tracks
        self._meter.heard(name, news, time.monotonic())
        if new and isinstance(news, FileProgress) and news.resumed_from and news.size:
            self._live.say(f"{name}: resuming at {share(news.resumed_from, news.size)}")

    def _report(self, transfer: Transfer, done: Done, seconds: float) -> None:
        if self._json:
            output.lines([output.as_json(_facts(transfer, done))], now=True)
        elif self._prints and not output.on_terminal():
            output.lines([transfer.result or _facts(transfer, done)["path"]], now=True)
        self._live.end(f"{transfer.name}: {outcome(done, f'{self._verb} in {seconds:.1f} s')}")
        if isinstance(done, TreeSummary):
            for failure in done.failures[:FAILURES]:
                self._failed(failure.error, failure.where)
            more = len(done.failures) - FAILURES
            if more > 0:
                self._live.say(f"error: {more:,} more failed; --json tells which and why")

    def _failed(self, error: PorticoError, where: str = "") -> None:
        sentence, code = verdict(with_replace(error) if isinstance(error, Exists) else error)
        self.code = self.code or code
        self._live.say(one_line(f"error: {where}{sentence}"))

    def interrupted(self) -> None:
        """Say how to go on; a signal's handler may be in the middle of anything, so it writes by itself."""
        if self._begun and self._resumes:
            again = output.clean(shlex.join(["portico", *sys.argv[1:]]))
            with contextlib.suppress(OSError):
                os.write(2, f"{self._live.gone()}to go on: {again}\n".encode(errors="replace"))


def _facts(transfer: Transfer, done: Done) -> dict[str, Any]:
    """Return what programs are told."""
    if isinstance(done, FileFacts):
        return {**file_map(done), **transfer.ends}
    failed = [
        {"path": each.path, "code": each.error.code, "message": each.error.sentence} for each in done.failures
    ]
    return {
        **transfer.ends,
        "files": done.files,
        "bytes": done.bytes,
        "same": done.same,
        "failed": failed,
    }
