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
    from portico.client.transfer.values import Failure, FileProgress, TreeProgress, TreeSummary
    from portico.client.trust import Trust
    from portico.model.entries import Entry, ErasedMessage, FileEvent, Message, Presence
    from portico.model.errors import (
        BadName,
        BadPath,
        Busy,
        CannotConnect,
        Changed,
        Denied,
        Exists,
        Full,
        Gone,
        KeyReused,
        Lost,
        NameTaken,
        NoSpace,
        NotFound,
        NoToken,
        PorticoError,
        ProtocolError,
        TimedOut,
        TooBig,
        Unavailable,
        Untrusted,
        WrongDigest,
        WrongOffset,
        WrongToken,
    )
    from portico.model.files import FileFacts, Receipt
    from portico.model.replies import SessionLine, TransferLine

__all__ = [
    "AsyncClient",
    "BadName",
    "BadPath",
    "Busy",
    "CannotConnect",
    "Changed",
    "Client",
    "Denied",
    "Entry",
    "ErasedMessage",
    "Exists",
    "Failure",
    "FileEvent",
    "FileFacts",
    "FileProgress",
    "Full",
    "Gone",
    "KeyReused",
    "Lost",
    "Message",
    "NameTaken",
    "NoSpace",
    "NoToken",
    "NotFound",
    "PorticoError",
    "Presence",
    "ProtocolError",
    "Receipt",
    "SessionLine",
    "TimedOut",
    "TooBig",
    "TransferLine",
    "TreeProgress",
    "TreeSummary",
    "Trust",
    "Unavailable",
    "Untrusted",
    "WrongDigest",
    "WrongOffset",
    "WrongToken",
    "__version__",
]

_HOMES = {
    "AsyncClient": "client.aio",
    "Client": "client.blocking",
    "Entry": "model.entries",
    "ErasedMessage": "model.entries",
    "Failure": "client.transfer.values",
    "FileEvent": "model.entries",
    "FileFacts": "model.files",
    "FileProgress": "client.transfer.values",
    "Message": "model.entries",
    "Presence": "model.entries",
    "Receipt": "model.files",
    "SessionLine": "model.replies",
    "TransferLine": "model.replies",
    "Trust": "client.trust",
    "TreeProgress": "client.transfer.values",
    "TreeSummary": "client.transfer.values",
}
"""Where names live that are not errors."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'portico' has no attribute {name!r}")
    value = getattr(import_module(f"portico.{_HOMES.get(name, 'model.errors')}"), name)
    globals()[name] = value
    return value
