"""A value that is not there yet: the answer to a proposal that is on its way to the disk.

Not a future: it knows no event loop. Whoever resolves it calls, there and then, what waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portico.model.errors import PorticoError


class Later:
    """One value, resolved once; an error is a value like any other."""

    __slots__ = ("_convert", "_waiting", "ready", "value", "weight")

    def __init__(self) -> None:
        """Begin unresolved; `weight` is how many bytes its value may keep in memory, where those are many."""
        self.weight = 0
        self.ready = False
        self.value: Any = None
        self._convert: Callable[[Any], Any] | None = None
        self._waiting: Callable[[Later], None] | None = None

    def map(self, convert: Callable[[Any], Any]) -> Later:
        """Make the final value of what this is resolved with, after earlier conversions; return self.

        `convert` sees values and errors alike, must not raise, and is called once, also when nobody waits.
        """
        first = self._convert
        if self.ready:
            self.value = convert(self.value)
        elif first is None:
            self._convert = convert
        else:
            self._convert = lambda value: convert(first(value))
        return self

    def resolve(self, value: Any) -> None:  # noqa: ANN401 - any kind of value
        """Give the value and call who waits; a second time does nothing."""
        if self.ready:
            return
        self.value = value if self._convert is None else self._convert(value)
        self.ready = True
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting(self)

    def chain(self, step: Callable[[Any], Any]) -> Later:
        """Return what `step` makes of the value: a value, or another `Later` that is waited for.

        `step` sees values only; an error goes past it, and what it raises as a `PorticoError` is the value.
        This one is then waited for by nobody else.
        """
        last = Later()

        def take(first: Later) -> None:
            value = first.value
            if not isinstance(value, PorticoError):
                try:
                    value = step(value)
                except PorticoError as error:
                    value = error
            if type(value) is Later:
                value.then(lambda second: last.resolve(second.value))
            else:
                last.resolve(value)

        self.then(take)
        return last

    def then(self, call: Callable[[Later], None]) -> None:
        """Call once resolved, at once if it already is; one caller at most waits."""
        if self.ready:
            call(self)
        else:
            self._waiting = call

    def forget(self) -> None:
        """Call nobody any more."""
        self._waiting = None
