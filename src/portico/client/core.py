"""What both clients stand on: one conversation, its link, its time-outs, and the feed of entries.

The conversation answers requests itself. What it learns besides (introduced, refused, entries) comes here,
and from here to those who wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from portico.client.address import Address
from portico.client.batch import Batch
from portico.client.conversation import Conversation, Word
from portico.client.feed import Feed
from portico.client.limits import (
    ADMIT_SECONDS,
    CLOSE_SECONDS,
    CONNECT_SECONDS,
    EVENTS_PAGE,
    GHOST_SECONDS,
    IDLE_SECONDS,
    LOOK_SECONDS,
    MOST_ASKED,
    SILENCE_SECONDS,
)
from portico.client.link import Link, cannot_connect
from portico.client.requests import Request
from portico.client.resp import Value, encode
from portico.client.trust import Trust
from portico.model.entries import Entry, entry_of
from portico.model.errors import (
    CannotConnect,
    Gone,
    Lost,
    NoToken,
    PorticoError,
    ProtocolError,
    TimedOut,
    Unavailable,
    Untrusted,
    error_of,
)

OURS_MEANWHILE = frozenset({"FULL", "TAKEN"})
"""Refusals whose cause may be our own session, over a connection that the server does not know to be gone."""

PASSING = OURS_MEANWHILE | {"UNAVAILABLE"}
"""Refusals that may be over by the next attempt."""

SHUT = frozenset({"NOAUTH", "WRONGPASS"})
"""Refusals that no other attempt with the same token will get past; a wrong one is shown once, not again."""

KEY_RANDOM_BYTES = 9
"""Random part of the keys of one client: no two clients ever share one (2 ** 72)."""


class Core:
    """One client of a server.

    `seconds` is how long a request may take (None: for ever). `lost` is called with the reason when a
    connection that was introduced ends, `back` when another has taken its place.
    """

    def __init__(
        self,
        address: Address,
        name: str | None,
        token: str,
        seconds: float | None,
        told: tuple[Callable[[PorticoError], None], Callable[[], None]],
        trust: Trust | None = None,
    ) -> None:
        """Begin unconnected; with `trust`, TLS is spoken."""
        self.conversation = Conversation(self, name, token)
        self.feed = Feed(self, self._page)
        self._address = address
        self._seconds = math.inf if seconds is None else seconds
        self._introduction = ADMIT_SECONDS if token else CONNECT_SECONDS
        self._tell_lost, self._tell_back = told
        self._loop = asyncio.get_running_loop()
        self._link = Link(address, self.conversation, self._heard, self._ended, trust)
        self._looking: asyncio.TimerHandle | None = None
        self._first: asyncio.Future[None] = self._loop.create_future()
        self._joined: asyncio.Future[str] | None = None
        self._fewer: asyncio.Future[None] | None = None
        self._up = False
        self._log = ""
        self._ghost_until = 0.0
        self._trouble: PorticoError | None = None
        self._over: PorticoError | None = None
        self._keys, self._count = os.urandom(KEY_RANDOM_BYTES).hex(), 0

    # Beginning and end

    async def start(self) -> None:
        """Connect and introduce ourselves; raise `CannotConnect`, or the server's refusal."""
        self._link.start()
        self._look()
        try:
            await self.started()
        except BaseException:
            self._end(Lost("the client never connected"))
            raise

    async def started(self) -> None:
        """Wait for the first connection."""
        self._check_open()
        await asyncio.shield(self._first)

    def _check_open(self) -> None:
        """Raise what ended this client, if it has ended; each time without the way it took before."""
        if self._over is not None:
            raise self._over.with_traceback(None)

    async def stop(self) -> None:
        """Say goodbye, where there is a session and a connection, and disconnect; whatever waits fails."""
        try:
            if self._up and self.conversation.name is not None:
                self._up = False
                # Without a goodbye the server closes the session as well, when it sees the connection end.
                with contextlib.suppress(PorticoError, TimeoutError):
                    await asyncio.wait_for(self.ask(["BYE"], again=False), CLOSE_SECONDS)
        finally:
            self._end(Lost("the client was closed"))
        await self._link.gone()

    def _end(self, error: PorticoError) -> None:
        """Disconnect, and answer everything with this error, also what will be asked."""
        if self._over is not None:
            return
        self._over, self._up = error, False
        if self._looking is not None:
            self._looking.cancel()
        self._link.stop()
        self.conversation.fail(error)
        self.feed.fail(error)
        for future in (self._first, self._joined, self._fewer):
            _refuse(future, error)

    # Asking

    def ask(self, words: Sequence[Word], *, again: bool = True) -> Awaitable[Value]:
        """Ask; what is returned gives the answer, or raises the refusal, `Lost` or `TimedOut`.

        `again`: it may be asked again when the connection breaks.
        """
        self._check_open()
        slot = self._loop.create_future()
        deadline = self._loop.time() + self._seconds
        self.conversation.ask(Request(encode(words), slot, deadline, again=again))
        self._link.wake()
        return slot

    async def ask_all(self, requests: Iterable[Sequence[Word]], *, again: bool = True) -> list[Value]:
        """Ask many at once; return the answers in their order, refusals in their places.

        Who asks one at a time waits for each answer; who asks many waits here while too many are open.
        """
        batch = Batch(self._loop)
        try:
            for words in requests:
                if self.conversation.unanswered >= MOST_ASKED:
                    await self._until_fewer()
                self._check_open()
                self._ask_for(batch, words, again=again)
            return await batch.answers()
        finally:
            batch.cancel()

    def _ask_for(self, batch: Batch, words: Sequence[Word], *, again: bool) -> None:
        """Ask one of many; what no server would take is refused in its place."""
        place = batch.place()
        try:
            data = encode(words)
        except PorticoError as error:
            place.set_exception(error)
        else:
            deadline = self._loop.time() + self._seconds
            self.conversation.ask(Request(data, place, deadline, again=again))
            self._link.wake()

    async def _until_fewer(self) -> None:
        while self.conversation.unanswered >= MOST_ASKED and self._over is None:
            if self._fewer is None or self._fewer.done():
                self._fewer = self._loop.create_future()
            await asyncio.shield(self._fewer)

    def key(self) -> str:
        """Return a key that nothing was ever said with."""
        self._count += 1
        return f"{self._keys}-{self._count}"

    async def join(self, name: str = "") -> str:
        """Be a session, under this name or any unless it is one; return its name. Two at once share one."""
        await self.started()
        if self.conversation.name is not None:
            return self.conversation.name
        if self._joined is None or self._joined.done():
            self._joined = self._loop.create_future()
            self.conversation.join(name)
            self._link.wake()
        try:
            async with asyncio.timeout(None if self._seconds == math.inf else self._seconds):
                return await asyncio.shield(self._joined)
        except TimeoutError:
            raise self._late() from None

    async def _page(self, after: int) -> tuple[list[Entry], int]:
        maps = await self.ask(["HISTORY", "SINCE", after, "COUNT", EVENTS_PAGE])
        entries = [entry for entry in map(entry_of, maps) if entry is not None]
        return entries, maps[-1]["seq"] if maps else after

    def follow(self) -> None:
        """Have entries pushed."""
        self.conversation.follow()
        self._link.wake()

    def unfollow(self) -> None:
        """Have none pushed any more."""
        if self._over is None:
            self.conversation.unfollow()
            self._link.wake()

    # What the conversation tells

    def introduced(self) -> None:
        """Let those go on who waited for a connection or a name."""
        facts = self.conversation.facts
        if self._log not in ("", facts["log"]):
            sentence = f"the room begins anew; entries from {facts['first']} to {facts['head']} are kept"
            self.feed.fail(error_of(Gone.code, sentence))
        self._log, self._ghost_until = facts["log"], 0.0
        _settle(self._first, None)
        if self.conversation.name is not None:
            _settle(self._joined, self.conversation.name)
        if not self._up:
            self._up = True
            if self._trouble is not None:
                self._trouble = None
                self._loop.call_soon(self._tell_back)

    def refused(self, error: PorticoError) -> None:
        """Give up the name, try again, or give up altogether, whatever was refused."""
        if self.conversation.ready:
            self._refuse_join(error)
        elif error.code in SHUT:
            self._shut_out(error)
        elif self._may_be_ours(error):
            self._link.drop(error)
        elif self._joined is not None and not self._joined.done():
            self._refuse_join(error)
            self._link.drop(error)
        elif not self._first.done() or error.code in PASSING:
            self._link.drop(error)
        else:
            self._end(error)

    def _shut_out(self, error: PorticoError) -> None:
        """Give up before the door, saying what would open it."""
        if error.code == NoToken.code:
            error = error_of(NoToken.code, "this room wants a token; give it with token=")
        if self._first.done():
            self._end(error)
        else:
            self._link.drop(error)

    def _refuse_join(self, error: PorticoError) -> None:
        self.conversation.forget_name()
        _refuse(self._joined, error)

    def _may_be_ours(self, error: PorticoError) -> bool:
        """Tell whether a session of our own may stand in the way, which will be over soon."""
        if error.code not in OURS_MEANWHILE or not self.conversation.joined_unknowingly:
            return False
        now = self._loop.time()
        self._ghost_until = self._ghost_until or now + GHOST_SECONDS
        return now < self._ghost_until

    def entry(self, entry: Entry) -> None:
        """Pass an entry on."""
        self.feed.deliver(entry)

    def skipped(self) -> None:
        """Pass on that pushes are missing."""
        self.feed.skipped()

    # What the link tells, and the clock

    def _heard(self) -> None:
        if self._fewer is not None and self.conversation.unanswered < MOST_ASKED // 2:
            _settle(self._fewer, None)

    def _ended(self, why: PorticoError) -> None:
        if self._over is not None:
            return
        if not self._first.done():
            _refuse(self._first, self._not_even_once(why))
        elif isinstance(why, Untrusted):
            self._end(why)
        elif self._up:
            self._up, self._trouble = False, why
            self._loop.call_soon(self._tell_lost, why)
        elif self._trouble is not None:
            self._trouble = why

    def _not_even_once(self, why: PorticoError) -> PorticoError:
        """Return why there never was a connection: a refusal, or that nobody was there to refuse."""
        if type(why) is ProtocolError:
            return CannotConnect(f"what answers at {self._address} is not Portico; check host and port")
        return cannot_connect(self._address, why.sentence) if type(why) is Unavailable else why

    def _look(self) -> None:
        """Give up what took too long, and the connection when the server does not answer at all."""
        now = self._loop.time()
        conversation, silent = self.conversation, now - self._link.stirred
        conversation.give_up(now, self._late)
        self._heard()
        if conversation.owed:
            patience = SILENCE_SECONDS if conversation.ready else self._introduction
            if silent > patience:
                self._link.drop(Unavailable(f"the server said nothing for {patience:.0f} s"))
        elif conversation.ready and silent > IDLE_SECONDS:
            conversation.probe()
            self._link.wake()
        self._looking = self._loop.call_later(LOOK_SECONDS, self._look)

    def _late(self) -> TimedOut:
        why = f": {self._trouble.sentence}" if self._trouble is not None else "; it may have been done"
        return TimedOut(f"no answer within {self._seconds:g} s{why}")


def _settle(future: asyncio.Future[Any] | None, value: Any) -> None:  # noqa: ANN401 - the future's own
    if future is not None and not future.done():
        future.set_result(value)


def _refuse(future: asyncio.Future[Any] | None, error: PorticoError) -> None:
    if future is not None and not future.done():
        future.set_exception(error)
        future.exception()  # perhaps nobody waits; then this is no forgotten error
