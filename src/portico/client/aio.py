"""The client for asyncio: every command of the room as a method, over a connection that mends itself."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from portico.client.address import LOCAL, parse_server
from portico.client.core import Core
from portico.client.files import Files
from portico.client.limits import ANSWER_SECONDS
from portico.client.resp import Value
from portico.client.trust import Trust
from portico.model.entries import Entry, entry_of
from portico.model.errors import Exists, KeyReused, PorticoError
from portico.model.replies import SessionLine, session_of


class AsyncClient(Files):
    """A client of one room.

        async with AsyncClient("127.0.0.1", name="alice") as client:
            seq = await client.say("Hello")
            async for entry in client.events(since=seq):
                ...

    It comes as a visitor, who may look and follow, and takes a place when it is given a `name`, when it says
    something, or by `join`. When the connection breaks it comes back as the same session; what was asked
    meanwhile, or had no answer yet, is asked again. SAY and TELL carry keys, so nothing is said twice.

    Every method raises a `PorticoError` for what the server refuses, `TimedOut` when there was no answer
    within `timeout` seconds (a lost server's return included), `Lost` once the client is closed. A method
    that is cancelled gives up its answer and nothing else; what it asked may still be done. Many may be
    called at once, from tasks of one event loop: their requests travel together, in the order of the calls.
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        server: str = LOCAL,
        *,
        name: str | None = None,
        token: str = "",
        tls: bool | Trust = False,
        timeout: float | None = ANSWER_SECONDS,
        on_lost: Callable[[PorticoError], None] | None = None,
        on_back: Callable[[], None] | None = None,
    ) -> None:
        """Take where the server is (`[tls://]HOST[:PORT]`) and who to be; connect by `async with`.

        An empty `name` joins under the next free `ClientN`. With `tls` the server's key is remembered when it
        is first met; a `Trust` says how else it is known. `timeout` is in seconds, None waits for ever.
        `on_lost` is called with the reason when the connection breaks, `on_back` when it is there again.
        Raise `PorticoError` for an address that is none.
        """
        self.address, secure = parse_server(server)
        self._trust: Trust | None = tls if isinstance(tls, Trust) else Trust() if tls or secure else None
        self._wanted, self._token, self._timeout = name, token, timeout
        self._told = (on_lost or (lambda _: None), on_back or (lambda: None))
        self._core: Core | None = None

    # Coming and going

    async def connect(self) -> Self:
        """Connect and, when there is a name, join.

        Raise `CannotConnect` when nobody answers, `Full`, `NameTaken` or `BadName` when it cannot be joined.
        """
        if self._core is not None:
            await self._core.started()
            return self
        self._core = Core(self.address, self._wanted, self._token, self._timeout, self._told, self._trust)
        try:
            await self._core.start()
        except BaseException:
            self._core = None
            raise
        return self

    async def close(self) -> None:
        """Leave the room and disconnect. A client that is closed stays closed."""
        if self._core is not None:
            await self._core.stop()

    async def __aenter__(self) -> Self:
        """Connect."""
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        await self.close()

    @property
    def name(self) -> str | None:
        """Under which name this client is in the room; None for a visitor."""
        return self._core.conversation.name if self._core is not None else None

    async def join(self, name: str = "") -> str:
        """Take a place under a name, or the next `ClientN`; return the name. Who has one may change it.

        Raise `Full`, `NameTaken` or `BadName`.
        """
        core = self._connected()
        joined = await core.join(name)
        if name in ("", joined):
            return joined
        new: str = await core.ask(["NAME", name])
        core.conversation.renamed(new)
        return new

    async def hello(self) -> dict[str, Any]:
        """Ask the server about itself.

        Return its map: server, version, room, log (its random id), first and head (numbers of the oldest and
        the newest entry), clients, max_clients, name and more.
        """
        core = self._connected()
        facts: dict[str, Any] = await core.ask(["HELLO"])
        core.conversation.learn_head(facts)
        return facts

    # Talking

    async def say(self, text: str, *, key: str = "", sender: str = "") -> int:
        """Say something to everybody; return the entry's number, once it is on the server's disk.

        `text` has 1 to 65,536 bytes in UTF-8. The same `key` (1 to 64 bytes) with the same text is said once,
        however often it is asked, also by another client; it is chosen when it is not given. With a `sender`
        a visitor speaks under that name without taking a place.

        Raise `TooBig`, `KeyReused` (the key came with other content), `Full`, `Denied`, `NameTaken`.
        """
        core = self._connected()
        if not sender and core.conversation.name is None:
            await core.join()
        words = ["SAY", text, "ID", key or core.key()]
        return await _numbered(core.ask([*words, "AS", sender] if sender else words))

    async def say_many(self, texts: Iterable[str], *, sender: str = "") -> builtins.list[int | PorticoError]:
        """Say many things in this order, as fast as they are acknowledged; each once, as with `say`.

        Return the number of each, and for what was refused the error in its place. This costs a fraction of
        as many calls of `say`.
        """
        core = self._connected()
        if not sender and core.conversation.name is None:
            await core.join()
        speaker = ["AS", sender] if sender else []
        return await core.ask_all(["SAY", text, "ID", core.key(), *speaker] for text in texts)

    async def tell(self, name: str, text: str, *, key: str = "") -> int:
        """Say something to one client; nobody else ever sees it. Return the entry's number.

        Raise `NotFound` when nobody here has that name, and what `say` raises.
        """
        core = self._connected()
        if core.conversation.name is None:
            await core.join()
        return await _numbered(core.ask(["TELL", name, text, "ID", key or core.key()]))

    async def history(
        self,
        *,
        since: int | None = None,
        count: int | None = None,
        kind: str | None = None,
        wait: float = 0.0,
    ) -> builtins.list[Entry]:
        """Return entries, oldest first: the first `count` after number `since`, or else the newest.

        `count` is at most 1,000 (100 when not given); `kind` is message, presence, file or erased. When there
        is no such entry yet, the first ones that come within `wait` seconds are the answer.

        Raise `Gone` when `since` is older than what is kept.
        """
        words: list[str | int] = ["HISTORY"]
        words += ["SINCE", since] if since is not None else []
        words += ["COUNT", count] if count is not None else []
        words += ["KIND", kind] if kind is not None else []
        maps = await self._connected().ask(words)
        entries = [entry for entry in map(entry_of, maps) if entry is not None]
        return entries if entries or not wait else (await self._next_entries(since, kind, wait))[:count]

    async def _next_entries(
        self, since: int | None, kind: str | None, seconds: float
    ) -> builtins.list[Entry]:
        """Wait for entries of a kind. Not by HISTORY WAIT: all other answers would stand behind it."""
        reader = self._connected().feed.reader(await self._head() if since is None else since)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    entries = [entry for entry in await reader.next() if kind in (None, entry.kind)]
                    if entries:
                        return entries
        except TimeoutError:
            return []
        finally:
            reader.close()

    async def _head(self) -> int:
        head: int = (await self.hello())["head"]
        return head

    async def events(self, *, since: int | None = None) -> AsyncGenerator[Entry, None]:
        """Yield every entry this client may see, once and in order, across reconnections, without end.

        Begins after number `since` (0: with the first there is), or with what comes from now on. A slow
        reader loses nothing: what does not fit into memory is read from the history when it is asked for.

        Raise `Gone` when entries are not kept that were not read yet, or when the room begins anew.
        """
        core = self._connected()
        reader = core.feed.reader(await self._head() if since is None else since)
        try:
            while True:
                for entry in await reader.next():
                    yield entry
        finally:
            reader.close()

    async def erase(self, seq: int) -> None:
        """Erase the text of a message of one's own; the entry stays as `erased`.

        Raise `NotFound`, or `Denied` for what somebody else said.
        """
        await self._connected().ask(["ERASE", seq])

    # People

    async def status(self, *, online: bool = False, count: int | None = None) -> builtins.list[SessionLine]:
        """Return who is here and who was, oldest first; only who is here with `online`.

        The newest `count` of them, at most 10,000 (1,000 when not given).
        """
        words: list[str | int] = ["STATUS", *(["ONLINE"] if online else [])]
        words += ["COUNT", count] if count is not None else []
        return [session_of(facts) for facts in await self._connected().ask(words)]

    async def help(self, command: str | None = None) -> builtins.list[str]:
        """Return a line for each command of the server, or what there is to say about one."""
        lines: list[str] = await self._connected().ask(["HELP", *([command] if command else [])])
        return lines

    # For admins

    async def drop(self, name: str) -> None:
        """End the session of who has this name, and close the connection; it cannot be continued.

        Raise `NotFound`, or `Denied` without an admin's token.
        """
        await self._connected().ask(["DROP", name], again=False)

    async def drain(self) -> None:
        """End the server in order: what is under way is finished, everybody is told.

        Raise `Denied` without an admin's token.
        """
        await self._connected().ask(["DRAIN"], again=False)

    # The connection

    async def ping(self) -> float:
        """Ask for a sign of life; return the seconds until it came."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._connected().ask(["PING"])
        return loop.time() - began

    async def echo(self, text: str) -> str:
        """Have a text sent back; nothing of it is kept."""
        answer: str = await self._connected().ask(["ECHO", text])
        return answer

    async def info(self) -> str:
        """Return figures of the server as text, a line `name:value` for each."""
        text: str = await self._connected().ask(["INFO"])
        return text

    async def call(self, *words: str | bytes | int, again: bool = False) -> Value:
        """Ask a command, word by word; return its answer as it came (str, int, None, list or dict).

        `again`: it may be asked again when the connection breaks before the answer; otherwise `Lost` is
        raised then. What the client itself says to keep its place (HELLO, FOLLOW, NAME, BYE...) is refused.
        """
        return await self._connected().ask(_free(words), again=again)

    async def call_many(
        self, requests: Iterable[Sequence[str | bytes | int]], *, again: bool = False
    ) -> builtins.list[Value]:
        """Ask many commands at once; return their answers in order, refusals as errors in their places."""
        return await self._connected().ask_all(map(_free, requests), again=again)

    def _connected(self) -> Core:
        if self._core is None:
            raise PorticoError("the client is not connected; use `async with`, or call connect()")
        return self._core


OWN = {
    "AUTH": "give the client a token",
    "BYE": "close()",
    "FOLLOW": "events()",
    "HELLO": "hello()",
    "NAME": "join()",
    "QUIET": "events(), until it is closed",
    "QUIT": "close()",
}
"""Commands by which the client keeps its place, and what to use in their stead."""


async def _numbered(asked: Awaitable[Value]) -> int:
    """Return the number of what was said; what EXISTS then is its key."""
    try:
        seq: int = await asked
    except Exists:
        raise KeyReused from None
    return seq


def _free(words: Sequence[str | bytes | int]) -> Sequence[str | bytes | int]:
    """Return words that users may say; refuse what would part the client from its idea of the connection."""
    name = str(words[0], "latin-1") if words and isinstance(words[0], bytes) else str(*words[:1])
    instead = OWN.get(name.upper())
    if instead is not None:
        raise PorticoError(f"{name.upper()} is said by the client itself; use {instead}")
    return words
