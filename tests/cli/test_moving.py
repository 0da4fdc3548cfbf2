"""What `get` and `put` have in common: in which order they tell, and when they give up."""

from __future__ import annotations

import argparse
import asyncio
import json

import pytest

from portico.cli.moving import AT_ONCE, FAILURES, Mover, Transfer
from portico.client.transfer.values import Failure, FileProgress, TreeSummary
from portico.model.errors import BadPath, Exists, Lost, NotFound, PorticoError
from portico.model.files import FileFacts


def mover(*, json=False):
    return Mover(argparse.Namespace(json=json, no_color=True), "fetched", prints=True, resumes=True)


def transfer(name, outcome, before=None):
    """A transfer that ends with an outcome, or an error, once something has happened."""

    async def work(_client, tell):
        tell(FileProgress(name, 71, 100, 70))
        if before is not None:
            await before.wait()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Transfer(name, f"here/{name}", {"to": f"here/{name}"}, work)


def facts(path):
    return FileFacts(path, 100, 0, "etag")


async def test_they_are_told_in_the_order_of_the_arguments(capsys):
    second = asyncio.Event()

    async def work(_client, _tell):
        second.set()
        return facts("b")

    one = mover()
    await one.run(None, [transfer("a", facts("a"), second), Transfer("b", "here/b", {}, work)])
    out, errors = capsys.readouterr()
    assert out == "here/a\nhere/b\n"
    assert errors == "a: resuming at 70 %\n"
    assert one.code == 0


async def test_no_more_than_a_few_go_at_once():
    most = now = 0

    async def work(_client, _tell):
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return facts("x")

    await mover().run(None, [Transfer(f"{n}", "", {}, work) for n in range(5 * AT_ONCE)])
    assert most == AT_ONCE


async def test_what_fails_is_said_and_the_first_gives_the_code(capsys):
    one = mover()
    taken = Exists("it is there; choose another name, or replace it")
    await one.run(None, [transfer("a", NotFound("gone")), transfer("b", taken), transfer("c", facts("c"))])
    out, errors = capsys.readouterr()
    assert out == "here/c\n"
    assert [line for line in errors.splitlines() if line.startswith("error")] == [
        "error: gone",
        "error: it is there; choose another name, or replace it with --replace",
    ]
    assert one.code == 5


async def test_without_a_server_nothing_goes_on(capsys):
    never = asyncio.Event()
    with pytest.raises(Lost):
        await mover().run(None, [transfer("a", Lost("away")), transfer("b", facts("b"), never)])
    assert capsys.readouterr().out == ""


async def test_nobody_who_reads_is_no_error_of_the_file():
    error = PorticoError("cannot write -: broken pipe")
    error.__cause__ = BrokenPipeError()
    with pytest.raises(BrokenPipeError):
        await mover().run(None, [transfer("a", error)])


async def test_a_failure_is_one_line_that_names_its_file_once(capsys):
    many = [Failure("a\nb", BadPath("no name")), Failure("c/d", NotFound("there is no c/d"))]
    one = mover()
    await one.run(None, [Transfer("t", "t", {}, transfer("t", TreeSummary(0, 0, 0, many)).work)])
    assert capsys.readouterr().err.splitlines()[-2:] == ["error: a?b: no name", "error: there is no c/d"]


async def test_of_many_failures_the_first_are_said_and_programs_get_all(capsys):
    many = [Failure(f"{n}", NotFound("gone")) for n in range(FAILURES + 2)]
    one = mover(json=True)
    tree = Transfer(
        "t", "here/t", {"path": "t", "to": "here/t"}, transfer("t", TreeSummary(0, 0, 0, many)).work
    )
    await one.run(None, [tree])
    out, errors = capsys.readouterr()
    told = [line for line in errors.splitlines() if line.startswith("error")]
    assert told[0] == "error: 0: gone"
    assert told[-1] == "error: 2 more failed; --json tells which and why"
    assert len(told) == FAILURES + 1
    assert len(json.loads(out)["failed"]) == FAILURES + 2
    assert json.loads(out)["failed"][0] == {"path": "0", "code": "NOTFOUND", "message": "gone"}
    assert one.code == 5
