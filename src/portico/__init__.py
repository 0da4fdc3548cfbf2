"""Portico: one TCP port where the people and programs of a network meet.

    import portico

    with portico.Client("127.0.0.1:65432", name="alice") as client:
        client.say("Hello")

`AsyncClient` is the same for asyncio. What a server refuses is raised as a `PorticoError`, each code as a
class of its own; the tree is in `portico.model.errors`. A name is imported when it is first used, so that
`import portico` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from portico.model.version import __version__

if TYPE_CHECKING:
    from portico.client.aio import AsyncClient
    from portico.client.blocking import Client
    from portico.model.entries import Entry, ErasedMessage, Message, Presence
    from portico.model.errors import (
        BadName,
        BadPath,
        CannotConnect,
        Denied,
        Full,
        Gone,
        KeyReused,
        Lost,
        NameTaken,
        NoSpace,
        NotFound,
        PorticoError,
        ProtocolError,
        TimedOut,
        TooBig,
        Unavailable,
    )
    from portico.model.files import FileFacts
    from portico.model.replies import SessionLine

__all__ = [
    "AsyncClient",
    "BadName",
    "BadPath",
    "CannotConnect",
    "Client",
    "Denied",
    "Entry",
    "ErasedMessage",
    "FileFacts",
    "Full",
    "Gone",
    "KeyReused",
    "Lost",
    "Message",
    "NameTaken",
    "NoSpace",
    "NotFound",
    "PorticoError",
    "Presence",
    "ProtocolError",
    "SessionLine",
    "TimedOut",
    "TooBig",
    "Unavailable",
    "__version__",
]

_HOMES = {
    "AsyncClient": "client.aio",
    "Client": "client.blocking",
    "Entry": "model.entries",
    "ErasedMessage": "model.entries",
    "FileFacts": "model.files",
    "Message": "model.entries",
    "Presence": "model.entries",
    "SessionLine": "model.replies",
}
"""Where names live that are not errors."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'portico' has no attribute {name!r}")
    value = getattr(import_module(f"portico.{_HOMES.get(name, 'model.errors')}"), name)
    globals()[name] = value
    return value
