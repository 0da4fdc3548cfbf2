"""What transfers promise, while connections are cut, the server is killed, and the clients are.

Movers deposit files whose names tell their content and fetch them back, through a proxy that counts and
cuts. Beside them a process looks all the time for a file that is not whole under its final name, in the
repository and at the fetches' target. In the end the log is held against what was deposited, and the bytes
that passed against those that had to.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faults import contents
from faults.contents import MIB
from faults.watcher import Seen, watching
from portico import AsyncClient
from portico.model.entries import FileEvent
from portico.model.errors import PorticoError, Unavailable
from tests.support.proxy import NONE, Proxy, Trouble
from tests.support.server import ServerProcess

MOVERS = 6
PATIENCE = 60.0
"""Seconds without a byte after which a client gives up."""

REACH = 3 * MIB
"""The most bytes that a connection carries before it is cut."""

MOST_AGAIN = MIB
"""Bytes that may have to pass once more for each break: those that were on their way, and a few heads."""

SLOW = Trouble(delay=0.004)
"""So slow that a command can be killed in the middle of it: some ten megabytes a second."""

LONGEST_LIFE = 0.5
"""Seconds between two kills of the server."""

KILLED_SIZES = 4 * MIB, 24 * MIB


@dataclass(slots=True)
class Tally:
    """What was done, and what went wrong."""

    breaks: int = 0
    connections: int = 1
    """How many transfers each break disturbs."""
    deposits: dict[str, int] = field(default_factory=dict)
    """Path in the repository, and size."""
    fetched: int = 0
    needed: int = 0
    """Bytes of all files, once for each way."""
    passed: int = 0
    given_up: list[str] = field(default_factory=list)
    """Why clients gave up what was then begun anew."""
    mistakes: list[str] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    @property
    def again(self) -> float:
        """Bytes that passed beyond those that had to, for each transfer that was disturbed."""
        return (self.passed - self.needed) / max(1, self.breaks * self.connections)

    @property
    def sound(self) -> bool:
        """Whether every promise was kept."""
        return not (self.mistakes or self.seen.partial) and self.again <= MOST_AGAIN and self.fetched > 0

    def __str__(self) -> str:
        return (
            f"{self.breaks:,} breaks, {len(self.deposits):,} deposited, {self.fetched:,} fetched, "
            f"{self.needed / MIB:,.0f} MiB, {self.again / 1024:,.0f} KiB again each time, "
            f"watched {self.seen.looks:,} times {self.seen.files:,} files, "
            f"tried anew {_some(self.given_up)}, mistakes {_some([*self.mistakes, *self.seen.partial])}"
        )


def _some(sentences: Sequence[str]) -> str:
    """How many there are, and the first of them."""
    return "; ".join([f"{len(sentences)}", *sentences[:5]])


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one torture."""

    outbox: Path
    target: Path

    @classmethod
    def under(cls, folder: Path) -> Place:
        """Make them; what clients remember of their uploads is kept there too."""
        place = cls(folder / "outbox", folder / "target")
        for each in (place.outbox, place.target, folder / "state"):
            each.mkdir(parents=True, exist_ok=True)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        return place


@contextlib.asynccontextmanager
async def connected(port: int, name: str | None = None) -> AsyncIterator[AsyncClient]:
    """A client; its first connection, which is not made again by itself, may be cut as well."""
    client = AsyncClient(f"127.0.0.1:{port}", name=name, timeout=PATIENCE)
    while True:
        try:
            await client.connect()
            break
        except Unavailable:
            await asyncio.sleep(0.02)
    try:
        yield client
    finally:
        await client.close()


@dataclass(slots=True)
class Mover:
    """One client that deposits files and fetches them back, over a line that breaks."""

    number: int
    place: Place
    dice: random.Random
    tally: Tally
    largest: int
    moved: int = 0

    async def move(self, port: int, more: Callable[[], bool]) -> None:
        """Move file after file while there is to be more; every other mover is a session."""
        async with connected(port, f"mover{self.number}" if self.number % 2 else None) as client:
            while more():
                outbox = self.place.outbox / f"{self.number}"
                outbox.mkdir(exist_ok=True)
                file = contents.make(outbox, contents.size(self.dice, self.largest), self.dice)
                await self._there_and_back(client, file)
                file.unlink()

    async def _there_and_back(self, client: AsyncClient, file: Path) -> None:
        self.moved += 1  # two empty files have the same name
        path, size = f"from{self.number}/{self.moved}/{file.name}", contents.size_of(file)
        target = self.place.target / f"{self.number}" / file.name
        target.parent.mkdir(exist_ok=True)
        self.tally.deposits[path] = size
        if not await self._done(path, lambda: client.put(file, path)):
            return
        self.tally.needed += size
        if not await self._done(path, lambda: client.get(path, target)):
            return
        self.tally.needed += size
        self.tally.fetched += 1
        if what := contents.wrong(target):
            self.tally.mistakes.append(f"fetched: {what}")
        target.unlink()

    async def _done(self, path: str, work: Callable[[], Awaitable[object]]) -> bool:
        """Do it, and again where the client gave up; False when it went wrong."""
        while True:
            try:
                await work()
            except Unavailable as error:
                self.tally.given_up.append(repr(error))
            except (PorticoError, OSError) as error:
                self.tally.mistakes.append(f"{path[:20]}...: {error!r}")
                return False
            else:
                return True


