"""The client's side of the room: the library, and what the prompt and the shell commands stand on.

    AsyncClient (aio) ── Core ──┬── Conversation: what is asked, who we are, what was seen; no sockets
    Client (blocking) ──┘       ├── Link: one socket after another
                                └── Feed: the readers of entries
"""

from __future__ import annotations

from portico.client.aio import AsyncClient
from portico.client.blocking import Client

__all__ = ["AsyncClient", "Client"]
