"""Conditions that HTTP requests are made under: is it (still) the file that the client knows?

Each function is one step of the order in which RFC 9110 section 13.2.2 has them judged. Entity tags count
before dates. Ours are strong, so a weak one is none of ours where bytes are put together (section 8.8.3.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

TAG = re.compile(r'(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"')

CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range")
"""The headers that all of this is said in."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one content of a file from another: its etag, and when it was changed, in seconds."""

    etag: str
    changed: int


def failed(headers: Mapping[str, str], file: Validators) -> bool:
    """Tell whether the client wants this file only if it is another one (412)."""
    tags = headers.get("If-Match")
    if tags is not None:
        return not _among(tags, file.etag, weak=False)
    limit = seconds_of(headers.get("If-Unmodified-Since"))
    return limit is not None and file.changed > limit


def unchanged(headers: Mapping[str, str], file: Validators) -> bool:
    """Tell whether the client has this file already (304)."""
    tags = headers.get("If-None-Match")
    if tags is not None:
        return _among(tags, file.etag, weak=True)
    since = seconds_of(headers.get("If-Modified-Since"))
    return since is not None and file.changed <= since


def continued(headers: Mapping[str, str], file: Validators) -> bool:
    """Tell whether a range may be answered: what the client has the rest of is this file (If-Range)."""
    condition = headers.get("If-Range")
    if condition is None:
        return True
    if condition.rstrip().endswith('"'):
        return _among(condition, file.etag, weak=False)
    return seconds_of(condition) == file.changed


def forbidden(headers: Mapping[str, str], file: Validators | None) -> bool:
    """Tell whether nothing may be changed: what is there, None for nothing, has to be another (412)."""
    if file is None:
        return "If-Match" in headers
    return failed(headers, file) or _among(headers.get("If-None-Match", ""), file.etag, weak=True)


def seconds_of(date: str | None) -> int | None:
    """Return an HTTP date in seconds since 1970; None for what is no date, and counts as not said."""
    if date is None:
        return None
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return None


def _among(tags: str, etag: str, *, weak: bool) -> bool:
    if tags.strip() == "*":
        return True
    return any(match["tag"] == etag and (weak or not match["weak"]) for match in TAG.finditer(tags))