async def cut(server: ServerProcess, folder: Path, cuts: int, seed: int, largest: int = 32 * MIB) -> Tally:
    """Move files over connections that are cut so many times."""
    tally, place = Tally(), Place.under(folder)
    trouble = Trouble(REACH, REACH, early=0.25, stall=0.05, lingering=0.05)
    with _watched(server, place, tally):
        async with Proxy("127.0.0.1", server.port, seed, trouble) as proxy:

            def more() -> bool:
                if proxy.cuts >= cuts:
                    proxy.trouble = NONE
                return proxy.cuts < cuts

            await _move(proxy, place, tally, more, seed, largest)
            tally.breaks, tally.passed = proxy.cuts, proxy.up + proxy.down
    await hold_against_log(server.port, tally)
    return tally


async def kill(
    server: ServerProcess, folder: Path, kills: int, seed: int, seconds: float = math.inf
) -> Tally:
    """Kill the server so many times, or for so long, while files are moved."""
    tally, place, dice = Tally(connections=MOVERS), Place.under(folder), random.Random(seed)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    with _watched(server, place, tally):
        async with Proxy("127.0.0.1", server.port, seed) as proxy:
            moving = asyncio.ensure_future(
                _move(proxy, place, tally, lambda: tally.breaks < kills and loop.time() < end, seed, 32 * MIB)
            )
            while tally.breaks < kills and loop.time() < end and not moving.done():
                await asyncio.sleep(dice.uniform(0.0, LONGEST_LIFE))
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.restart)
                tally.breaks += 1
            await moving
            tally.passed = proxy.up + proxy.down
    await hold_against_log(server.port, tally)
    return tally


async def _move(
    proxy: Proxy, place: Place, tally: Tally, more: Callable[[], bool], seed: int, largest: int
) -> None:
    movers = [Mover(number, place, random.Random(seed + number), tally, largest) for number in range(MOVERS)]
    await asyncio.gather(*[mover.move(proxy.port, more) for mover in movers])


async def kill_commands(
    server: ServerProcess, folder: Path, kills: int, seed: int, seconds: float = math.inf
) -> Tally:
    """Kill `portico put` and `portico get` so many times; the next run goes on where the last one was."""
    tally, place, dice = Tally(), Place.under(folder), random.Random(seed)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    with _watched(server, place, tally):
        async with Proxy("127.0.0.1", server.port, seed, SLOW) as proxy:
            while tally.breaks < kills and loop.time() < end:
                file = contents.make(place.outbox, dice.randint(*KILLED_SIZES), dice)
                target = place.target / file.name
                tally.deposits[file.name] = file.stat().st_size
                await _killed(proxy, tally, dice, "put", str(file))
                await _killed(proxy, tally, dice, "get", file.name, "-o", str(target))
                tally.needed += 2 * tally.deposits[file.name]
                tally.fetched += 1
                if what := contents.wrong(target):
                    tally.mistakes.append(f"fetched: {what}")
                target.unlink()
                file.unlink()
            tally.passed = proxy.up + proxy.down
    await hold_against_log(server.port, tally)
    return tally


async def _killed(proxy: Proxy, tally: Tally, dice: random.Random, *command: str) -> None:
    """Run one command to its end, killed twice on the way."""
    for _ in range(2):
        process = await _started(proxy, *command)
        goal = proxy.up + proxy.down + dice.randint(0, KILLED_SIZES[0] // 2)
        while process.returncode is None and proxy.up + proxy.down < goal:  # noqa: ASYNC110 - numbers
            await asyncio.sleep(0.002)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.communicate()
        tally.breaks += 1
    process = await _started(proxy, *command)
    said = (await process.communicate())[1].decode().strip()
    if process.returncode:
        tally.mistakes.append(f"{command[0]} ended with {process.returncode}: {said[-200:]}")


async def _started(proxy: Proxy, *command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portico", *command),
        env=os.environ | {"PORTICO_SERVER": f"127.0.0.1:{proxy.port}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextlib.contextmanager
def _watched(server: ServerProcess, place: Place, tally: Tally) -> Iterator[None]:
    with watching(server.directory, place.target) as tally.seen:
        yield


async def hold_against_log(port: int, tally: Tally) -> None:
    """Every deposit stands in the log once, as what it is, and in the repository as it was.

    What somebody put into the directory by other means is told of without a digest, and does not count.
    """
    async with connected(port) as client:
        told = await _told(client)
        listed = {facts.path: facts.size for facts in await client.list()}
    times = Counter(event.path for event in told)
    for path, size in tally.deposits.items():
        if times[path] != 1:
            tally.mistakes.append(f"{path} stands {times[path]} times in the log")
        if listed.get(path) != size:
            tally.mistakes.append(f"{path} is not listed as it is")
    for event in told:
        if event.path not in tally.deposits and event.sha256:
            tally.mistakes.append(f"{event.path} is in the log and was not deposited")
        if event.path in tally.deposits and not _is_told_as_it_is(event):
            tally.mistakes.append(f"{event.path} is told of as another file")


async def _told(client: AsyncClient) -> list[FileEvent]:
    """All that the log tells of files."""
    told: list[FileEvent] = []
    while page := await client.history(since=told[-1].seq if told else 0, count=1_000, kind="file"):
        told += [entry for entry in page if isinstance(entry, FileEvent)]
    return told


def _is_told_as_it_is(event: FileEvent) -> bool:
    return event.change == "added" and event.path.endswith(f"{event.sha256}-{event.size}.bin")
