"""Fingerprints of certificates: the one form in which servers show them and clients compare them."""

from __future__ import annotations

import hashlib

KIND = "SHA256:"


def fingerprint(certificate: bytes) -> str:
    """Return the fingerprint of a certificate in DER form: its SHA-256 in pairs, as browsers show it."""
    return KIND + hashlib.sha256(certificate).digest().hex(":").upper()


def alike(one: str, other: str) -> bool:
    """Tell whether two fingerprints mean the same, however they are written."""
    return _digits(one) == _digits(other)


def _digits(text: str) -> str:
    return text.strip().upper().removeprefix(KIND).replace(":", "").replace(" ", "")
