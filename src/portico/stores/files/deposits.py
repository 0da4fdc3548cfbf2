"""All uploads of a repository: which there are, who may go on with one, and what room there is for more.

Their files stand in one folder of the repository's own, on the same file system as the files themselves, so
that finishing one is a rename. The catalog keeps what was announced of each. An upload that is begun and
finished in one breath never gets there: it is kept before its first answer leaves, if it is still open then.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from portico.model.errors import Busy, Exists, NoSpace, PorticoError, TooBig, WrongOffset
from portico.model.files import Order, UploadFacts
from portico.stores.files.beneath import FILE, sync_data
from portico.stores.files.catalog import Catalog, Kept
from portico.stores.files.digests import Digests
from portico.stores.files.intents import UPLOAD, Intent
from portico.stores.files.uploads import (
    FOLLOW_BYTES,
    MOST_BYTES,
    SYNC_BYTES,
    Owner,
    Upload,
    being_finished,
    unknown,
    write_error,
)

OPEN_MOST = 256
"""Unfinished uploads of one desk: more than any client needs to keep the disk busy."""

ALL_MOST = 10_000
"""Unfinished uploads of a repository, those nobody is at included; they are swept in time, and the oldest
that hold nothing give way to new ones."""

HELD = 64
"""Uploads whose files are kept open, besides those that are being written or finished at the moment."""

RESERVE_BYTES = 64 * 1_048_576
"""Bytes of the disk that deposits leave free, for the log; 1 % of the disk where that is less."""

_ID = re.compile("[0-9a-f]{32}")

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return what differs after each start of the machine; nothing where that is not told."""
    with contextlib.suppress(OSError):
        return _BOOT.read_text().strip()
    return ""


