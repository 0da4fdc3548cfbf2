"""What the room remembers: the sum of all its records, and how it is written into a snapshot.

Sessions are values: a change puts a new one in the place of the old, so that a shallow copy of the tables is
a consistent picture which another thread can write down while the room goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from portico.model.errors import Unavailable
from portico.room.limits import KEYS_REMEMBERED, RESUME_MICROSECONDS, SESSIONS_REMEMBERED
from portico.room.names import fold
from portico.room.ordinals import Ordinals

SNAPSHOT_VERSION = 1

DROPPED = "dropped"
"""The reason of a session that an admin has ended."""

CHUNK = 500
"""Sessions or keys a line of a snapshot: short enough that writing one never holds up the loop's thread."""


@dataclass(frozen=True, slots=True)
class Session:
    """One participant's visit; `disconnected` is None while it takes a place. Instants in microseconds.

    `secret` is the digest of what continues it, empty when nothing does; `resumed` how often that happened.
    """

    id: int
    name: str
    host: str
    port: int
    connected: int
    secret: str
    node: str
    disconnected: int | None = None
    reason: str = ""
    resumed: int = 0

    @property
    def dropped(self) -> bool:
        """Whether an admin has ended it, so that it cannot be continued."""
        return self.disconnected is not None and self.reason == DROPPED


@dataclass(slots=True)
class State:
    """The whole memory of a room; only the reducer changes it."""

    position: int = 0
    seq: int = 0
    at: int = 0
    max_clients: int = 0
    next_number: int = 1
    next_session: int = 1
    sessions: dict[int, Session] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    """Folded names of the open sessions; their number is the number of places taken."""
    secrets: dict[str, int] = field(default_factory=dict)
    keys: OrderedDict[str, tuple[str, int]] = field(default_factory=OrderedDict)
    """Idempotency keys, oldest first: digest of the content, and the entry's number. Ordered, because a full
    plain dict walks over some 40,000 deleted slots to find its oldest key: 25 us instead of 0.4."""
    files: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Keys of changes to the files, oldest first, and the numbers of their entries."""
    ordinals: Ordinals = field(default_factory=Ordinals)

    def open_session(self, session: int) -> Session | None:
        """Return the session if it takes a place now."""
        found = self.sessions.get(session)
        return found if found is not None and found.disconnected is None else None

    def open_sessions(self) -> list[Session]:
        """Return the sessions that take a place now, oldest first."""
        return [self.sessions[session] for session in sorted(self.names.values())]

    def resumable(self, secret: str, now: int) -> Session | None:
        """Return the session that a secret's digest continues, if it is open or ended not too long ago."""
        session = self.sessions.get(self.secrets.get(secret, 0))
        if session is None or session.disconnected is None:
            return session
        return None if now - session.disconnected > RESUME_MICROSECONDS else session

    def forget_sessions(self) -> None:
        """Let go of the oldest ended sessions beyond the limit, once those are one in a hundred.

        Not one by one: finding the first of a dict means walking over those deleted before it.
        """
        excess = len(self.sessions) - SESSIONS_REMEMBERED - len(self.names)
        if excess <= SESSIONS_REMEMBERED // 100:
            return
        ended = (session for session in self.sessions.values() if session.disconnected is not None)
        for session in [next(ended) for _ in range(excess)]:
            del self.sessions[session.id]
            if self.secrets.get(session.secret) == session.id:
                del self.secrets[session.secret]

    def remember_file(self, key: str) -> None:
        """Remember that a change to the files is the newest entry."""
        self.files[key] = self.seq
        while len(self.files) > KEYS_REMEMBERED:
            self.files.popitem(last=False)

    @property
    def size(self) -> int:
        """How many lines the state is worth: its sessions and keys."""
        return len(self.sessions) + len(self.keys) + len(self.files)

    def lines(self) -> Iterator[bytes]:
        """Write the state as lines of JSON; the tables are copied before the first line is asked for."""
        head = _write({"v": SNAPSHOT_VERSION, **{name: getattr(self, name) for name in _SCALARS}})
        runs = list(zip(*self.ordinals.runs(), strict=True))
        sessions, keys, files = (
            list(self.sessions.values()),
            list(self.keys.items()),
            list(self.files.items()),
        )
        return _tables(head, {"runs": runs, "sessions": sessions, "keys": keys, "files": files})

    def digest(self) -> str:
        """Return a hash that is equal exactly when two states are, hexadecimal."""
        sha = hashlib.sha256()
        for line in self.lines():
            sha.update(line + b"\n")
        return sha.hexdigest()


_SCALARS = ("position", "seq", "at", "max_clients", "next_number", "next_session")


def _write(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _tables(head: bytes, tables: dict[str, Sequence[Any]]) -> Iterator[bytes]:
    yield head
    for table, rows in tables.items():
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            yield _write([table, [astuple(row) for row in chunk] if table == "sessions" else chunk])


def restore(lines: Iterable[bytes]) -> State:
    """Read a state back from what `State.lines` wrote; raise `Unavailable` when it is of another kind."""
    try:
        return _restore(iter(lines))
    except (ValueError, TypeError, KeyError, StopIteration) as error:
        raise Unavailable("the log's snapshot cannot be read; run: portico log check") from error


def _restore(rows: Iterator[bytes]) -> State:
    head = json.loads(next(rows))
    if head.pop("v") != SNAPSHOT_VERSION:
        raise Unavailable("the log's snapshot was written by another version of Portico; use that one")
    state = State(**head)
    tables: dict[str, list[Any]] = {"runs": [], "sessions": [], "keys": [], "files": []}
    for line in rows:
        table, chunk = json.loads(line)
        tables[table] += chunk
    state.ordinals = Ordinals([run[0] for run in tables["runs"]], [run[1] for run in tables["runs"]])
    state.keys = OrderedDict((key, (content, seq)) for key, (content, seq) in tables["keys"])
    state.files = OrderedDict(tables["files"])
    for row in tables["sessions"]:
        _remember(state, Session(*row))
    return state


def _remember(state: State, session: Session) -> None:
    state.sessions[session.id] = session
    if session.secret:
        state.secrets[session.secret] = session.id
    if session.disconnected is None:
        state.names[fold(session.name)] = session.id
