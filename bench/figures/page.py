"""The page in a real Chromium: what a first view takes, and whether frames go on while much is said.

A view is *first* with an empty cache. It counts as interactive once the form to join is there, the files and
the newest entries are drawn, and the frame with all of it has been handed over. The peer of the time is a
document with nothing in it from the same server in the same window; the peer of the frames is the same page
while nobody says anything.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bench import resp, servers
from bench.chromium import Browser, browser
from bench.context import Context
from bench.figures.base import Figure, Sides
from bench.ratios import Sample, ValueAtMost
from bench.servers import HOST, Server

KILOBYTE = 1000
#: Messages that arrive in one second, and how many at once.
MESSAGES, BURST = 1_000, 10
#: Messages that were there before, in the room with a past.
PAST, PIPELINE = 20_000, 500
#: How often somebody asks for what was earlier before reading there: 200 entries each time.
EARLIER = 8
#: Documents that have nothing to do: the icon.
BLANK = "web/icon.svg"

#: Runs in the document before its own scripts: notes when it can be used.
READY = """
const started = performance.now();
const shown = (selector) => document.querySelector(selector)?.offsetParent;
const drawn = () => ["#join", "#listing li", "#log li"].every(shown);
const look = () => {
  if (document.contentType === "image/svg+xml" || drawn())
    requestAnimationFrame(() => setTimeout(() => (window.ready = performance.now())));
  else setTimeout(look, 1);
};
look();
"""
#: Begins to take the time between frames, for a second and a half; `longest` becomes the longest.
FRAMES = """
const end = performance.now() + 1500;
window.longest = new Promise((done) => {
  let before = performance.now(), longest = 0;
  const frame = () => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
    if (now < end) requestAnimationFrame(frame);
    else done(longest);
  };
  requestAnimationFrame(frame);
});
"""
SUM = """
const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
return entries.reduce((sum, entry) => sum + entry.transferSize, 0);
"""


@dataclass(frozen=True, slots=True)
class FirstView:
    """Views with an empty cache; `weighs`: what they transfer instead of how long they take."""

    weighs: bool = False

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start a server with some files and something said, and a browser."""
        with room(context, 50) as server, browser(context.scratch / "profile") as window:
            window.command("Page.enable")
            window.command("Page.addScriptToEvaluateOnNewDocument", source=READY)
            view = partial(_view, window, server.port)
            view("")  # what the first process of a browser does once
            if self.weighs:
                yield Sides(partial(_weight, window, server.port))
            else:
                yield Sides(partial(view, ""), partial(view, BLANK))


def _view(window: Browser, port: int, path: str) -> Sample:
    """One view, in milliseconds from the navigation on."""
    window.command("Network.clearBrowserCache")
    window.open("about:blank")
    window.open(f"http://{HOST}:{port}/{path}")
    return Sample(until(window, "return window.ready"))


def _weight(window: Browser, port: int) -> Sample:
    """What one view transfers, heads included, in kilobytes."""
    _view(window, port, "")
    return Sample(window.number(SUM) / KILOBYTE)


@dataclass(frozen=True, slots=True)
class Frames:
    """A second in which a thousand messages arrive, after `past` others; `above`: somebody reads up there."""

    past: int
    above: bool

    @contextlib.contextmanager
    def prepare(self, context: Context) -> Iterator[Sides]:
        """Start a room with its past, and somebody who looks on."""
        with (
            room(context, self.past) as server,
            browser(context.scratch / "profile") as window,
            resp.Client(server.port) as speaker,
        ):
            window.open(f"http://{HOST}:{server.port}/")
            until(window, "return document.querySelectorAll('#log li').length > 1")
            if self.above:
                _read_above(window)
            yield Sides(partial(_longest, window, speaker), partial(_longest, window, None))


def _read_above(window: Browser) -> None:
    """Ask for earlier entries several times, and stay in the middle of them."""
    for _ in range(EARLIER):
        count = window.number("return document.querySelectorAll('#log li').length")
        window.number("document.getElementById('earlier').click()")
        until(window, f"return document.querySelectorAll('#log li').length > {count}")
    window.number("const box = document.getElementById('entries'); box.scrollTop = box.scrollHeight / 2")


def _longest(window: Browser, speaker: resp.Client | None) -> Sample:
    """The longest frame of a second, in milliseconds."""
    window.number(FRAMES)
    if speaker is None:
        time.sleep(1)
    else:
        say(speaker)
    return Sample(window.number("return window.longest"))


def say(speaker: resp.Client) -> None:
    """Say a thousand messages, spread over a second."""
    start = time.monotonic()
    for said in range(0, MESSAGES, BURST):
        time.sleep(max(0, start + said / MESSAGES - time.monotonic()))
        speaker.send([("SAY", f"message {said + each} of a busy second") for each in range(BURST)])
        for _ in range(BURST):
            speaker.receive()


@contextlib.contextmanager
def room(context: Context, past: int) -> Iterator[Server]:
    """A server where so much was said, with some files."""
    served = servers.new_home(context.scratch, "served-")
    for number in range(20):
        (served / f"file-{number:02}.txt").write_text("text\n")
    with servers.portico(context.scratch, served=served) as server, resp.Client(server.port) as client:
        client.call("NAME", "speaker")
        for _ in range(0, past, PIPELINE):
            client.send([("SAY", "what was said before")] * min(PIPELINE, past))
            for _ in range(min(PIPELINE, past)):
                client.receive()
        yield server


def until(window: Browser, script: str) -> float:
    """Wait until a script returns something, at most ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = window.number(script)
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"the page never came so far: {script}")


def figures() -> list[Figure]:
    """The first view, then frames at the end of the log and above it."""
    kilobytes, milliseconds = ValueAtMost(100, unit="kB"), ValueAtMost(300, unit="ms")
    frame = ValueAtMost(100, unit="ms")
    return [
        Figure("first-weight", "first view, transferred", "kB", kilobytes, FirstView(weighs=True).prepare),
        Figure("first-view", "first view, interactive / blank", "ms", milliseconds, FirstView().prepare),
        *(
            Figure(
                f"frames-{name}",
                f"longest frame, 1,000 messages in a second, {title} / idle",
                "ms",
                frame,
                Frames(past, above).prepare,
            )
            for name, title, past, above in (
                ("new", "new room", 50, False),
                ("end", "20,000 before", PAST, False),
                ("above", "reading 2,000 above", PAST, True),
            )
        ),
    ]
