"""What is known of the files besides what the disk says: a SQLite file beside the uploads.

    uploads(id, body, synced, boot)    deposits under way; up to `synced` bytes survive a power cut
    changes(key, body, settled, at)    intents; settled ones of deposits answer who asks again within a day
    known(etag, sha256, name, owner)   digests that were computed, who put the file there, and by which token
    receipts(path, etag, name, address, at)

Losing this file costs comfort, never files: digests are computed again, uploads begin anew. So one that is
damaged is put aside, with a word to the operator, and another begun.

Only intents are waited for until they are on the disk. All else is noted in memory and written once a
second, in one transaction; what reads finds it there meanwhile. One connection writes, under a lock; another
reads, so that nobody waits for an fsync who only looks.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from portico.model.errors import NoSpace, PorticoError, Unavailable
from portico.model.files import Receipt
from portico.stores.files.intents import UPLOAD, Intent, pack, unpack
from portico.stores.sqlite.errors import primary_code

Sync = Literal["full", "normal"]

APPLICATION_ID = 0x506F7246
"""`PorF` in ASCII, in the header of the file."""

FORMAT = 2
"""A catalog of another format is put aside: it holds nothing that cannot be found out again. One of format 1,
which knew no owners, is taken over."""

WRITE_SECONDS = 1.0
"""How long what was noted waits to be written."""

ANSWERS_SECONDS = 86_400
"""How long a finished deposit is answered again: a day, the contract's word."""

NOTES_MOST = 100_000
"""Notes that wait while they cannot be written, at some 500 bytes; comfort beyond them is forgone."""

RECALLED = 65_536
"""Digests kept in memory, at some 250 bytes."""

KNOWN_KEPT = 1_000_000
"""Digests kept on the disk, at some 150 bytes; the newest."""

RECEIPTS_KEPT = 100_000
"""Receipts kept; the newest."""

RECEIPTS_SHOWN = 1_000
"""Receipts of one path that are shown: the port's word."""

