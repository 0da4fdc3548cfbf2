"""What one client's jobs do, in the order of asking, in one thread: see `portico.stores.files.desk`.

Changes wait within a batch until they are a group (`publishing`), or until a job comes that might see them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import secrets
import stat
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from portico.model.errors import Busy, Exists, PorticoError, Unavailable, WrongDigest, WrongOffset
from portico.model.files import Author, Chunk, FileChange, FileFacts, Order, Progress, UploadFacts
from portico.model.later import Later
from portico.model.paths import check_new_path, check_path, presentable
from portico.stores.files import beneath
from portico.stores.files.catalog import Catalog
from portico.stores.files.deposits import OPEN_MOST, Uploads
from portico.stores.files.digests import Digests
from portico.stores.files.folders import Folders
from portico.stores.files.handles import Handles, no_folder, reads_the_same
from portico.stores.files.intents import MOVE, REMOVE, UPLOAD, Identity, Intent
from portico.stores.files.publishing import Pending, Publisher, taken
from portico.stores.files.ranges import FileRange, look, open_range
from portico.stores.files.sinks import UploadSink
from portico.stores.files.tree import etag_of, facts_of
from portico.stores.files.uploads import Upload, unknown, write_error

GROUP_MOST = 64
"""Changes that are made durable together: more would hardly be cheaper each, and hold more descriptors."""

FREE_FILES = 64
"""With fewer descriptors left than these, changes are made at once instead of held open as a group."""

BATCH_BYTES = 1_048_576
"""Bytes read in one batch before the answers leave."""

Job = tuple[Callable[..., Any], tuple[Any, ...], Later]
Answer = tuple[Later, Any]


@dataclass(frozen=True, slots=True)
class Premises:
    """What all desks of a repository work with; `uploads` None where nothing may be changed."""

    root: int
    folders: Folders
    catalog: Catalog
    digests: Digests
    pool: ThreadPoolExecutor
    uploads: Uploads | None
    publisher: Publisher | None
    durable: bool

    def handles(self) -> Handles:
        """Return open folders for one piece of work."""
        return Handles(self.root, self.folders, durable=self.durable)


@dataclass(slots=True, eq=False)
class Client:
    """Whose jobs they are, and the uploads that client is at.

    `resume` is called at the end of each body, `report` with our own mistakes.
    """

    resume: Callable[[], None]
    report: Callable[[Exception], None]
    uploads: dict[str, Upload] = field(default_factory=dict)
    left: bool = False


class Batch:
    """Jobs that are done together, by one thread."""

    def __init__(self, premises: Premises, client: Client, handles: Handles, answers: list[Answer]) -> None:
        self._premises, self._client, self._handles, self._answers = premises, client, handles, answers
        self._catalog = premises.catalog
        self._group: list[tuple[Later, Pending]] = []
        self._touched: set[str] = set()
        self._begun: list[Upload] = []
        self._later = Later()
        self._bytes = 0

    def work(self, jobs: deque[Job]) -> bool:
        """Do what is queued; return True when the queue has to wait for the end of a body."""
        while jobs and self._bytes < BATCH_BYTES:
            job, args, self._later = jobs.popleft()
            if self._client.left and job in VAIN:
                continue
            try:
                value = beneath.patiently(partial(job, self, *args), self._let_go)
            except PorticoError as error:
                value = error
            except OSError as error:
                value = write_error(error)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not let anybody wait for ever
                value = _lost()
                self._client.report(error)
            if value is not _WAITING:
                self._answers.append((self._later, value))
            if type(value) is UploadSink:
                return True
        return False

    def end(self) -> None:
        """Do what was put off, before anything is answered."""
        try:
            self._flush()
            if self._begun and self._premises.uploads is not None:
                self._premises.uploads.keep(self._begun)
        except PorticoError:
            # Those of the group have their answers; an upload that is not kept begins anew after a crash.
            return
        except Exception as error:  # noqa: BLE001 - as above
            self._client.report(error)

    # --- looking ---

    def read(self, path: str, offset: int, count: int, etag: str) -> Chunk | FileRange:
        self._flush()
        path = _known_path(path)
        found = open_range(self._handles, path, offset, count, etag)
        if type(found) is Chunk:
            self._bytes += len(found.data)
            if len(found.data) == found.size and self._catalog.unknown(found.etag):
                self._catalog.learn(found.etag, hashlib.sha256(found.data).hexdigest())
        elif type(found) is FileRange and self._catalog.recall(found.etag).sha256 is None:
            self._premises.digests.begin(found.etag, found.size, lambda: os.dup(found.fd))
        return found

    def stat(self, path: str) -> FileFacts:
        self._flush()
        path = _known_path(path)
        info = look(self._handles, path)
        known = self._catalog.recall(etag_of(info))
        return facts_of(path, info, known.sha256, known.by)

    # --- uploads ---

    def put(self, order: Order, most: int) -> Progress:
        uploads = self._uploads()
        path = check_new_path(order.path)
        found = uploads.find(order.upload)
        if path.casefold() in self._touched or (found is not None and found.finishing):
            self._flush()
        if path != order.path:
            order = replace(order, path=path)
        ended = uploads.finished(order.upload)
        if ended is not None:
            if ended.change.path != path:
                raise Exists(f"the upload {order.upload} was that of another file; choose another id")
            return Progress(order.upload, ended.change.size)
        if not self._refuse_taken(path, replace=order.replace):
            self._refuse_alike(path)
        upload = uploads.put(order, most, self._client)
        if upload.owner is self._client:
            self._hold(upload)
        if not upload.kept:
            self._begun.append(upload)
        return upload.progress

    def progress(self, upload: str) -> UploadFacts:
        self._flush()
        uploads = self._uploads()
        found = uploads.find(upload)
        if found is not None:
            return uploads.facts(found)
        change = self._answer_again(upload)
        return UploadFacts(Order(change.path, change.size, change.sha256, upload), change.size, ended=True)

    def write(self, upload: str, offset: int, data: bytes) -> int:
        found = self._claim(upload, offset, len(data))
        before = found.offset
        reached = found.append(data, None)
        running = found.running
        # Alone with it: what follows behind would hold `hashing`.
        if (
            running.hashed == before
            and reached - before == len(data)
            and found.hashing.acquire(blocking=False)
        ):
            try:
                if running.hashed == before:
                    running.add(data)
            finally:
                found.hashing.release()
        self._uploads().wrote(found)
        return reached

    def receive(self, upload: str, offset: int, size: int) -> UploadSink:
        found = self._claim(upload, offset, size)
        self._uploads().check_room(size)
        return UploadSink(self._uploads(), found, size, self._client.resume)

    def finish(self, upload: str, author: Author) -> object:
        uploads = self._uploads()
        found = uploads.find(upload)
        if found is None or found.finishing:
            self._flush()
            found = uploads.find(upload)
        if found is None:
            return self._answer_again(upload)
        if found.finishing or (found.sink is not None and not found.free_for(self._client)):
            raise Busy("another connection is at this upload; ask again")
        if found.order.path.casefold() in self._touched:
            self._flush()
        file = found.begin_to_finish()
        try:
            change = self._deposit(found, author)
        except BaseException:
            found.finishing = False
            raise
        return self._change(Intent(change, file, found.order.replace), found)

    def cancel(self, upload: str) -> None:
        self._flush()
        uploads = self._uploads()
        found = uploads.find(upload)
        if found is None or found.finishing:
            raise unknown(upload)
        uploads.drop(found)
        found.discard()

    # --- changes ---

    def remove(self, path: str, author: Author) -> object:
        path = _known_path(path)
        self._uploads()
        if path.casefold() in self._touched:
            self._flush()
        info = look(self._handles, path)
        known = self._catalog.recall(etag_of(info))
        author.check(known.owner, path)
        sha256 = known.sha256 or ""
        key = f"{REMOVE}:{secrets.token_hex(16)}"
        change = FileChange(key, "removed", path, author, info.st_size, sha256)
        return self._change(Intent(change, Identity.of(info)))

    def move(self, origin: str, path: str, author: Author, may_replace: bool) -> object:  # noqa: FBT001 - a job's
        self._uploads()
        origin, path = _known_path(origin), check_new_path(path)
        if not self._touched.isdisjoint((origin.casefold(), path.casefold())):
            self._flush()
        info = look(self._handles, origin)
        if path == origin:
            raise taken(path)
        known = self._catalog.recall(etag_of(info))
        author.check(known.owner, origin)
        if self._refuse_taken(path, replace=may_replace, inode=info.st_ino):
            self._check_replaced(path, author)
        sha256 = known.sha256 or ""
        key = f"{MOVE}:{secrets.token_hex(16)}"
        change = FileChange(key, "moved", path, author, info.st_size, sha256, origin)
        return self._change(Intent(change, Identity.of(info), may_replace))

    # --- with what they are made ---

    def _change(self, intent: Intent, upload: Upload | None = None) -> object:
        change = intent.change
        self._touched.add(change.path.casefold())
        self._touched.add(change.origin.casefold())
        self._group.append((self._later, Pending(intent, upload)))
        if len(self._group) >= GROUP_MOST or (upload is not None and scarce(upload.file())):
            self._flush()
        return _WAITING

    def _flush(self) -> None:
        """Make the changes that were put off."""
        if not self._group:
            return
        group, self._group = self._group, []
        self._touched.clear()
        publisher, durable = self._premises.publisher, False
        try:
            if publisher is not None:
                publisher.publish([pending for _, pending in group], self._handles)
                durable = True
        finally:
            for later, pending in group:
                if pending.upload is not None:
                    pending.upload.finishing = False
                    if isinstance(pending.outcome, FileChange):
                        self._client.uploads.pop(pending.upload.id, None)
                # What was cut short may have an outcome already, which nothing has made durable.
                outcome = pending.outcome if durable else None
                self._answers.append((later, outcome or _lost()))

    def _let_go(self) -> None:
        """Hold nothing open that can be opened again, for want of descriptors."""
        self._flush()
        self._handles.let_go()

    def _uploads(self) -> Uploads:
        if self._premises.uploads is None:
            raise Unavailable("nothing can be changed here: the directory is served for reading only")
        return self._premises.uploads

    def _claim(self, upload: str, offset: int, size: int) -> Upload:
        found = self._uploads().find(upload)
        if found is None or found.finishing:
            self._flush()
            found = self._uploads().get(upload)
        if found.owner is not self._client or found.sink is not None:
            found.claim(self._client)
            found.sink = None
            self._hold(found)
        self._uploads().used(found)
        found.want(offset, size)
        return found

    def _hold(self, upload: Upload) -> None:
        """Remember that the client is at an upload, and now and then forget those that have ended."""
        held = self._client.uploads
        if len(held) >= 2 * OPEN_MOST:
            for ended in [each for each in held.values() if self._uploads().find(each.id) is not each]:
                del held[ended.id]
        held[upload.id] = upload

    def _deposit(self, upload: Upload, author: Author) -> FileChange:
        sha256 = self._verified(upload)
        order = upload.order
        kind = "added"
        if self._refuse_taken(order.path, replace=order.replace):
            self._check_replaced(order.path, author)
            kind = "changed"
        return FileChange(f"{UPLOAD}:{upload.id}", kind, order.path, author, upload.offset, sha256)

    def _check_replaced(self, path: str, author: Author) -> None:
        """Raise `Denied` when a file that is to be replaced is somebody else's."""
        if not author.everything:
            author.check(self._catalog.recall(etag_of(look(self._handles, path))).owner, path)

    def _verified(self, upload: Upload) -> str:
        order = upload.order
        if upload.offset != (upload.wanted if order.size is None else order.size):
            raise WrongOffset(upload.offset)
        if not upload.follow(to_the_end=True):
            raise Unavailable("what came of this upload cannot be read; cancel it and begin anew")
        sha256 = upload.running.state.hexdigest()
        if order.sha256 and sha256 != order.sha256.lower():
            self._uploads().drop(upload)
            upload.discard()
            raise WrongDigest(
                f"what came has the SHA-256 {sha256} and {order.sha256} was announced; it was thrown away,"
                " deposit it again"
            )
        return sha256

    def _answer_again(self, upload: str) -> FileChange:
        intent = self._catalog.intent(f"{UPLOAD}:{upload}")
        if intent is None:
            raise unknown(upload)
        if intent.change.facts is None:
            raise _lost()
        return intent.change

    def _refuse_alike(self, path: str) -> None:
        """Raise `Exists` when a name in the folder reads the same; what is decided is decided at the end."""
        folder, _, name = path.rpartition("/")
        with contextlib.suppress(OSError):
            found = self._premises.folders.collision(self._handles.get(folder), name)
            if found is not None:
                raise reads_the_same(f"{folder}/{found}" if folder else found)

    def _refuse_taken(self, path: str, *, replace: bool, inode: int = 0) -> bool:
        """Tell whether there is a file that would be replaced; raise `Exists` where that must not be."""
        folder, _, name = path.rpartition("/")
        try:
            info = os.stat(name, dir_fd=self._handles.get(folder), follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise no_folder(folder, error) from None
        if info.st_ino == inode:
            return False
        if stat.S_ISDIR(info.st_mode):
            raise Exists(f"{path} is a folder; choose another name")
        if not replace:
            raise taken(path)
        return True


def scarce(descriptor: int) -> bool:
    """Tell whether few descriptors were left when this one was given: the lowest free number is."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most != resource.RLIM_INFINITY and descriptor >= most - FREE_FILES


_WAITING = object()
"""The answer of a job that will be answered with its group."""


def _known_path(path: str) -> str:
    return path if presentable(path) else check_path(path)


def _lost() -> Unavailable:
    return Unavailable("it is not known whether that was done; look, then say it again")


VAIN = frozenset({Batch.read, Batch.stat, Batch.progress, Batch.receive})
"""Jobs that nobody profits from when their client is gone."""
