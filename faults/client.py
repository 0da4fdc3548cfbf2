"""What the client library promises, while its connection is cut and its server killed, again and again.

Speakers say numbered texts through `portico.AsyncClient`, as sessions and as visitors, one at a time and many
at once. Each also follows, and a watcher besides. In the end the log is read over a connection that nobody
cuts, and compared with the numbers the speakers were given and the entries the followers were.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bench.ledger import Account, Told, compare
from portico import AsyncClient
from portico.model.entries import Entry
from portico.model.errors import Unavailable
from tests.support.proxy import NONE, Proxy, Trouble
from tests.support.server import ServerProcess

WINDOW = 25
"""Texts that a hasty speaker has under way at once."""

PAGE = 1_000
ANSWER_SECONDS = 600.0
CATCH_UP_SECONDS = 60.0

LONGEST_LIFE, PATIENT = 3.0, 0.75
"""Seconds that a server may live without a word before it is killed, and how many of them may."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one speaker speaks."""

    session: bool
    window: int
    at_once: bool = False


MANNERS = (
    Manner(session=True, window=1),
    Manner(session=True, window=WINDOW),
    Manner(session=False, window=1),
    Manner(session=False, window=WINDOW),
    Manner(session=True, window=WINDOW, at_once=True),
)


@dataclass(slots=True)
class Speaker:
    """One client that talks, and follows at the same time."""

    number: int
    manner: Manner
    client: AsyncClient
    said: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)

    async def talk(self, more: Callable[[], bool]) -> None:
        """Say window after window while there is to be more."""
        name = f"speaker{self.number}"
        if self.manner.session:
            await self.client.join(name)
        sender = "" if self.manner.session else name
        while more():
            texts = [f"{name} {len(self.said) + number}" for number in range(self.manner.window)]
            self.said += texts
            for text, number in zip(texts, await self._say(texts, sender), strict=True):
                self.numbers[text] = number

    async def _say(self, texts: Sequence[str], sender: str) -> Sequence[int]:
        if not self.manner.at_once:
            return await asyncio.gather(*[self.client.say(text, sender=sender) for text in texts])
        answers = await self.client.say_many(texts, sender=sender)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [answer for answer in answers if isinstance(answer, int)]


@dataclass(frozen=True, slots=True)
class Result:
    """What came out; `unseen` counts entries that a follower did not get once and in order."""

    account: Account
    unseen: int
    breaks: int
    repeats: int = 0

    @property
    def sound(self) -> bool:
        """Whether every promise was kept."""
        return self.account.sound and not self.unseen

    def __str__(self) -> str:
        account = self.account
        return (
            f"{self.breaks:,} breaks, {self.repeats:,} repeats, {account.acknowledged:,} said, "
            f"{account.read_back:,} read back: lost/doubled/out of order "
            f"{account.missing}/{account.doubled}/{account.out_of_order}, "
            f"never said {account.strange}, backwards {account.backwards}, followers' mistakes {self.unseen}"
        )


async def follow(client: AsyncClient, seen: list[int]) -> None:
    """Write down the number of every entry."""
    async for entry in client.events(since=0):
        seen.append(entry.seq)  # noqa: PERF401 - for others to see meanwhile


@asynccontextmanager
async def speakers(
    address: str, watched: list[int], manners: Sequence[Manner] = MANNERS
) -> AsyncIterator[list[Speaker]]:
    """Everybody, connected; half of the followers on the client that speaks."""
    async with AsyncExitStack() as stack:

        async def client() -> AsyncClient:
            made = AsyncClient(address, timeout=ANSWER_SECONDS)
            while True:  # the first connection may be cut as well, and is not made again by itself
                try:
                    return await stack.enter_async_context(made)
                except Unavailable:
                    await asyncio.sleep(0.02)

        crowd = [Speaker(number, manner, await client()) for number, manner in enumerate(manners)]
        pairs = [(each.client, each.seen) for each in crowd] + [(await client(), watched)]
        tasks = [asyncio.ensure_future(follow(*pair)) for pair in pairs]
        try:
            yield crowd
            head = (await crowd[0].client.hello())["head"]
            async with asyncio.timeout(CATCH_UP_SECONDS):
                while any(seen[-1:] < [head] for _, seen in pairs):  # noqa: ASYNC110 - lists have no event
                    await asyncio.sleep(0.02)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if not isinstance(error, asyncio.CancelledError) and isinstance(error, BaseException):
                raise error


