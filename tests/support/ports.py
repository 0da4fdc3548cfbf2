"""Ports without a machine behind them: a clock that stands still, a repository of a few invented files."""

from collections.abc import Callable, Sequence

from portico.model.errors import NotFound
from portico.model.files import FileFacts
from portico.model.patterns import Pattern

START = 1_739_231_212_048_084
"""2025-02-10 23:46:52.048084 UTC, in microseconds."""

FILES = ("notes/today.txt", "tester1.txt", "tester2.txt")


class StillClock:
    """The port `Clock`; `meanwhile` is what happens while somebody waits, one call for each waiting."""

    def __init__(self, head: Callable[[], int]) -> None:
        self.instant = START
        self.meanwhile: list[Callable[[], object]] = []
        self._head = head

    def now(self) -> int:
        return self.instant

    async def next_entry(self, after: int, seconds: float) -> bool:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        else:
            self.instant += round(seconds * 1_000_000)
        return self._head() > after


class Shelf:
    """The port `Repository`, with a few files."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.files = [FileFacts(path, 21, START, f"etag-{path}") for path in sorted(paths)]

    async def list(self, pattern: str | None, after: str | None, count: int) -> Sequence[FileFacts]:
        return [file for file in self._matching(pattern) if file.path > (after or "")][:count]

    async def count(self, pattern: str | None) -> int:
        return len(self._matching(pattern))

    async def stat(self, path: str) -> FileFacts:
        found = next((file for file in self.files if file.path == path), None)
        if found is None:
            raise NotFound(f"there is no file {path}; list the files to see what there is")
        return found

    async def close(self) -> None:
        """Nothing is open."""

    def _matching(self, pattern: str | None) -> Sequence[FileFacts]:
        wanted = Pattern("**" if pattern is None else pattern)
        return [file for file in self.files if wanted.matches(file.path)]
