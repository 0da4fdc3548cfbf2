"""Errands: files on their way while a person talks, against a client that the test plays."""

from __future__ import annotations

import asyncio

import pytest

from portico.client.prompt.errands import Errands
from portico.client.prompt.own import Deposit, Fetch
from portico.client.transfer.values import Failure, FileProgress, TreeSummary
from portico.model.errors import Exists, NotFound, PorticoError
from portico.model.files import FileFacts


class Player:
    """As much of a client as errands ask for; each transfer ends when the test says how."""

    def __init__(self):
        self.asked = []
        self.ends = []

    def _begin(self, *asked, progress):
        self.asked.append(asked)
        end = asyncio.get_running_loop().create_future()
        self.ends.append((end, progress))

        async def wait():
            return await end

        return wait()

    def get(self, path, dest, *, progress):
        return self._begin("get", path, dest, progress=progress)

    def get_tree(self, path, dest, *, progress):
        return self._begin("get_tree", path, dest, progress=progress)

    def put(self, source, path, *, replace, progress):
        return self._begin("put", source, path, replace, progress=progress)

    def put_tree(self, source, path, *, replace, progress):
        return self._begin("put_tree", str(source), path, replace, progress=progress)


class Prompt:
    """What a person sees of errands."""

    def __init__(self):
        self.texts = []
        self.client = Player()
        self.mistakes = []
        self.errands = Errands(self.client, lambda shown: self.texts.append(shown.text), self.mistakes.append)

    async def ends(self, outcome, index=0):
        """Let a transfer end."""
        await asyncio.sleep(0)
        end, _ = self.client.ends[index]
        end.set_exception(outcome) if isinstance(outcome, Exception) else end.set_result(outcome)
        await asyncio.wait([list(self.errands._tasks.values())[index]])
        await asyncio.sleep(0)


@pytest.fixture
async def prompt():
    one = Prompt()
    yield one
    await one.errands.close()


FACTS = FileFacts("fw.bin", 12_400_000, 0, "etag", "00")


@pytest.mark.parametrize(
    "errand,asked",
    [
        (Fetch("fw.bin", ""), ("get", "fw.bin", ".")),
        (Fetch("fw.bin", "/tmp/here/"), ("get", "fw.bin", "/tmp/here/")),
        (Fetch("fw.bin", "~/x"), ("get", "fw.bin", "/home/ann/x")),
        (Fetch("fw-*.bin", ""), ("get_tree", "fw-*.bin", ".")),
        (Fetch("notes/", ""), ("get_tree", "notes", ".")),
        (Deposit("fw.bin", "", replace=False), ("put", "fw.bin", None, False)),
        (Deposit("~/fw.bin", "a/b", replace=True), ("put", "/home/ann/fw.bin", "a/b", True)),
        (Deposit("/", "root", replace=False), ("put_tree", "/", "root", False)),
    ],
)
async def test_a_line_begins_what_it_means(prompt, monkeypatch, errand, asked):
    monkeypatch.setenv("HOME", "/home/ann")
    assert prompt.errands.begin(errand).endswith(f"ing {errand.name}")
    await asyncio.sleep(0)
    assert prompt.client.asked == [asked]


TREE = TreeSummary(1_204, 37_100_000, 3, [Failure(f"{n}", NotFound("gone")) for n in range(5)])


@pytest.mark.parametrize(
    "errand,outcome,texts",
    [
        (Fetch("fw.bin", ""), FACTS, ["* fw.bin: 12.4 MB fetched, verified"]),
        (Deposit("fw.bin", "", replace=False), FACTS, ["* fw.bin: 12.4 MB put, verified"]),
        (
            Fetch("fw.bin", ""),
            NotFound("there is no file fw.bin"),
            ["error: fw.bin: there is no file fw.bin"],
        ),
        (
            Deposit("fw.bin", "", replace=False),
            Exists("it is there; or replace it"),
            ["error: fw.bin: it is there; or type replace at the end of the line"],
        ),
        (
            Fetch("notes/", ""),
            TREE,
            [
                "error: 0: gone",
                "error: 1: gone",
                "error: 2: gone",
                "* notes/: 1,204 files, 37.1 MB fetched, verified; 3 were there already; 5 failed",
            ],
        ),
    ],
)
async def test_the_end_is_told(prompt, errand, outcome, texts):
    prompt.errands.begin(errand)
    await prompt.ends(outcome)
    assert prompt.texts == texts
    assert prompt.errands.lines(80) == []


async def test_a_mistake_of_our_own_is_not_hidden(prompt):
    prompt.errands.begin(Fetch("a", ""))
    mistake = ZeroDivisionError()
    await prompt.ends(mistake)
    assert (prompt.texts, prompt.mistakes) == ([], [mistake])


async def test_how_far_they_are_stands_in_lines(prompt):
    for name in ("a", "b"):
        prompt.errands.begin(Fetch(name, ""))
    await asyncio.sleep(0)
    for number, (_, progress) in enumerate(prompt.client.ends):
        progress(FileProgress("?", 71 + number, 100, 70 * number))
    assert prompt.errands.lines(12) == ["a   71 %", "b   72 %"]
    assert prompt.texts == ["* b: resuming at 70 %"]
    await prompt.ends(FACTS, 0)
    assert prompt.errands.lines(12) == ["b   72 %"]


async def test_the_same_is_not_begun_twice_and_can_be_stopped(prompt):
    prompt.errands.begin(Fetch("a", ""))
    with pytest.raises(PorticoError, match="/cancel a stops it"):
        prompt.errands.begin(Fetch("a", "elsewhere"))
    assert not prompt.errands.stop("b")
    assert prompt.errands.stop("a")
    ended = asyncio.Event()
    prompt.errands.when_done(ended.set)
    await ended.wait()
    assert prompt.texts == ["* a: stopped; the same again goes on with it"]


async def test_who_waits_is_called_after_the_last(prompt):
    calls = []
    prompt.errands.when_done(lambda: calls.append("none"))
    assert calls == ["none"]
    for name in ("a", "b"):
        prompt.errands.begin(Fetch(name, ""))
    prompt.errands.when_done(lambda: calls.append("both"))
    await prompt.ends(FACTS, 1)
    assert calls == ["none"]
    await prompt.ends(FACTS, 0)
    assert calls == ["none", "both"]
