"""The shell's side: commands, flags, exit codes, and what `serve` prints."""

from __future__ import annotations

from portico.cli.main import main

__all__ = ["main"]
