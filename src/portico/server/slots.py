"""The answers of one connection, leaving in the order of its requests.

A slot holds an answer, or a `Later` that will be one. Answers behind an unfinished one wait; how many may,
and how many bytes, is limited. A range of a file waits as an open file, and counts as the longest one that
would be held as bytes: a connection has no more than a few files open.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from portico.model.later import Later
from portico.server.limits import OPEN_SLOTS, SLOT_BYTES


class Slots:
    """A queue of answers."""

    __slots__ = ("_bytes", "_queue")

    def __init__(self) -> None:
        """Begin empty."""
        self._queue: deque[Any] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        """Tell whether an answer waits."""
        return bool(self._queue)

    @property
    def full(self) -> bool:
        """Whether no more may be added."""
        return len(self._queue) >= OPEN_SLOTS or self._bytes >= SLOT_BYTES

    def add(self, answer: Any) -> None:  # noqa: ANN401 - any reply, or a Later
        """Add the answer to the latest request."""
        if type(answer) is Later:
            self._bytes += answer.weight
        elif type(answer) is bytes:
            self._bytes += len(answer)
        self._queue.append(answer)

    def ready(self) -> list[Any]:
        """Take out the finished answers that nothing unfinished stands before."""
        queue, answers = self._queue, []
        while queue:
            answer = queue[0]
            if type(answer) is Later:
                if not answer.ready:
                    break
                self._bytes -= answer.weight
                answer = answer.value
            elif type(answer) is bytes:
                self._bytes -= len(answer)
            answers.append(answer)
            queue.popleft()
        return answers

    def forget(self) -> None:
        """Let go of everything; nobody is called any more."""
        for answer in self._queue:
            if type(answer) is Later:
                answer.then(_let_go)
        self._queue.clear()


def _let_go(answer: Later) -> None:
    """Close a range of a file that nobody wants any more."""
    if hasattr(answer.value, "fd"):
        answer.value.close()
