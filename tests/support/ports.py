"""A clock without a machine behind it: it stands still unless a test moves it."""

from collections.abc import Callable

START = 1_739_231_212_048_084
"""2025-02-10 23:46:52.048084 UTC, in microseconds."""


class StillClock:
    """The port `Clock`; `meanwhile` is what happens while somebody waits, one call for each waiting."""

    def __init__(self, head: Callable[[], int]) -> None:
        self.instant = START
        self.meanwhile: list[Callable[[], object]] = []
        self._head = head

    def now(self) -> int:
        return self.instant

    def ticks(self) -> float:
        return self.instant / 1_000_000

    async def next_entry(self, after: int, seconds: float) -> bool:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        else:
            self.instant += round(seconds * 1_000_000)
        return self._head() > after