class Uploads:
    """The uploads whose files are in an open folder; each is kept some seconds after its last byte."""

    def __init__(
        self, folder: int, catalog: Catalog, digests: Digests, keep: float, *, durable: bool
    ) -> None:
        self.folder, self._keep = folder, keep
        self._catalog, self._digests, self._durable = catalog, digests, durable
        self._boot = boot_id()
        self._lock = threading.Lock()
        self._all: dict[str, Upload] = {}
        self._used: OrderedDict[str, Upload] = OrderedDict()
        self._same: dict[tuple[str, int, str], str] = {}

    def load(self, intents: Iterable[Intent]) -> None:
        """Take up what an earlier run left, as far as it can be believed; forget what does not fit.

        An upload that was about to be finished is whole and on the disk, whether the catalog kept it or not,
        unless nothing is synced here and the power was cut.
        """
        files = set(os.listdir(self.folder))  # noqa: PTH208 - pathlib takes no descriptors
        for intent in intents:
            kind, _, upload = intent.key.partition(":")
            if kind == UPLOAD and upload in files:
                change = intent.change
                order = Order(change.path, change.size, change.sha256, upload, intent.replace)
                self._add(Upload(self.folder, upload, order, self._size(upload), time.time()))
        for kept in self._catalog.uploads():
            if kept.id not in files:
                self._catalog.drop_upload(kept.id)
            elif kept.id not in self._all:
                self._add(self._restored(kept))
        for name in files - self._all.keys():
            os.unlink(name, dir_fd=self.folder)

    def _restored(self, kept: Kept) -> Upload:
        path, size, sha256, may_replace, mtime, began = json.loads(kept.body)
        offset = self._size(kept.id)
        same_start = bool(self._boot) and kept.boot == self._boot
        if not same_start and offset > kept.synced:
            offset = kept.synced
            _cut(self.folder, kept.id, offset)
        order = Order(path, size, sha256, kept.id, may_replace, mtime)
        upload = Upload(self.folder, kept.id, order, offset, began)
        upload.synced = upload.durable = min(kept.synced, offset)
        upload.kept = True
        if not same_start:
            upload.wanted = MOST_BYTES
        return upload

    def _size(self, upload: str) -> int:
        return os.stat(upload, dir_fd=self.folder, follow_symlinks=False).st_size

    def finished(self, upload: str) -> Intent | None:
        """Return how an upload ended that was finished within a day."""
        if not upload or upload in self._all:
            return None
        return self._catalog.intent(f"{UPLOAD}:{upload}")

    def put(self, order: Order, most: int, desk: Owner) -> Upload:
        """Return the upload for an order, begun or continued; see `portico.ports.Desk.put`."""
        if len(self._all) >= ALL_MOST:
            self._make_room()
        with self._lock:
            upload = self._all.get(order.upload) or self._all.get(self._same.get(_content(order), ""))
            if upload is None:
                upload = self._begin(order, most, desk)
        if order.path != upload.order.path or _differ(order, upload.order):
            raise Exists(f"the upload {order.upload} is that of another file; begin this one with another id")
        if (order.replace, order.mtime) != (upload.order.replace, upload.order.mtime):
            upload.order = replace(upload.order, replace=order.replace, mtime=order.mtime)
            upload.kept = False
        upload.most = most
        if not upload.finishing and upload.free_for(desk):
            upload.claim(desk)
            # One from before a power cut is believed as it is from now on: its depositor knows.
            upload.kept = upload.kept and upload.wanted != MOST_BYTES
            upload.wanted = upload.offset
        self.used(upload)
        return upload

    def used(self, upload: Upload) -> None:
        """Take note that an upload was used, and close the file of the one unused for longest if need be."""
        with self._lock:
            self._used[upload.id] = upload
            self._used.move_to_end(upload.id)
            idle = self._used.popitem(last=False)[1] if len(self._used) > HELD else None
        if idle is not None:
            idle.rest()

    def get(self, upload: str) -> Upload:
        """Return an open upload; raise `NotFound`, or `WrongOffset` for one that is finished."""
        found = self._all.get(upload)
        if found is None:
            intent = self.finished(upload)
            raise unknown(upload) if intent is None else WrongOffset(intent.change.size)
        if found.finishing:
            raise being_finished()
        return found

    def find(self, upload: str) -> Upload | None:
        """Return an open upload, None for any other."""
        return self._all.get(upload)

    def check_room(self, missing: int) -> None:
        """Raise `NoSpace` when the disk has no room for so many bytes and what is kept free."""
        disk = os.fstatvfs(self.folder)
        free = disk.f_bavail * disk.f_frsize - min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // 100)
        if free < missing:
            raise NoSpace(
                f"there are {max(free, 0):,} bytes free here and {missing:,} are needed; "
                "free some space, then say it again"
            )

    def wrote(self, upload: Upload) -> None:
        """Have the digest follow, and the bytes on the disk, when there is enough to do."""
        if upload.offset - upload.running.hashed >= FOLLOW_BYTES and not upload.following:
            upload.following = True
            self._digests.run(lambda: _follow(upload))
        if self._durable and upload.offset - upload.synced >= SYNC_BYTES:
            upload.synced = upload.offset
            self._digests.run(lambda: self._keep_synced(upload))

    def keep(self, uploads: Iterable[Upload]) -> None:
        """Have the catalog know of uploads that have just begun and are still open."""
        new = [upload for upload in uploads if not upload.kept and upload.id in self._all]
        if new:
            self._catalog.keep_uploads([upload.as_kept(self._boot) for upload in new])
        for upload in new:
            upload.kept = True

    def drop(self, upload: Upload) -> None:
        """Forget an upload whose file is gone, or soon will be."""
        with self._lock:
            self._all.pop(upload.id, None)
            self._used.pop(upload.id, None)
            if self._same.get(_content(upload.order)) == upload.id:
                del self._same[_content(upload.order)]
        if upload.kept:
            self._catalog.drop_upload(upload.id)

    def facts(self, upload: Upload) -> UploadFacts:
        """Return what is known of an open upload."""
        left = int((self._written(upload) + self._keep) * 1_000_000)
        return UploadFacts(replace(upload.order, upload=upload.id), upload.offset, expires=left)

    def sweep(self) -> None:
        """Forget the uploads that nobody has written to for too long."""
        for upload in list(self._all.values()):
            with contextlib.suppress(OSError):
                old = time.time() - self._written(upload) > self._keep
                if old and upload.sink is None and not upload.finishing:
                    self._discard(upload)

    def _written(self, upload: Upload) -> float:
        # Not the time of modification: that is the depositor's to choose, and set before the end.
        return os.stat(upload.id, dir_fd=self.folder, follow_symlinks=False).st_ctime

    def close(self) -> None:
        """Let go of all files; nothing is forgotten."""
        for upload in self._all.values():
            upload.let_go()
        os.close(self.folder)

    def _begin(self, order: Order, most: int, desk: Owner) -> Upload:
        if order.size is not None and order.size > most:
            raise TooBig(f"a deposit has at most {most:,} bytes here; this one has {order.size:,}")
        if len(self._all) >= ALL_MOST or self._held_by(desk) >= OPEN_MOST:
            raise Busy("too many deposits are unfinished; finish or cancel some, then begin this one")
        self.check_room(order.size or 0)
        upload = Upload(self.folder, _new_id(order.upload), order, 0, time.time())
        try:
            upload.create()
        except OSError as error:
            raise write_error(error) from error
        self._add(upload)
        return upload

    def _make_room(self) -> None:
        """Forget the upload that was begun first of those that hold nothing and that nobody is at."""
        for upload in list(self._all.values()):
            if upload.forsaken and not (upload.offset or upload.finishing or upload.sink):
                self._discard(upload)
                return

    def _discard(self, upload: Upload) -> None:
        self.drop(upload)
        with contextlib.suppress(OSError):
            upload.discard()

    def _held_by(self, desk: Owner) -> int:
        if len(self._all) < OPEN_MOST:
            return 0
        return sum(1 for upload in self._all.values() if upload.owner is desk and not upload.finishing)

    def _add(self, upload: Upload) -> None:
        self._all[upload.id] = upload
        if upload.order.sha256 and upload.order.size is not None:
            self._same.setdefault(_content(upload.order), upload.id)

    def _keep_synced(self, upload: Upload) -> None:
        # What stands before this point is on the disk afterwards, whatever is written meanwhile.
        reached = upload.offset
        with contextlib.suppress(OSError, PorticoError):
            # Opened anew: each opening is told of a failure by itself, and who finishes the upload has to be.
            file = os.open(upload.id, os.O_RDWR | FILE, dir_fd=self.folder)
            try:
                sync_data(file)
            except OSError:
                self.spoil(upload)
                return
            finally:
                os.close(file)
            upload.durable = reached
            if upload.id in self._all:
                self._catalog.keep_uploads([upload.as_kept(self._boot)], durable=True)

    def spoil(self, upload: Upload) -> None:
        """Forget an upload of which the disk did not take all; who finishes it just now is refused."""
        with upload.lock:
            upload.spoilt = True
            finishing = upload.finishing
        if not finishing:
            self._discard(upload)


def _follow(upload: Upload) -> None:
    upload.following = False
    with contextlib.suppress(OSError, PorticoError):
        upload.follow()


def _content(order: Order) -> tuple[str, int, str]:
    """Return what tells that two orders mean the same; no two are alike without a size and a digest."""
    if order.size is None or not order.sha256:
        return ("", -1, "")
    return (order.path, order.size, order.sha256)


def _differ(order: Order, known: Order) -> bool:
    size = order.size is not None and known.size is not None and order.size != known.size
    return size or bool(order.sha256 and known.sha256 and order.sha256 != known.sha256)


def _new_id(wanted: str) -> str:
    return wanted if _ID.fullmatch(wanted) else secrets.token_hex(16)


def _cut(folder: int, name: str, size: int) -> None:
    file = os.open(name, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
    try:
        os.ftruncate(file, size)
    finally:
        os.close(file)
