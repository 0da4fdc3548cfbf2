"""The audit log."""

from __future__ import annotations


class NoAudit:
    """Implements the `Audit` port by forgetting everything."""

    def note(self, event: str, **facts: object) -> None:
        """Forget an event."""
