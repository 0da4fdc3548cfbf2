"""Who may do what: roles, and the grants that tokens give.

A room that wants no token grants the role of a member to everybody. Files are besides a matter of
`portico.model.policy`, which says how far they may be changed at all.
"""

from __future__ import annotations

from dataclasses import dataclass

READER, MEMBER, ADMIN = 1, 2, 3
"""Look and fetch; besides, speak and deposit; besides, change what others put there, and send them away."""

ROLES = {"reader": READER, "member": MEMBER, "admin": ADMIN}
ROLE_NAMES = {role: name for name, role in ROLES.items()}

TOKEN_CHARACTERS = 512
"""Longest token that is looked at: ours have 51 characters, one of the operator's own making some more."""


SHARED = "shared"
"""The id of the one token that the operator gives to all."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do: a role, and the id of the token that gives it.

    The id is empty for who needed none.
    """

    role: int = MEMBER
    token: str = ""


EVERYBODY = Grant()
"""What is granted where no token is wanted."""