async def read_back(address: str) -> list[Entry]:
    """The whole log."""
    entries: list[Entry] = []
    async with AsyncClient(address) as client:
        while page := await client.history(since=len(entries) and entries[-1].seq, count=PAGE):
            entries += page
    return entries


async def cut(port: int, says: int, cuts: int, seed: int) -> Result:
    """Say so many texts over connections that are cut so many times."""
    watched: list[int] = []
    each = max(800, 6 * 130 * says // max(cuts, 1))
    trouble = Trouble(each, 4 * each, fragment=400, lingering=0.05, repeated=0.2)
    async with Proxy("127.0.0.1", port, seed, trouble) as proxy:
        async with speakers(f"127.0.0.1:{proxy.port}", watched) as crowd:

            def more() -> bool:
                enough = sum(len(each.said) for each in crowd) >= says and proxy.cuts >= cuts
                if enough:
                    proxy.trouble = NONE
                return not enough

            await asyncio.gather(*[each.talk(more) for each in crowd])
        return await _result(port, crowd, watched, proxy.cuts, proxy.repeats)


async def kill(server: ServerProcess, kills: int, seed: int, seconds: float = float("inf")) -> Result:
    """Kill the server so many times, or for so long, while everybody talks."""
    dice, loop = random.Random(seed), asyncio.get_running_loop()
    watched: list[int] = []
    done, end = 0, loop.time() + seconds
    async with speakers(f"127.0.0.1:{server.port}", watched) as crowd:
        talking = [asyncio.ensure_future(each.talk(lambda: done < kills)) for each in crowd]
        for number in itertools.count(1):
            await _a_life(crowd, dice)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.restart)
            last = number >= kills or loop.time() > end or any(each.done() for each in talking)
            breaks, done = number, kills if last else number
            if last:
                break
        await asyncio.gather(*talking)
    return await _result(server.port, crowd, watched, breaks)


async def _a_life(crowd: Sequence[Speaker], dice: random.Random) -> None:
    """Let the server live until something was said and a little longer, or not even so long."""
    loop, before = asyncio.get_running_loop(), sum(len(each.numbers) for each in crowd)
    end = loop.time() + (LONGEST_LIFE if dice.random() < PATIENT else dice.uniform(0, LONGEST_LIFE / 10))
    while loop.time() < end and sum(len(each.numbers) for each in crowd) == before:  # noqa: ASYNC110 - dicts
        await asyncio.sleep(0.005)
    await asyncio.sleep(dice.uniform(0.0, 0.1))


async def _result(
    port: int, crowd: Sequence[Speaker], watched: list[int], breaks: int, repeats: int = 0
) -> Result:
    entries = await read_back(f"127.0.0.1:{port}")
    said = [Told(e.seq, e.text, f"{e.at:020}") for e in entries if e.kind == "message"]
    numbers = {text: number for each in crowd for text, number in each.numbers.items()}
    account = compare([each.said for each in crowd], numbers, said)
    log = [entry.seq for entry in entries]
    unseen = sum(_mistakes(seen, log) for seen in [watched, *(each.seen for each in crowd)])
    return Result(account, unseen, breaks, repeats)


def _mistakes(seen: Sequence[int], log: Sequence[int]) -> int:
    """How many of the log's entries a follower did not get in their place; it may have stopped early."""
    return sum(a != b for a, b in zip(seen, log, strict=False)) + max(0, len(seen) - len(log))
