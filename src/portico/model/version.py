"""The version of this Portico. It stands here, below everything, because servers and clients both tell it."""

from __future__ import annotations

__version__ = "0.1.0"
