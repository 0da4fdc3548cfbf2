"""Waiting on an event loop for what a desk answers later."""

import asyncio
from typing import Any

from portico.model.errors import PorticoError
from portico.model.later import Later

SECONDS = 30
"""How long an answer is waited for."""


async def outcome(later: Later) -> Any:
    """Return the value, which may be an error."""
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    later.then(lambda ready: None if done.done() else done.set_result(ready.value))
    return await asyncio.wait_for(done, SECONDS)


async def answer(later: Later) -> Any:
    """Return the value, or raise the error."""
    value = await outcome(later)
    if isinstance(value, PorticoError):
        raise value
    return value
