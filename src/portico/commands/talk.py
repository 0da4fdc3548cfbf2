"""Saying and telling, and reading what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portico.commands.arguments import ENTRY, ENTRY_KIND, HOLDER, KEY, MESSAGE, NAME, number
from portico.commands.call import Call
from portico.commands.declare import command, option, required
from portico.commands.joining import digest, watch
from portico.model.access import ADMIN
from portico.model.entries import Message
from portico.model.errors import Denied, NeedResp3, PorticoError
from portico.model.later import Later
from portico.model.replies import OK, Page, Said, Simple
from portico.room.limits import PAGE_ENTRIES
from portico.room.reducer import Outcome

DEFAULT_COUNT = 100
"""Entries of HISTORY unless told otherwise: a few screens."""

WAIT_MILLISECONDS = 60_000
"""Longest WAIT: proxies and clients give up on a silent request after a minute or so."""


@command(
    "SAY",
    required("text", MESSAGE, rest=True),
    option("ID", key=KEY),
    option("AS", name=NAME),
    summary="Say something to everybody in the room",
    reply="integer: the entry's number, once it is acknowledged",
    group="talk",
    joins=True,
    speaks=True,
)
def say(call: Call, text: str, key: str | None, name: str | None) -> Later:
    """Log a message; a visitor becomes a session first, unless it speaks under a name of its own."""
    call.said += 1
    answer = _saying(text)
    if name is not None:
        return call.room.say_as(call.now, call.session, name, text, key or "").map(answer)
    if call.session:
        return call.room.say(call.now, call.session, text, key or "").map(answer)
    return _join_saying(call, text, key or "")


@command(
    "TELL",
    required("name", HOLDER),
    required("text", MESSAGE, rest=True),
    option("ID", key=KEY),
    summary="Say something to one client; nobody else ever sees it",
    reply="integer: the entry's number, once it is acknowledged",
    group="talk",
    joins=True,
    speaks=True,
)
def tell(call: Call, name: str, text: str, key: str | None) -> Later:
    """Log a message for the session that holds the name now."""
    call.said += 1
    if call.session:
        return call.room.tell(call.now, call.session, name, text, key or "").map(_saying(text))
    return _join_saying(call, text, key or "", name)


def _saying(text: str) -> Callable[[Outcome], Any]:
    return lambda outcome: outcome.error or Said(outcome.seq, text)


def _join_saying(call: Call, text: str, key: str, to: str = "") -> Later:
    secret = call.service.secret()
    later = call.room.join_and_say(call.now, call.address, digest(secret), text, key, to)
    return watch(call, later, secret, _saying(text))


@command(
    "HISTORY",
    option("SINCE", seq=ENTRY),
    option("COUNT", n=number("COUNT", 1, PAGE_ENTRIES), bare=True),
    option("KIND", kind=ENTRY_KIND),
    option("WAIT", ms=number("WAIT", 0, WAIT_MILLISECONDS)),
    summary="Show what was said and done: the newest entries, or the first after a number, oldest first",
    reply="array of maps: seq, kind, at, sender and what belongs to the kind",
    group="talk",
    settles=True,
)
async def history(
    call: Call, since: int | None, count: int | None, kind: str | None, wait: int | None
) -> Page:
    """Read a page; with WAIT and nothing there yet, answer as soon as there is something or time is up."""
    past, count, wanted = call.service.history, count or DEFAULT_COUNT, call.filter(kind)
    if since is None:
        entries = await past.newest(count, wanted)
    else:
        entries = await past.page(since, count, wanted)
    clock = call.service.clock
    end = clock.ticks() + (wait or 0) / 1_000
    while not entries and (left := end - clock.ticks()) > 0:
        since = past.head
        if not await clock.next_entry(since, left):
            break
        entries = await past.page(since, count, call.filter(kind))
    return Page(entries)


@command(
    "FOLLOW",
    option("SINCE", seq=ENTRY),
    summary="Show what others say and do as it happens, from now on or after a number; each entry once",
    reply="OK, then pushes of entries",
    group="talk",
    settles=True,
)
def follow(call: Call, since: int | None) -> Simple:
    """Begin to push entries."""
    if not call.pushes:
        raise NeedResp3
    if since is not None:
        call.service.history.check_since(since)
    call.peer.follow(call.service.history.head if since is None else since)
    return OK


@command(
    "QUIET",
    summary="Show no more of what others do, until FOLLOW",
    reply="OK",
    group="talk",
    settles=True,
)
def quiet(call: Call) -> Simple:
    """Stop pushing."""
    call.peer.unfollow()
    return OK


@command(
    "ERASE",
    required("seq", ENTRY),
    summary="Erase the text of a message of yours for good; that it was there stays to be seen",
    reply="OK",
    group="talk",
    settles=True,
    speaks=True,
)
async def erase(call: Call, seq: int) -> Any:  # noqa: ANN401 - OK later, or at once
    """Erase by the sender, or an admin."""
    entry = await call.service.history.entry(seq, call.filter())
    if entry.kind == "erased":
        return OK
    if type(entry) is not Message:
        raise PorticoError(f"entry {seq} is not a message; only messages have a text to erase")
    own = call.session and entry.session == call.session
    if not own and (call.grant is None or call.grant.role < ADMIN):
        raise Denied(f"entry {seq} was said by {entry.sender}; only its sender or an admin may erase it")
    return call.room.erase(call.now, call.session, seq).map(lambda outcome: outcome.error or OK)


COMMANDS = (say, tell, history, follow, quiet, erase)
