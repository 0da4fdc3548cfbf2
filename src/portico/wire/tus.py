"""The headers of the tus protocol 1.0.0: what they say, and how they are written.

Source: tus resumable upload protocol 1.0.0, sections Core Protocol, Creation, Checksum and Expiration.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from email.utils import formatdate

from portico.model.errors import PorticoError
from portico.model.files import Order, UploadFacts
from portico.model.instants import rfc3339

METADATA_KEY = re.compile(r"[!-+\--~]+")
"""ASCII without blanks and commas."""

NUMBER = re.compile(r"[0-9]{1,18}")

CHECKSUMS = {"sha256": 32, "sha1": 20}
"""The algorithms of `Upload-Checksum` with the bytes of their digests: that of our files, and the one that
the specification wants of everybody. Either tells bytes that were damaged on the way."""


def number_of(name: str, text: str | None) -> int:
    """Return a header's number; raise `PorticoError` where there is none."""
    if text is None or not NUMBER.fullmatch(text):
        raise PorticoError(f"the header {name} has to be a number of bytes")
    return int(text)


def metadata_of(text: str) -> dict[str, str]:
    """Return what an `Upload-Metadata` says; raise `PorticoError` for what cannot be read."""
    found: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not METADATA_KEY.fullmatch(key) or key in found:
            raise PorticoError("Upload-Metadata has pairs of a name, once each, and a value in Base64")
        found[key] = _decoded("Upload-Metadata", value.strip()).decode(errors="surrogateescape")
    return found


def order_words(metadata: dict[str, str]) -> tuple[str, list[str]]:
    """Return the path that metadata names, and the options of PUT for the rest of it."""
    path = metadata.get("filename")
    if not path:
        raise PorticoError("Upload-Metadata has to have a filename: the path of the file")
    words = ["REPLACE"] if metadata.get("replace") == "1" else []
    for name, option in (("sha256", "SHA256"), ("mtime", "MTIME")):
        if metadata.get(name):
            words += [option, metadata[name]]
    return path, words


def going_on(order: Order) -> list[str | int]:
    """Return the words of the PUT that goes on with an upload as it was asked for."""
    words: list[str | int] = ["PUT", order.path, "?" if order.size is None else order.size]
    words += ["UPLOAD", order.upload]
    words += ["SHA256", order.sha256] if order.sha256 else []
    words += ["REPLACE"] if order.replace else []
    return [*words, "MTIME", rfc3339(order.mtime)] if order.mtime is not None else words


def headers_of(facts: UploadFacts) -> dict[str, str]:
    """Return what is said of an upload to who asks how far it is."""
    order = facts.order
    headers = {"Upload-Offset": str(facts.offset), "Upload-Metadata": _metadata_text(order)}
    if order.size is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(order.size)
    if facts.ended:
        headers["Portico-SHA256"] = order.sha256
    return headers | expiry_of(facts)


def expiry_of(facts: UploadFacts) -> dict[str, str]:
    """Return when an upload that nobody goes on with is forgotten."""
    if facts.expires is None:
        return {}
    return {"Upload-Expires": formatdate(facts.expires // 1_000_000, usegmt=True)}


def checksum_of(text: str) -> tuple[str, bytes]:
    """Return algorithm and digest of an `Upload-Checksum`; raise `PorticoError` for others, or none."""
    algorithm, _, value = text.partition(" ")
    digest = _decoded("Upload-Checksum", value) if algorithm in CHECKSUMS else b""
    if not digest or len(digest) != CHECKSUMS[algorithm]:
        raise PorticoError(f"Upload-Checksum is {' or '.join(CHECKSUMS)}, a blank, and the digest in Base64")
    return algorithm, digest


def _decoded(name: str, value: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PorticoError(f"{name} has a value that is no Base64") from None


def _metadata_text(order: Order) -> str:
    said = {
        "filename": order.path,
        "sha256": order.sha256,
        "replace": "1" if order.replace else "",
        "mtime": "" if order.mtime is None else rfc3339(order.mtime),
    }
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in said.items() if value)