_TABLES = (
    "CREATE TABLE uploads (id TEXT PRIMARY KEY, body TEXT NOT NULL, synced INTEGER, boot TEXT)",
    "CREATE TABLE changes (key TEXT PRIMARY KEY, body TEXT NOT NULL, settled INTEGER, at INTEGER)",
    "CREATE INDEX changes_at ON changes (settled, at)",
    "CREATE TABLE known (id INTEGER PRIMARY KEY, etag TEXT UNIQUE, sha256 TEXT, name TEXT, owner TEXT)",
    "CREATE TABLE receipts (id INTEGER PRIMARY KEY, path TEXT, etag TEXT, name TEXT, address TEXT, at INT)",
    "CREATE INDEX receipts_path ON receipts (path, id)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)

_KEEP_UPLOAD = "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)"
_DROP_UPLOAD = "DELETE FROM uploads WHERE id = ?"
_INTEND = "INSERT OR REPLACE INTO changes VALUES (?, ?, 0, ?)"
_REFUSE = "DELETE FROM changes WHERE key = ?"
_SETTLE = "UPDATE changes SET body = ?, settled = 1 WHERE key = ?"
_ENDS = (_SETTLE, _REFUSE)
_DONE = "UPDATE changes SET body = ? WHERE key = ?"
_LEARN = (
    "INSERT INTO known (etag, sha256, name, owner) VALUES (?, ?, ?, ?) ON CONFLICT (etag) DO UPDATE SET "
    "sha256 = coalesce(excluded.sha256, sha256), name = coalesce(nullif(excluded.name, ''), name), "
    "owner = coalesce(nullif(excluded.owner, ''), owner)"
)
_RECEIPT = "INSERT INTO receipts (path, etag, name, address, at) VALUES (?, ?, ?, ?, ?)"
_COMFORT = (_LEARN, _RECEIPT)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one content of a file: None and empty where it is not."""

    sha256: str | None = None
    by: str = ""
    owner: str = ""


NOTHING = Known()


@dataclass(frozen=True, slots=True)
class Kept:
    """An upload as it is kept: `synced` bytes are on the disk since the machine's start called `boot`."""

    id: str
    body: str
    synced: int
    boot: str


class Catalog:
    """The catalog at a path, None for one in memory; for any thread, and every method may block."""

    def __init__(self, path: Path | None, sync: Sync, tell: Callable[[str], None]) -> None:
        """Open or create it; `tell` is called with a sentence when it has to be begun anew."""
        self._path, self._sync = path, sync
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._notes: deque[tuple[str, Sequence[object]]] = deque()
        self._memory: dict[str, Known] = {}
        self._open_intents: dict[str, Intent] = {}
        self._closed, self._noted = threading.Event(), threading.Event()
        self._writer = self._open(tell)
        self._reader = self._writer if path is None else _connect(path)
        self._thread = threading.Thread(target=self._write_on, name="portico-catalog", daemon=True)
        self._thread.start()

    # --- uploads ---

    def uploads(self) -> list[Kept]:
        """Return the uploads that are kept."""
        return [Kept(*row) for row in self._select("SELECT id, body, synced, boot FROM uploads", ())]

    def keep_uploads(self, uploads: Sequence[Kept], *, durable: bool = False) -> None:
        """Keep uploads, or how far they are on the disk."""
        rows = [(kept.id, kept.body, kept.synced, kept.boot) for kept in uploads]
        self._commit([(_KEEP_UPLOAD, row) for row in rows], durable=durable)

    def drop_upload(self, upload: str) -> None:
        """Forget an upload, soon."""
        self._note(_DROP_UPLOAD, (upload,))

    # --- changes ---

    def intend(self, intents: Sequence[Intent]) -> None:
        """Have intents on the disk."""
        now = int(time.time())
        self._commit([(_INTEND, (intent.key, pack(intent), now)) for intent in intents], durable=True)
        self._open_intents.update((intent.key, intent) for intent in intents)

    def refuse(self, intents: Sequence[Intent]) -> None:
        """Forget intents that came to nothing: durably, so that they are not tried after a crash.

        What cannot be written now is noted, so that it is written before anything else that is asked later.
        """
        for intent in intents:
            self._open_intents.pop(intent.key, None)
        try:
            self._commit([(_REFUSE, (intent.key,)) for intent in intents], durable=True)
        except PorticoError:
            for intent in intents:
                self._note(_REFUSE, (intent.key,))
            raise

    def settle(self, key: str) -> None:
        """Forget an intent whose change is in the log; what a deposit was answered is kept for a day."""
        intent = self._open_intents.get(key)
        if intent is None:
            return
        if key.startswith(UPLOAD):
            self._note(_SETTLE, (pack(intent), key))
        else:
            self._note(_REFUSE, (key,))

    def intent(self, key: str) -> Intent | None:
        """Return what was noted under a key, done or not."""
        intent = self._open_intents.get(key)
        if intent is not None:
            return intent
        rows = self._select("SELECT body FROM changes WHERE key = ?", (key,))
        return unpack(key, rows[0][0]) if rows else None

    def unsettled(self) -> list[Intent]:
        """Return the intents whose changes may not be in the log, oldest first."""
        rows = self._select("SELECT key, body FROM changes WHERE settled = 0 ORDER BY rowid", ())
        intents = [unpack(key, body) for key, body in rows]
        self._open_intents.update((intent.key, intent) for intent in intents)
        return intents

    # --- digests and who put it ---

    def learn(self, etag: str, sha256: str | None, by: str = "", owner: str = "") -> None:
        """Remember the digest of a content, or who put it there and by which token, or all of it."""
        before = self._memory.get(etag, NOTHING)
        self._remember(etag, Known(sha256 or before.sha256, by or before.by, owner or before.owner))
        self._note(_LEARN, (etag, sha256, by, owner))

    def unknown(self, etag: str) -> bool:
        """Tell whether nothing in memory knows the digest of a content: it may be computed in less time
        than it takes to look further.
        """
        known = self._memory.get(etag)
        return known is None or known.sha256 is None

    def recall(self, etag: str) -> Known:
        """Return what is known of a content."""
        known = self._memory.get(etag)
        if known is None:
            rows = self._select("SELECT sha256, name, owner FROM known WHERE etag = ?", (etag,))
            known = Known(rows[0][0], rows[0][1] or "", rows[0][2] or "") if rows else NOTHING
            self._remember(etag, known)
        return known

    def recall_all(self, etags: Sequence[str]) -> dict[str, Known]:
        """Return what is known of these contents, of those of which anything is."""
        marks = ",".join("?" * len(etags))
        rows = self._select(
            f"SELECT etag, sha256, name FROM known WHERE etag IN ({marks})",  # noqa: S608 - marks only
            etags,
        )
        known = {etag: Known(sha256, name) for etag, sha256, name in rows}
        recent = ((etag, self._memory.get(etag, NOTHING)) for etag in etags)
        return known | {etag: newer for etag, newer in recent if newer is not NOTHING}

    def _remember(self, etag: str, known: Known) -> None:
        self._memory[etag] = known
        if len(self._memory) > RECALLED:
            # Another thread may have been faster; then there is room already.
            with contextlib.suppress(KeyError, StopIteration, RuntimeError):
                del self._memory[next(iter(self._memory))]

    # --- receipts ---

    def receipt(self, receipt: Receipt) -> None:
        """Note a receipt."""
        self._note(_RECEIPT, (receipt.path, receipt.etag, receipt.name, receipt.address, receipt.at))

    def receipts(self, path: str) -> list[Receipt]:
        """Return the newest receipts of a path, newest last."""
        self.write()
        rows = self._select(
            "SELECT path, etag, name, address, at FROM receipts WHERE path = ? ORDER BY id DESC LIMIT ?",
            (path, RECEIPTS_SHOWN),
        )
        return [Receipt(*row) for row in reversed(rows)]

    # --- writing ---

    def sweep(self) -> None:
        """Forget what is too old, or too much; what cannot be written now is left for the next time."""
        for statement, bound in (
            ("DELETE FROM changes WHERE settled = 1 AND at < ?", int(time.time()) - ANSWERS_SECONDS),
            ("DELETE FROM known WHERE id <= (SELECT max(id) FROM known) - ?", KNOWN_KEPT),
            ("DELETE FROM receipts WHERE id <= (SELECT max(id) FROM receipts) - ?", RECEIPTS_KEPT),
        ):
            with contextlib.suppress(PorticoError):
                self._commit([(statement, (bound,))])

    def write(self) -> None:
        """Write what was noted; what cannot be written now is kept and tried again."""
        self._noted.clear()
        with contextlib.suppress(PorticoError):
            self._commit(())

    def close(self) -> None:
        """Write what was noted and let go."""
        self._closed.set()
        self._noted.set()
        self._thread.join()
        # What was answered is known even when the log never heard of it.
        for key, intent in list(self._open_intents.items()):
            if intent.change.facts is not None:
                self._notes.appendleft((_DONE, (pack(intent), key)))
        self.write()
        with self._lock, self._reading:
            self._reader.close()
            self._writer.close()

    def _note(self, statement: str, values: Sequence[object]) -> None:
        if len(self._notes) >= NOTES_MOST and statement in _COMFORT:
            return
        self._notes.append((statement, values))
        if not self._noted.is_set():
            self._noted.set()

    def _write_on(self) -> None:
        while not self._closed.is_set():
            self._noted.wait()
            self._closed.wait(WRITE_SECONDS)
            if not self._closed.is_set():
                self.write()

    def _commit(self, work: Sequence[tuple[str, Sequence[object]]], *, durable: bool = False) -> None:
        """Write what was noted, then this, in one transaction: notes are never overtaken."""
        with self._lock, self._in_port_terms():
            noted = self._take_notes()
            try:
                self._run((*noted, *work), "FULL" if durable and self._sync == "full" else "NORMAL")
            except sqlite3.Error:
                self._notes.extendleft(reversed(noted))
                raise
        for statement, values in noted:
            if statement in _ENDS:
                self._open_intents.pop(str(values[-1]), None)

    def _take_notes(self) -> list[tuple[str, Sequence[object]]]:
        taken = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self._notes.popleft())
        return taken

    def _run(self, work: Sequence[tuple[str, Sequence[object]]], synchronous: str) -> None:
        run = self._writer.execute
        run(f"PRAGMA synchronous = {synchronous}")
        run("BEGIN IMMEDIATE")
        try:
            for statement, values in work:
                run(statement, values)
            run("COMMIT")
        except sqlite3.Error:
            if self._writer.in_transaction:
                run("ROLLBACK")
            raise

    def _select(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._reading, self._in_port_terms():
            return self._reader.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _in_port_terms(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if primary_code(error) == sqlite3.SQLITE_FULL:
                raise NoSpace("the disk is full; free some space, then say it again") from error
            raise Unavailable(f"what is known of the files cannot be read or written: {error}") from error

    # --- opening ---

    def _open(self, tell: Callable[[str], None]) -> sqlite3.Connection:
        if self._path is None:
            return _prepared(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        try:
            return _prepared(_connect(self._path))
        except sqlite3.Error as error:
            if primary_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise Unavailable(f"{self._path} cannot be opened: {error}; check its owner") from error
            aside = _put_aside(self._path)
            tell(
                f"what was known of the files is damaged ({error}) and was put aside as {aside}; "
                "no file is lost, unfinished deposits begin anew"
            )
            return _prepared(_connect(self._path))


def _connect(path: Path) -> sqlite3.Connection:
    # SQLite gives its -wal and -shm files the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _put_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    return aside


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a connection to a sound catalog of our format; raise `sqlite3.Error`."""
    try:
        why = _wrong(connection)
        if not why:
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    error = sqlite3.DatabaseError(why)
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    raise error


def _wrong(connection: sqlite3.Connection) -> str:
    """Return what is wrong with a catalog, nothing for a sound one; an empty one is given its tables."""
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    if not tables:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("COMMIT")
    elif (owner, version) == (APPLICATION_ID, 1):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ALTER TABLE known ADD COLUMN owner TEXT")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    elif (owner, version) != (APPLICATION_ID, FORMAT):
        return f"it is of format {version}, this one knows {FORMAT}"
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return "" if finding == "ok" else str(finding).splitlines()[-1]
