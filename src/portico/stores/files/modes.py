"""Who may do what with a file, by its mode.

A server makes its own things for its owner alone: its umask says so before it makes anything. What people
deposit is for whom the operator's own umask would have made it. Where a folder has a default access control
list, that decides instead, and is let be.
"""

from __future__ import annotations

import os

OURS = 0o077
"""The umask of a server."""

FILE, FOLDER = 0o666, 0o777

_ANYBODY = 0o077
_SPECIAL = 0o7000

_operators: list[int] = []
"""The operator's umask, once ours is in its place; a process has one."""


def keep_to_ourselves() -> None:
    """Let nothing be made for others unless it is said, from now on."""
    before = os.umask(OURS)
    if not _operators:
        _operators.append(before)


def share_file(file: int) -> None:
    """Let a deposit's file be for whom it would have been."""
    if _operators and not os.fstat(file).st_mode & _ANYBODY:
        os.fchmod(file, FILE & ~_operators[0])


def share_folder(name: str, above: int) -> None:
    """Let a folder that was just made be for whom it would have been; what it has from its own stays."""
    if _operators:
        mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        if not mode & _ANYBODY:
            os.chmod(name, (mode & _SPECIAL) | (FOLDER & ~_operators[0]), dir_fd=above)
