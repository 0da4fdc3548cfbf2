"""What the shell adds to the errors of the room."""

from __future__ import annotations


class UsageError(Exception):
    """The command line does not make sense; the sentence says what does."""
