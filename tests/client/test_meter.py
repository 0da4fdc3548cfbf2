"""The meter: lines for any terminal, from how far things are; nothing in them drives it."""

import pytest

from portico.client.meter import Meter, Track, duration, line, outcome
from portico.client.pace import Pace
from portico.client.transfer.values import Failure, FileProgress, TreeProgress, TreeSummary
from portico.model.errors import NotFound
from portico.model.files import FileFacts
from portico.wire.cells import width


def goes(rate):
    """The pace of what goes at a rate, as seen at second 2."""
    pace = Pace(0.0, 0)
    pace.mark(2.0, int(rate * 2))
    return pace


def track(name="fw.bin", offset=71, size=100, rate=0.0):
    """A transfer of so many megabytes."""
    megabytes = None if size is None else size * 10**6
    return Track(name, goes(rate), FileProgress(name, offset * 10**6, megabytes))


def tree(files=1_204, of=10_000, *, failed=0, counted=True):
    news = TreeProgress("logs/a", files, 37_100_000, of, 300_000_000, failed, counted)
    return Track("logs", goes(3_000_000), news)


NOW = 2.0


@pytest.mark.parametrize(
    "cells,seen,shown",
    [
        (80, track(rate=8_420_000), "fw.bin   71 %    8.4 MB/s   0:03 left  [#################       ]"),
        (60, track(rate=8_420_000), "fw.bin   71 %    8.4 MB/s   0:03 left  [#############      ]"),
        (50, track(rate=8_420_000), "fw.bin   71 %    8.4 MB/s   0:03 left"),
        (30, track(rate=8_420_000), "fw.bin   71 %   0:03 left"),
        (20, track(rate=8_420_000), "fw.bin   71 %"),
        (18, track("a/long/name.bin", rate=8_420_000), "...name.bin   71 %"),
        (12, track("a/long/name.bin", rate=8_420_000), "71 %"),
        (3, track(), "..."),
        (80, track(rate=0.0), "fw.bin   71 %     stalled              [#################       ]"),
        (80, track("-", size=None, rate=8_420_000), "-  71.0 MB    8.4 MB/s"),
        (80, track(offset=0, size=0), "fw.bin  100 %"),
        (30, track("你好.bin\n\x1b[2J"), "...bin??[2J   71 %"),
    ],
)
def test_a_file_has_a_line_for_every_terminal(cells, seen, shown):
    assert line(seen, NOW, cells) == shown
    assert width(shown) <= cells


@pytest.mark.parametrize(
    "cells,seen,shown",
    [
        (80, tree(), "logs: 1,204 of 10,000 files, 37.1 MB, 2:16 left"),
        (80, tree(failed=3), "logs: 1,204 of 10,000 files, 37.1 MB, 3 failed, 2:16 left"),
        (80, tree(counted=False), "logs: 1,204 files, 37.1 MB"),
        (80, tree(files=1, counted=False), "logs: 1 file, 37.1 MB"),
        (46, tree(), "1,204 of 10,000 files, 37.1 MB, 2:16 left"),
        (20, tree(), "...7.1 MB, 2:16 left"),
    ],
)
def test_a_tree_has_one_line(cells, seen, shown):
    assert line(seen, NOW, cells) == shown
    assert width(shown) <= cells


def test_names_are_aligned_and_the_last_line_counts_the_rest():
    meter = Meter()
    for number in range(1, 17):
        name = "x" * number
        meter.heard(name, FileProgress(name, number, 16), 0.0)
    assert meter.lines(20, 0.0) == ["x       6 %", "xx     12 %", "xxx    18 %", "xxxx   25 %", "and 12 more"]
    meter.end("x")
    meter.waiting = 1_000
    assert meter.lines(20, 0.0, most=1) == ["xx   12 %", "and 1,014 more"]


def test_the_rate_is_measured_from_what_is_told():
    meter = Meter()
    for second in range(5):
        meter.heard("fw.bin", FileProgress("fw.bin", (3 + second) * 10**6, 10**7, 3 * 10**6), float(second))
        meter.heard("logs", TreeProgress("logs/a", second, 0, 100, 0, counted=True), float(second))
    first, second = meter.lines(50, 4.0)
    assert first == "fw.bin   70 %    1.0 MB/s   0:03 left"
    assert second == "logs: 4 of 100 files, 0 bytes, 1:36 left"


@pytest.mark.parametrize(
    "seconds,text",
    [
        (0.2, "0:00"),
        (2.6, "0:03"),
        (59.6, "1:00"),
        (725, "12:05"),
        (11_525, "3:12:05"),
        (172_799, "47:59:59"),
        (200_000, "2 days"),
    ],
)
def test_a_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    "done,words",
    [
        (FileFacts("fw.bin", 12_400_000, 0, "etag"), "12.4 MB fetched, verified"),
        (TreeSummary(1, 5), "1 file, 5 bytes fetched, verified"),
        (
            TreeSummary(1_204, 37_100_000, 8, [Failure("x", NotFound("gone"))]),
            "1,204 files, 37.1 MB fetched, verified; 8 were there already; 1 failed",
        ),
    ],
)
def test_what_became_of_it(done, words):
    assert outcome(done, "fetched") == words
