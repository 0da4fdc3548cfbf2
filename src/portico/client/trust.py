"""Which server it is: TLS, and how its key is known.

    known hosts     its fingerprint is remembered when we first meet it, and looked at ever after
    a fingerprint   told beforehand, by an invitation say
    an authority    certificates that sign it: a file of them, or those of the system

Looked at after the handshake and before the first byte of ours, so that no token goes to somebody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from portico.client.address import Address
from portico.model.errors import PorticoError, Untrusted
from portico.model.fingerprints import alike, fingerprint

SYSTEM = "system"
"""In the place of a file: the authorities that this machine believes."""


def known_hosts_path() -> str:
    """Return where servers are remembered: PORTICO_KNOWN_HOSTS, or in the user's configuration (XDG)."""
    told = os.environ.get("PORTICO_KNOWN_HOSTS")
    configuration = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return os.path.expanduser(told or f"{configuration}/portico/known_hosts")  # noqa: PTH111 - as below


@dataclass(frozen=True, slots=True)
class Trust:
    """How a server is known: by an authority, by a fingerprint (by both, if both are told), or by what is
    remembered. `tell` hears of a server that is met for the first time.
    """

    authority: str = ""
    fingerprint: str = ""
    tell: Callable[[str], None] = field(default=lambda _: None)

    def context(self) -> ssl.SSLContext:
        """Return how to begin a connection; raise `PorticoError` for authorities that cannot be read."""
        if not self.authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the key itself is looked at
        else:
            file = None if self.authority == SYSTEM else self.authority
            try:
                context = ssl.create_default_context(cafile=file)
            except OSError as error:
                why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
                raise PorticoError(f"cannot read the authorities in {file}: {why}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def check(self, address: Address, certificate: bytes | None) -> None:
        """Raise `Untrusted` unless this is the server's certificate; remember one that is met first."""
        shown = fingerprint(certificate or b"")
        if self.fingerprint:
            if not alike(shown, self.fingerprint):
                raise Untrusted(
                    f"whoever answers at {address} has the key {shown}, and {self.fingerprint} was expected;"
                    " nothing was sent"
                )
        elif not self.authority:
            self._remember(address, shown)

    def _remember(self, address: Address, shown: str) -> None:
        path, host = known_hosts_path(), str(address).lower()
        try:
            with _opened(path) as file:
                text = file.read()
                number, known = _find(text.splitlines(), host)
                if not known:
                    file.write(f"{_ended(text)}{host} {shown}\n")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise Untrusted(f"servers cannot be remembered in {path}: {why}; nothing was sent") from error
        if not known:
            self.tell(f"{address} is met for the first time; its key is {shown}, remembered in {path}")
        elif not alike(known, shown):
            raise Untrusted(
                f"THE KEY OF {address} HAS CHANGED: it was {known}, and now it is {shown}. Somebody may stand"
                f" in between; nothing was sent. If the server has a new key, which whoever runs it can tell,"
                f" remove line {number} of {path}"
            )


@contextlib.contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    """Open the known hosts, for us alone, and alone among those who change them.

    Without `pathlib`, which every command of the shell would have to load for it.
    """
    os.makedirs(os.path.dirname(path) or ".", 0o700, exist_ok=True)  # noqa: PTH103, PTH120
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _ended(text: str) -> str:
    """Return what is missing at the end of a last line that somebody wrote by hand."""
    return "\n" if text and not text.endswith("\n") else ""


def _find(lines: list[str], host: str) -> tuple[int, str]:
    """Return the number of the line that remembers a server, and its fingerprint; empty when none does."""
    for number, line in enumerate(lines, 1):
        words = line.split()
        if len(words) > 1 and words[0].lower() == host:
            return number, words[1]
    return 0, ""
