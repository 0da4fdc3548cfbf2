"""What the shell adds to the errors of the room."""

from __future__ import annotations

from portico.model.errors import Exists


class UsageError(Exception):
    """The command line does not make sense; the sentence says what does."""


def with_replace(error: Exists) -> Exists:
    """Return a refusal that names the flag to get past it, where there is a way."""
    return Exists(error.sentence.replace("or replace it", "or replace it with --replace"))
