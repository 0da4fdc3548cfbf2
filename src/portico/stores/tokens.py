"""The tokens of a room: one small file beside its log, and perhaps one token that the operator gives to all.

A token is 256 random bits; the file has its SHA-256, which is useless to who reads it. (What people choose
themselves would want a slow hash; nobody chooses these.) The file is written whole and renamed into its
place, by one process at a time; a server looks at its stamp now and then.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from portico.model.access import MEMBER, ROLES, SHARED, Grant
from portico.model.errors import NotFound, Refused
from portico.stores.places import prepare_directory, sync_directory

PREFIX = "portico_"
"""How a token begins, so that people and secret scanners know one when they see it."""

TOKEN_BYTES = 32
"""256 bits: nobody guesses one, whatever is computed."""

ID_BYTES = 4
"""Of the id by which people speak of a token: enough to tell a few thousand apart."""

FORMAT = 1

FILE_BYTES = 4_194_304
"""Longest file that is read: some twenty thousand tokens."""

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: instants in microseconds, `expires` None for one that does not."""

    id: str
    name: str
    role: str
    sha256: str
    created: int
    expires: int | None = None

    def live(self, now: int) -> bool:
        """Tell whether it has not expired."""
        return self.expires is None or now < self.expires


def _now() -> int:
    return time.time_ns() // 1_000


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()


class TokenFile:
    """The tokens in a file, which need not be there; implements the `Tokens` port.

    `shared` is the token that all share, empty for none. `refresh` never raises after the first time: a file
    that cannot be read any more leaves what is known as it is.
    """

    def __init__(self, path: Path, shared: str = "", now: Callable[[], int] = _now) -> None:
        """Read the file; raise `Refused` when it cannot be understood."""
        self._path, self._now = path, now
        self._shared = _digest(shared) if shared else None
        self._stamp: object = None
        self._tokens: dict[str, Token] = {}
        self._wanted = False
        self._gone: set[str] = set()
        self._read()

    @property
    def tokens(self) -> Sequence[Token]:
        """Return all of them, also expired ones, oldest first."""
        return list(self._tokens.values())

    # What the server asks

    @property
    def wanted(self) -> bool:
        """Whether a token has to be shown: who revokes the last one does not open the room."""
        return self._wanted or self._shared is not None

    def find(self, token: str) -> Grant | None:
        """Return what a token grants; all digests are compared, each in constant time."""
        digest, now = _digest(token), self._now()
        found = None
        if self._shared is not None and hmac.compare_digest(self._shared, digest):
            found = Grant(MEMBER, SHARED)
        for each in self._tokens.values():
            if hmac.compare_digest(bytes.fromhex(each.sha256), digest) and each.live(now):
                found = Grant(ROLES[each.role], each.id)
        return found

    def valid(self, token: str) -> bool:
        """Tell whether the token of this id is neither revoked nor expired."""
        if token == SHARED:
            return self._shared is not None
        found = self._tokens.get(token)
        return found is not None and found.live(self._now())

    def refresh(self) -> bool:
        """Read the file again if it is another one; tell whether anything has changed, also by expiring."""
        with contextlib.suppress(Refused):
            return self._read() or self._expired()
        return False

    def _expired(self) -> bool:
        now = self._now()
        gone = {each.id for each in self._tokens.values() if not each.live(now)}
        before, self._gone = self._gone, gone
        return gone != before

    def _read(self) -> bool:
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return False
        self._tokens = {} if stamp is None else _load(self._path)
        self._stamp = stamp
        self._wanted = self._wanted or bool(self._tokens)
        return True

    def _stamp_now(self) -> object:
        try:
            info = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self._path, error) from error
        return info.st_ino, info.st_mtime_ns, info.st_size

    # What the operator asks

    def create(self, name: str, role: str, seconds: float | None) -> tuple[Token, str]:
        """Make a token that is valid for so long (None: for ever); return it, and the secret itself, once."""
        secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        with self._changing():
            now = self._now()
            token = Token(
                self._free_id(),
                name,
                role,
                _digest(secret).hex(),
                now,
                None if seconds is None else now + int(seconds * MICROSECONDS),
            )
            self._tokens[token.id] = token
            self._wanted = True
        return token, secret

    def revoke(self, which: str) -> Token:
        """Forget the token of an id, or the only one of a name; raise `NotFound` when there is none."""
        with self._changing():
            found = [each for each in self._tokens.values() if which in {each.id, each.name}]
            if not found:
                raise NotFound(f"there is no token {which}; portico token list shows those there are")
            if len(found) > 1:
                ids = ", ".join(each.id for each in found)
                raise Refused(f"{len(found)} tokens have the name {which}; say which one by its id: {ids}")
            return self._tokens.pop(found[0].id)

    def _free_id(self) -> str:
        while (made := secrets.token_hex(ID_BYTES)) in self._tokens:
            pass
        return made

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Have the file as it is now, alone, and write it when all went well."""
        self._prepare()
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _hand_over(lock, self._path.parent)
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._read()
            yield
            self._write()
        finally:
            os.close(lock)

    def _prepare(self) -> None:
        directory = self._path.parent
        if not directory.exists():
            prepare_directory(directory)
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                _hand_over(handle, directory.parent)
            finally:
                os.close(handle)

    def _write(self) -> None:
        body = {"format": FORMAT, "tokens": [asdict(each) for each in self._tokens.values()]}
        temporary = self._path.with_name(f"{self._path.name}.partial")
        temporary.unlink(missing_ok=True)
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as text:
            _hand_over(file, self._path.parent)
            json.dump(body, text, indent=1)
            text.write("\n")
            text.flush()
            os.fsync(text.fileno())
        temporary.replace(self._path)
        sync_directory(self._path.parent)
        self._stamp = self._stamp_now()


def _hand_over(file: int, directory: Path) -> None:
    """Give what root has made to the owner of a directory, as whom the server runs."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def _load(path: Path) -> dict[str, Token]:
    try:
        with path.open("rb") as file:
            body = json.loads(file.read(FILE_BYTES))
        return {each["id"]: _token(each) for each in _listed(body)}
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(
            f"the tokens in {path} cannot be understood; restore the file, or move it away and make new ones"
        ) from error


def _listed(body: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever stands in the file
    if body["format"] != FORMAT:
        raise ValueError("another format")
    return body["tokens"]  # type: ignore[no-any-return]


def _token(facts: dict[str, Any]) -> Token:
    token = Token(**facts)
    if token.role not in ROLES or len(bytes.fromhex(token.sha256)) != sha256().digest_size:
        raise ValueError("not a token")
    return token


def _unreadable(path: Path, error: OSError) -> Refused:
    return Refused(f"the tokens in {path} cannot be read: {error.strerror}; check its owner and mode")
