"""How differences are told: which change each is, which two are a move, and how many are told one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from portico.model.files import Author, FileChange, FileFacts
from portico.stores.files.differences import Difference

SINGLE = 20
"""Changes told one by one at a time, which is at most once a second: more lines nobody reads."""

OUTSIDE = Author()

Found = tuple[Difference, FileFacts | None]
"""A difference, and the facts of the file that is there now."""


def tell(found: Sequence[Found], at: int) -> list[FileChange]:
    """Return the changes that differences come to, the first `SINGLE` of them one by one, the rest as one.

    `at` is the present instant in microseconds: what is gone has no time of its own.
    """
    changes = list(_changes(found, at))
    if len(changes) <= SINGLE:
        return changes
    rest = changes[SINGLE:]
    key = _key("many", *(change.key for change in rest))
    return [*changes[:SINGLE], FileChange(key, "many", "", OUTSIDE, count=len(rest))]


def _changes(found: Sequence[Found], at: int) -> Iterable[FileChange]:
    vanished = {difference.old: difference for difference, facts in found if facts is None}
    moved = set()
    for difference, facts in found:
        if facts is not None:
            origin = vanished.pop(difference.new, None)
            if origin is not None:
                moved.add(origin.path)
            yield _there(difference, facts, origin)
    for difference, facts in found:
        if facts is None and difference.path not in moved:
            key = _key("removed", difference.path, difference.old, at)
            yield FileChange(key, "removed", difference.path, OUTSIDE)


def _there(difference: Difference, facts: FileFacts, origin: Difference | None) -> FileChange:
    change = "moved" if origin is not None else "added" if difference.old is None else "changed"
    path = "" if origin is None else origin.path
    key = _key(change, facts.path, facts.size, facts.etag, path)
    return FileChange(key, change, facts.path, OUTSIDE, facts.size, origin=path, facts=facts)


def _key(*facts: object) -> str:
    """Return what tells a change from all others; a path holds no NUL."""
    return "seen:" + blake2b("\0".join(map(str, facts)).encode(), digest_size=16).hexdigest()
