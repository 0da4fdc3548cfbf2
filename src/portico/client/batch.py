"""Many requests that are waited for together: one future for all of them, where asking one by one has a
task and a future for each.
"""

from __future__ import annotations

import asyncio
from typing import Any

from portico.client.resp import Value
from portico.model.errors import PorticoError


class Batch:
    """The answers of requests that were asked together, in their order; refusals stand in their places."""

    __slots__ = ("_all", "_answers", "_missing")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin without a request."""
        self._all: asyncio.Future[list[Value]] = loop.create_future()
        self._answers: list[Value] = []
        self._missing = 1

    def place(self) -> Place:
        """Return where the answer of one more request goes."""
        self._answers.append(None)
        self._missing += 1
        return Place(self, len(self._answers) - 1)

    async def answers(self) -> list[Value]:
        """Return all answers, once the last one is there; no request comes after this."""
        self._answered()
        return await self._all

    def cancel(self) -> None:
        """Give up what has no answer yet."""
        self._all.cancel()

    @property
    def given_up(self) -> bool:
        """Whether nobody waits for the answers any more."""
        return self._all.done()

    def put(self, index: int, value: Value) -> None:
        """Take an answer."""
        self._answers[index] = value
        self._answered()

    def _answered(self) -> None:
        self._missing -= 1
        if not self._missing and not self._all.done():
            self._all.set_result(self._answers)


class Place:
    """Where one answer of a batch goes: the slot of its request."""

    __slots__ = ("_batch", "_index")

    def __init__(self, batch: Batch, index: int) -> None:
        """Begin empty."""
        self._batch: Batch | None = batch
        self._index = index

    def done(self) -> bool:
        """Tell whether nobody waits any more."""
        return self._batch is None or self._batch.given_up

    def set_result(self, result: Any) -> None:  # noqa: ANN401 - any reply
        """Put the answer in its place, once."""
        if self._batch is not None:
            self._batch.put(self._index, result)
            self._batch = None

    def set_exception(self, exception: PorticoError) -> None:
        """Put the refusal in its place."""
        self.set_result(exception)
