"""One person's talk with a room: lines go in, and what is to be shown comes out, whatever the server does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from portico.client.aio import AsyncClient
from portico.client.prompt.asking import carry_out
from portico.client.prompt.dialogue import Dialogue, Turn
from portico.client.prompt.errands import Errand, Errands
from portico.client.prompt.own import Deposit, Fetch
from portico.client.prompt.typed import Ask, Intent, Leave, Show, Wish, understand
from portico.client.prompt.wording import Shown, answer
from portico.commands.declare import Command
from portico.model.entries import Entry
from portico.model.errors import Gone, Lost, PorticoError
from portico.model.replies import OK, Farewell

ASKED = 1_000
"""Lines asked at once; what is typed or piped beyond waits here. The server reads as many ahead."""

LOST = "lost the server ({}); what you type is kept and sent when it is back"

Hear = Callable[[Entry], None]


class Talk:
    """Understands lines, asks the server, and keeps everything in order.

    `lost` is why the server is away, None while it is there. `heard` is called for each entry as it comes.
    """

    def __init__(self) -> None:
        """Begin before there is a client; `lost_it` and `has_it_back` are for the client to call."""
        self.lost: PorticoError | None = None
        self.heard: list[Hear] = []
        self.show: Callable[[Sequence[Shown]], None] | None = None
        self._dialogue = Dialogue("", 0)
        self._waiting: deque[tuple[Wish, Turn]] = deque()
        self._asking: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._fewer = asyncio.Event()
        self._closing = self._warned = False
        self._left_behind = 0
        self._mistake: BaseException | None = None

    async def join(self, client: AsyncClient) -> None:
        """Take a place in the room; raise what the server or the network refuses."""
        self._client = await client.connect()
        self._dialogue.name, self._dialogue.position = self.name, await _place(client)
        self.errands = Errands(client, self._tell, self._mistaken)

    @property
    def name(self) -> str:
        """Who one is."""
        return self._client.name or "?"

    @property
    def client(self) -> AsyncClient:
        """The client, for what only looks."""
        return self._client

    @property
    def unanswered(self) -> int:
        """How many lines have no answer yet."""
        return self._dialogue.unanswered

    @property
    def over(self) -> bool:
        """Whether the goodbye is said, or about to be."""
        return self._over.is_set()

    def typed(self, text: str) -> None:
        """Take a line."""
        try:
            intent = understand(text)
        except PorticoError as error:
            self._dialogue.answer(self._dialogue.turn(), error)
        else:
            self._take(intent)
        self._news()

    def _take(self, intent: Intent | None) -> None:
        if isinstance(intent, Leave):
            self._leave()
        elif self._closing or intent is None:
            pass
        elif isinstance(intent, Fetch | Deposit):
            self._dialogue.answer(self._dialogue.turn(), self._begin(intent))
        elif not self._stops(intent):
            if isinstance(intent, Show):
                self._dialogue.quiet = not intent.pushes
            self._waiting.append((intent, self._dialogue.turn()))
            self._ask()

    def _begin(self, errand: Errand) -> str | PorticoError:
        try:
            return self.errands.begin(errand)
        except PorticoError as error:
            return error

    def _stops(self, wish: Wish) -> bool:
        """Stop a transfer of one's own; what else can be cancelled is the server's to know."""
        match wish:
            case Ask(Command(name="CANCEL"), [_, name]) if self.errands.stop(name.decode()):
                self._dialogue.answer(self._dialogue.turn(), OK)
                return True
        return False

    def _tell(self, shown: Shown) -> None:
        self._dialogue.tell(shown)
        self._news()

    def _ask(self) -> None:
        while self._waiting and len(self._asking) < ASKED:
            wish, turn = self._waiting.popleft()
            task = asyncio.ensure_future(self._answer(wish, turn))
            self._asking.add(task)
            task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        """Let the next line be asked; a mistake of our own ends the talk rather than hide."""
        self._asking.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._mistaken(error)
        self._ask()

    def _mistaken(self, error: BaseException) -> None:
        self._mistake = self._mistake or error
        self._over.set()

    async def _answer(self, wish: Wish, turn: Turn) -> None:
        reply = await carry_out(self._client, wish)
        if not (self._over.is_set() and isinstance(reply, Lost)):
            self._dialogue.answer(turn, reply)
            self._news()

    def _news(self) -> None:
        if self.show is not None:
            self.show(self._dialogue.take())
        self._fewer.set()
        if self._dialogue.over:
            self._over.set()

    async def until_fewer(self) -> None:
        """Wait while many lines have no answer: whoever reads a pipe need not read it all at once."""
        while self.unanswered >= ASKED and not self._over.is_set():
            self._fewer.clear()
            await self._fewer.wait()

    # Coming and going

    def _leave(self) -> None:
        """Leave behind the answers to what was said before.

        While the server is away or files are on their way: at once, but only when asked again if that costs.
        """
        held = self._held()
        if self._closing or (self._warned and held) or (self.lost is not None and not held):
            self.leave_now()
        elif held:
            self._warned = True
            self._dialogue.notice(f"{held}; bye again leaves all the same")
        else:
            self.finish()

    def _held(self) -> str:
        """Return what would be left behind, empty for nothing."""
        if self.errands.under_way:
            return _transfers(self.errands.under_way)
        waiting = self.unanswered if self.lost is not None else 0
        return f"{_lines(waiting)} for the server" if waiting else ""

    def finish(self) -> None:
        """Take nothing more, and leave when everything is answered and fetched."""
        if not self._closing:
            self._closing = True
            turn = self._dialogue.turn()
            self.errands.when_done(lambda: self._bid(turn))

    def _bid(self, turn: Turn) -> None:
        self._dialogue.answer(turn, Farewell(self.name))
        self._news()

    def leave_now(self) -> None:
        """Leave without waiting for anything."""
        if not self._over.is_set():
            self._left_behind = self.unanswered - self._closing
            self._over.set()

    def lost_it(self, why: PorticoError) -> None:
        """Hear that the server is away."""
        self.lost = why
        self._dialogue.notice(LOST.format(why.sentence))
        self._news()

    def has_it_back(self) -> None:
        """Hear that the server is there again; somebody may have another name then."""
        self.lost, self._warned = None, False
        self._dialogue.name = self.name
        self._dialogue.notice(f"back as {self.name}")
        self._news()

    async def run(self) -> None:
        """Show what happens until the goodbye is said; raise what ends the talk otherwise."""
        following = asyncio.ensure_future(self._follow())
        following.add_done_callback(lambda _: self._over.set())
        try:
            await self._over.wait()
            if following.done():
                following.result()
            if self._mistake is not None:
                raise self._mistake
            await self._goodbye()
        finally:
            await self.errands.close()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _goodbye(self) -> None:
        name = self.name
        await self.errands.close()
        await self._client.close()
        if self._left_behind:
            raise Lost(f"left while {_lines(self._left_behind)} for the server")
        if self.show is not None:
            self.show([answer(Farewell(name))])

    async def _follow(self) -> None:
        position = self._dialogue.position
        while True:
            try:
                async for entry in self._client.events(since=position):
                    position = entry.seq
                    self._heard(entry)
            except Gone as gone:
                position = (await self._client.hello())["head"]
                self._dialogue.notice(f"something is missing here: {gone.sentence}")
                self._dialogue.skip(position)
                self._news()

    def _heard(self, entry: Entry) -> None:
        for hear in self.heard:
            hear(entry)
        self._dialogue.entry(entry)
        self._news()


async def _place(client: AsyncClient) -> int:
    """Return the number of the entry with which this client joined, or else of the newest there is."""
    for entry in reversed(await client.history(kind="presence")):
        if entry.sender == client.name:
            return entry.seq
    head: int = (await client.hello())["head"]
    return head


def _transfers(count: int) -> str:
    return "1 transfer is under way" if count == 1 else f"{count:,} transfers are under way"


def _lines(count: int) -> str:
    return "1 line waits" if count == 1 else f"{count:,} lines wait"
