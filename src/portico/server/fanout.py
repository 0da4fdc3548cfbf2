"""Pushes: everybody who follows gets every entry he may see, once and in order, however slow he reads.

A follower is either live, and then each committed batch is encoded once per wire and the same bytes are
written to all; or it catches up: a task of its own reads the history from where it stopped, a page at a
time, as fast as its socket takes it, and makes it live when nothing is left. A live follower whose socket
is full leaves the live ones, and catches up once it can be written to again. Nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portico.model.entries import Entry, visible
from portico.model.errors import PorticoError
from portico.room.history import History
from portico.server.limits import REPLAY_ENTRIES

if TYPE_CHECKING:
    from portico.server.connection import Connection


@dataclass(slots=True)
class Follower:
    """How far one connection has been pushed to, while it is not live, and who pushes it on."""

    after: int = 0
    task: asyncio.Task[None] | None = None
    writable: asyncio.Event | None = None


class Fanout:
    """All followers of one room."""

    def __init__(self, history: History) -> None:
        """Begin without followers."""
        self._history = history
        self._live: dict[str, dict[Connection, None]] = {}

    def follow(self, connection: Connection, after: int) -> None:
        """Push every visible entry after a number."""
        self.unfollow(connection)
        connection.follower = Follower(after)
        self._go_on(connection, connection.follower)

    def unfollow(self, connection: Connection) -> None:
        """Push nothing any more."""
        follower, connection.follower = connection.follower, None
        if follower is None:
            return
        self._live.get(connection.codec.family, {}).pop(connection, None)
        if follower.task is not None:
            follower.task.cancel()

    def pause(self, connection: Connection) -> None:
        """Take a connection whose socket is full from the live ones."""
        follower = connection.follower
        if follower is None:
            return
        if connection in self._live.get(connection.codec.family, {}):
            del self._live[connection.codec.family][connection]
            follower.after = self._history.head
        elif follower.writable is not None:
            follower.writable.clear()

    def resume(self, connection: Connection) -> None:
        """Go on with a connection that can be written to again."""
        follower = connection.follower
        if follower is None:
            return
        if follower.writable is not None:
            follower.writable.set()
        else:
            self._go_on(connection, follower)

    def _go_on(self, connection: Connection, follower: Follower) -> None:
        if connection.choked:
            return
        if follower.after >= self._history.head:
            self._live.setdefault(connection.codec.family, {})[connection] = None
            return
        follower.writable = asyncio.Event()
        follower.writable.set()
        follower.task = asyncio.get_running_loop().create_task(self._catch_up(connection, follower))

    async def _catch_up(self, connection: Connection, follower: Follower) -> None:
        try:
            while entries := await self._history.after(follower.after, REPLAY_ENTRIES):
                frames = [connection.codec.push(entry) for entry in entries if _wants(connection, entry)]
                follower.after = entries[-1].seq
                connection.write(b"".join(frames))
                if follower.writable is not None:
                    await follower.writable.wait()
        except PorticoError as error:
            follower.task = follower.writable = None
            connection.tell_closing(error.sentence)
            connection.finish()
            return
        follower.task = follower.writable = None
        self._go_on(connection, follower)

    def publish(self, entries: Sequence[Entry]) -> None:
        """Push a committed batch to all live followers."""
        for members in self._live.values():
            if members:
                _publish(entries, list(members))


def _wants(connection: Connection, entry: Entry) -> bool:
    session = connection.call.session
    own = not connection.codec.echoes and session and entry.session == session
    return not own and visible(entry, session)


def _publish(entries: Sequence[Entry], members: list[Connection]) -> None:
    codec = members[0].codec
    frames = [codec.push(entry) for entry in entries]
    shared = b"".join([frame for entry, frame in zip(entries, frames, strict=True) if not entry.to_session])
    particular = _particular(entries, own=not codec.echoes)
    for member in members:
        if member.call.session in particular:
            chosen = [frame for entry, frame in zip(entries, frames, strict=True) if _wants(member, entry)]
            data = b"".join(chosen)
        else:
            data = shared
        if data:
            member.write(data)


def _particular(entries: Sequence[Entry], *, own: bool) -> set[int]:
    """Return the sessions that do not get just what everybody gets."""
    sessions: set[int] = set()
    for entry in entries:
        if own or entry.to_session:
            sessions.add(entry.session)
            sessions.add(entry.to_session)
    sessions.discard(0)
    return sessions
