"""How far transfers have come, in lines for a person. Pure: what happens and the time go in, lines come out.

    fw.bin   71 %   84.2 MB/s   0:03 left  [#################       ]
    logs: 1,204 of 10,000 files, 37.1 MB, 2:10 left

Where the terminal is narrow the bar goes first, then the rate, then the time; the name is cut before the
share is.
"""

from __future__ import annotations

from dataclasses import dataclass

from portico.client.pace import Pace
from portico.client.transfer.values import FileProgress, TreeProgress, TreeSummary
from portico.model.files import FileFacts
from portico.model.quantities import size
from portico.wire.cells import cut, width
from portico.wire.lines import one_line

SHOWN = 4
"""Transfers that get a line each; how many more there are is said below."""

NAME_CELLS = (8, 40)
"""What a name gets at least, before the rest of its line gives way, and at most."""

BAR_CELLS = (10, 24)
"""A bar is never shorter, since it would say nothing then, nor longer."""

FILE_WORK = 16_384
"""A file of a tree costs as much time as so many bytes, apart from its own."""

GAP = "  "


@dataclass(slots=True)
class Track:
    """One transfer: what was heard of it last, and how fast it goes."""

    name: str
    pace: Pace
    news: FileProgress | TreeProgress

    def left(self, now: float) -> float | None:
        """Return the seconds it will take, None when nobody can tell."""
        rate, total = self.pace.rate(now), whole(self.news)
        return None if not rate or total is None else max(0, total - work(self.news)) / rate


def work(news: FileProgress | TreeProgress) -> int:
    """Return how much is done, bytes and files together."""
    return news.offset if isinstance(news, FileProgress) else news.bytes + FILE_WORK * news.files


def whole(news: FileProgress | TreeProgress) -> int | None:
    """Return how much there is to do, None while nobody knows."""
    if isinstance(news, FileProgress):
        return news.size
    return news.of_bytes + FILE_WORK * news.of_files if news.counted else None


class Meter:
    """The transfers that are under way, oldest first; `waiting` further ones have not begun."""

    def __init__(self, waiting: int = 0) -> None:
        """Begin with none under way."""
        self.waiting = waiting
        self.tracks: dict[str, Track] = {}

    def heard(self, name: str, news: FileProgress | TreeProgress, now: float) -> None:
        """Take note of how far a transfer has come, under the name it has for the person."""
        # What an earlier run left took no time in this one: the pace begins with it.
        track = self.tracks.setdefault(name, Track(name, Pace(now, work(news)), news))
        track.news = news
        track.pace.mark(now, work(news))

    def end(self, name: str) -> None:
        """Forget a transfer."""
        self.tracks.pop(name, None)

    def lines(self, cells: int, now: float, most: int = SHOWN) -> list[str]:
        """Return a line for each of the oldest, none longer than so many cells."""
        shown = list(self.tracks.values())[:most]
        room = max((width(one_line(track.name)) for track in shown), default=0)
        lines = [line(track, now, cells, room) for track in shown]
        more = len(self.tracks) - len(shown) + self.waiting
        return [*lines, cut(f"and {more:,} more", cells)] if more else lines


def line(track: Track, now: float, cells: int, room: int = 0) -> str:
    """Return the line of one transfer; the name of a file takes `room` cells where there are so many."""
    news = track.news
    if isinstance(news, FileProgress):
        return _file(track, news, now, cells, room)
    return _tree(track, news, now, cells)


def _file(track: Track, news: FileProgress, now: float, cells: int, room: int) -> str:
    share, rate, left = _share(news).rjust(5), _rate(track, now).rjust(10), _left(track, now).rjust(10)
    least, most = NAME_CELLS
    room = min(max(room, width(one_line(track.name))), most)
    for words in ((share, rate, left), (share, left), (share,)):
        text = GAP.join(words)
        wide = min(room, cells - width(text) - len(GAP))
        if wide >= min(room, least):
            break
    else:
        return cut(share.strip(), cells)
    name = cut(one_line(track.name), wide)
    begun = f"{name}{' ' * (wide - width(name))}{GAP}{text}"
    return (begun + _bar(news, cells - width(begun))).rstrip()


def _tree(track: Track, news: TreeProgress, now: float, cells: int) -> str:
    files = f"{news.files:,} of {_files(news.of_files)}" if news.counted else _files(news.files)
    failed, left = f"{news.failed:,} failed" if news.failed else "", _left(track, now)
    text = ", ".join(word for word in (files, size(news.bytes), failed, left) if word)
    name = cut(one_line(track.name), max(0, cells - width(text) - len(": ")))
    return cut(f"{name}: {text}" if name.strip(".") else text, cells)


def _share(news: FileProgress) -> str:
    if news.size is None:
        return size(news.offset)
    return share(news.offset, news.size)


def share(part: int, whole: int) -> str:
    """Return how much of the whole a part is: `71 %`."""
    return f"{100 * part // whole if whole else 100} %"


def _rate(track: Track, now: float) -> str:
    rate = track.pace.rate(now)
    if rate is None or work(track.news) == whole(track.news):
        return ""
    return f"{size(int(rate))}/s" if rate >= 1 else "stalled"


def _left(track: Track, now: float) -> str:
    seconds = track.left(now)
    return "" if seconds is None else f"{duration(seconds)} left"


def outcome(done: FileFacts | TreeSummary, how: str) -> str:
    """Return what became of a transfer: `12.4 MB fetched, verified`; `how` is what happened to it."""
    if isinstance(done, FileFacts):
        return f"{size(done.size)} {how}, verified"
    same = f"; {done.same:,} were there already" if done.same else ""
    failed = f"; {len(done.failures):,} failed" if done.failures else ""
    return f"{_files(done.files)}, {size(done.bytes)} {how}, verified{same}{failed}"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return `0:03`, `12:05`, `3:12:05`, `2 days`."""
    whole = int(seconds + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    if hours >= 48:  # noqa: PLR2004 - days are easier from here on
        return f"{hours // 24} days"
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _bar(news: FileProgress, room: int) -> str:
    """Return a gap and a bar for what room there is, nothing where it would say nothing."""
    least, most = BAR_CELLS
    cells = min(room - len(GAP) - len("[]"), most)
    if cells < least or not news.size:
        return ""
    full = cells * min(news.offset, news.size) // news.size
    return f"{GAP}[{'#' * full}{' ' * (cells - full)}]"
