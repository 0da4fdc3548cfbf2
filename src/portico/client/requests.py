"""Requests until they are answered: those of users, and the conversation's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from portico.client.resp import Value
from portico.model.errors import PorticoError


class Slot(Protocol):
    """Where an answer goes; a future of asyncio is one."""

    def done(self) -> bool:
        """Tell whether nobody waits any more."""

    def set_result(self, result: Any, /) -> None:  # noqa: ANN401 - any reply
        """Give the answer."""

    def set_exception(self, exception: Any, /) -> None:  # noqa: ANN401 - as asyncio has it
        """Give the refusal."""


class Request:
    """One request until it is answered.

    `deadline` is when whoever asked gives up, on the clock of the caller.
    """

    __slots__ = ("again", "data", "deadline", "slot")

    def __init__(self, data: bytes, slot: Slot, deadline: float = math.inf, *, again: bool = True) -> None:
        """Begin unanswered."""
        self.data = data
        self.slot = slot
        self.deadline = deadline
        self.again = again

    def answer(self, value: Value) -> None:
        """Hand the answer over, unless nobody waits for it any more."""
        if self.slot.done():
            return
        if isinstance(value, PorticoError):
            self.slot.set_exception(value)
        else:
            self.slot.set_result(value)


class Step:
    """A request of the conversation's own; `then` gets the answer, errors too."""

    __slots__ = ("answer",)

    def __init__(self, then: Callable[[Value], None]) -> None:
        """Begin unanswered."""
        self.answer = then
