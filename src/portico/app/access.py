"""Who may come in, for the operator's commands: the tokens of a room, and where its server is to be found."""

from __future__ import annotations

import contextlib
from pathlib import Path

from portico.app.place import Place
from portico.model.fingerprints import fingerprint
from portico.stores.audit import append
from portico.stores.certificates import first_of
from portico.stores.tokens import Token, TokenFile
from portico.stores.whereabouts import Whereabouts, find

__all__ = ["Token", "TokenFile", "Whereabouts", "fingerprint_of", "noted", "tokens_of", "whereabouts_of"]


def tokens_of(place: Place) -> TokenFile:
    """Return the tokens of a room; raise `Refused` when their file cannot be read."""
    return TokenFile(place.tokens_path)


def whereabouts_of(place: Place) -> Whereabouts | None:
    """Return where the server of a room listens; None when none is running, as far as that is told."""
    return find(place.whereabouts_path)


def fingerprint_of(certificate: str) -> str:
    """Return by what people know a server that has this certificate; raise `Refused`."""
    return fingerprint(first_of(Path(certificate)))


def noted(place: Place, event: str, token: Token) -> None:
    """Note down, beside what the server does, what has become of a token; where it can be noted."""
    if place.audit_path is not None:
        with contextlib.suppress(OSError):
            append(place.audit_path, event, id=token.id, name=token.name, role=token.role)
