"""Wrong tokens, counted by address: a few are a mistake, more are slower and slower, too many are the door.

Each address has a score: the wrong tokens it has shown, forgiven one by one after a minute without any. Up to
the free ones an attempt is looked at when it comes; beyond them each waits twice as long as the one before,
and attempts of one address wait behind each other, so that opening more connections gains nothing. A right
token waits like a wrong one: who may come in is not seen before its time.

No clock and no loop: instants are seconds of any clock that never goes back.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from portico.server.limits import (
    ATTEMPT_ADDRESSES,
    ATTEMPT_FORGIVEN_SECONDS,
    ATTEMPT_LONGEST_SECONDS,
    ATTEMPT_QUIET_SECONDS,
    ATTEMPTS_FREE,
    ATTEMPTS_TO_THE_DOOR,
    ATTEMPTS_WAITING,
)

NEIGHBOURS = 64
"""Leading bits of an IPv6 address that belong to one customer (RFC 6177): the rest is free to choose."""


@dataclass(slots=True)
class _Record:
    """What is known of one address: its score at an instant, and when its next attempt may be looked at."""

    score: float = 0.0
    at: float = 0.0
    free_at: float = 0.0
    waiting: int = 0

    def score_at(self, now: float) -> float:
        quiet = max(0.0, now - self.at - ATTEMPT_QUIET_SECONDS)
        return max(0.0, self.score - quiet / ATTEMPT_FORGIVEN_SECONDS)


class Attempts:
    """The addresses that have shown wrong tokens lately."""

    def __init__(self) -> None:
        """Begin with none."""
        self._records: dict[str, _Record] = {}

    def begin(self, host: str, now: float) -> float | None:
        """Return how long an attempt has to wait, in seconds; None when too many wait already.

        One that has to wait is said to be over by `waited`.
        """
        record = self._records.get(neighbourhood(host))
        if record is None:
            return 0.0
        beyond = record.score_at(now) - ATTEMPTS_FREE + 1
        if beyond < 1 and record.free_at <= now:
            return 0.0
        if record.waiting >= ATTEMPTS_WAITING:
            return None
        pause = min(2.0 ** max(0, int(beyond) - 1), ATTEMPT_LONGEST_SECONDS)
        record.free_at = max(now, record.free_at) + pause
        record.waiting += 1
        return record.free_at - now

    def waited(self, host: str) -> None:
        """Take note that an attempt has waited for its turn."""
        record = self._records.get(neighbourhood(host))
        if record is not None and record.waiting:
            record.waiting -= 1

    def failed(self, host: str, now: float) -> bool:
        """Take note of a wrong token; tell whether that was one too many."""
        key = neighbourhood(host)
        # The newest stand last, so that those forgotten first have been quiet for longest.
        record = self._records.pop(key, None) or _Record()
        self._records[key] = record
        record.score, record.at = record.score_at(now) + 1, now
        if len(self._records) > ATTEMPT_ADDRESSES:
            del self._records[next(iter(self._records))]
        return record.score >= ATTEMPTS_TO_THE_DOOR


def neighbourhood(host: str) -> str:
    """Return what stands for an address and those that its owner can take as well."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, NEIGHBOURS), strict=False))
    return host
