"""The gate: what a caller is granted, by the token it shows or because none is wanted."""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256

from portico.model.access import EVERYBODY, ROLE_NAMES, TOKEN_CHARACTERS, Grant
from portico.model.errors import PorticoError, ShutOut, WrongToken
from portico.model.later import Later
from portico.ports import Audit, Tokens
from portico.server.attempts import Attempts
from portico.server.limits import ATTEMPT_ADDRESSES, TOKEN_USE_SECONDS


class Gate:
    """The one way in, for every wire."""

    def __init__(self, tokens: Tokens, audit: Audit, *, asks: bool) -> None:
        """Take the tokens there are; unless it `asks`, everybody may come in without one."""
        self._tokens, self._audit, self._asks = tokens, audit, asks
        self._attempts = Attempts()
        self._refused: dict[str, bytes] = {}
        self._used: dict[tuple[str, str], float] = {}
        self._changed = False

    @property
    def locked(self) -> bool:
        """Whether everybody has to show a token."""
        return self._asks and self._tokens.wanted

    def anonymous(self) -> Grant | None:
        """Return what is granted to who shows no token; None when that is nothing."""
        return None if self.locked else EVERYBODY

    def valid(self, grant: Grant) -> bool:
        """Tell whether a grant still holds."""
        return self._tokens.valid(grant.token) if grant.token else not self.locked

    def refresh(self) -> bool:
        """Look for what has become of the tokens; tell whether anything has."""
        changed, self._changed = self._tokens.refresh() or self._changed, False
        return changed

    def admit(self, host: str, token: str, *, kept: bool = False) -> Later:
        """Return the grant of a token, or `WrongToken`; late where an address has shown many wrong ones.

        One that a browser has `kept` comes with each of its requests; a wrong one is counted once.
        """
        later = Later()
        loop = asyncio.get_running_loop()
        pause = self._attempts.begin(host, loop.time())
        if pause is None:
            later.resolve(self._shut_out(host))
        elif pause:
            loop.call_later(pause, partial(self._decide_later, later, host, token, kept=kept))
        else:
            later.resolve(self._decide(host, token, kept=kept))
        return later

    def _decide_later(self, later: Later, host: str, token: str, *, kept: bool) -> None:
        self._attempts.waited(host)
        later.resolve(self._decide(host, token, kept=kept))

    def _decide(self, host: str, token: str, *, kept: bool) -> Grant | PorticoError:
        grant = self._find(token)
        if grant is not None:
            self._tell_of_use(host, grant)
            return grant
        if not self._tokens.wanted:
            # Client libraries are given a password for every server; where none is wanted any will do.
            return EVERYBODY
        if kept and self._known(host, token):
            return WrongToken()
        self._audit.note("refused", rule="token", host=host)
        if self._attempts.failed(host, asyncio.get_running_loop().time()):
            return self._shut_out(host)
        return WrongToken()

    def _tell_of_use(self, host: str, grant: Grant) -> None:
        """Note down that a token is used from an address; each request over HTTP shows one."""
        now, key = asyncio.get_running_loop().time(), (host, grant.token)
        if now - self._used.get(key, float("-inf")) < TOKEN_USE_SECONDS:
            return
        self._used[key] = now
        if len(self._used) > ATTEMPT_ADDRESSES:
            del self._used[next(iter(self._used))]
        self._audit.note("token", id=grant.token, role=ROLE_NAMES[grant.role], host=host)

    def _find(self, token: str) -> Grant | None:
        if len(token) > TOKEN_CHARACTERS:
            return None
        # It may have been made, or revoked, a moment ago.
        self._changed = self._tokens.refresh() or self._changed
        return self._tokens.find(token)

    def _shut_out(self, host: str) -> PorticoError:
        self._audit.note("limit", rule="attempts", host=host)
        return ShutOut()

    def _known(self, host: str, token: str) -> bool:
        """Tell whether this is the token that was refused here last; it is from now on."""
        digest = sha256(token.encode(errors="replace")).digest()
        before = self._refused.pop(host, None)
        self._refused[host] = digest
        if len(self._refused) > ATTEMPT_ADDRESSES:
            del self._refused[next(iter(self._refused))]
        return before == digest
