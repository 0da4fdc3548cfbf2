"""The composition root: the one place that names concrete stores and brings everything together.

`serve` runs a room; `check`, `exporting`, `importing` and `copying` are what `portico log` does with the log
of one, from outside.
"""

from __future__ import annotations

from portico.app.place import PRIVATE, ROOM, Place

__all__ = ["PRIVATE", "ROOM", "Place"]
