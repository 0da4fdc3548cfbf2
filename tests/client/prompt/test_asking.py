"""Answers are worded as on plain text: the same lines, typed at the prompt and into netcat, read the same."""

import re

import pytest

from portico import AsyncClient
from portico.client.prompt.asking import carry_out
from portico.client.prompt.typed import understand
from portico.wire.views import view
from tests.dialogues.transcript import timeless

LINES = [
    "list",
    "/list *2.txt",
    "/list count 1",
    "/list nothing*",
    "status",
    "/status online",
    "/status 1",
    "/status 0",
    "/history 2",
    "/history since 1",
    "/history since 99",
    "/stat tester1.txt",
    "/stat missing",
    "/remove tester1.txt",
    "/transfers",
    "/receipts tester1.txt",
    "/cancel 00",
    "/help say",
    "/help fly",
    "/ping",
    "/ping again",
    "/echo a  b",
    "/name Ann Lee",
    "/name",
    "/tell Ann Lee hi",
    '/tell "Ann Lee" hi',
    "/tell Carl hi",
    "/tell Carl",
    "/say",
    "/erase 99",
    "/erase 1",
    "/fly",
    "/bye now",
]


async def test_the_prompt_answers_as_netcat_is_answered(serve, tmp_path):
    """Each in a room of its own, so that the numbers and names are the same."""
    directories = []
    for name in ("one", "two"):
        directories.append(tmp_path / name)
        directories[-1].mkdir()
        (directories[-1] / "tester1.txt").write_text("one")
        (directories[-1] / "tester2.txt").write_text("two")
    one, two = map(serve, directories)
    with two.line_client() as netcat:
        netcat.ask("")
        async with AsyncClient(f"127.0.0.1:{one.port}", name="") as client:
            for line in LINES:
                shown = view(await carry_out(client, understand(line)))
                netcat.send(line)
                came = netcat.lines(shown.count("\n"))
                assert comparable(shown) == comparable("\n".join(came) + "\n")
            netcat.silent(0.05)


def comparable(text):
    """Without times, ports and what follows from a file's time."""
    return re.sub("etag .*", "etag", timeless(text))


async def test_help_leaves_out_what_the_prompt_does_not_offer(serve):
    async with AsyncClient(f"127.0.0.1:{serve().port}", name="") as client:
        shown = view(await carry_out(client, understand("help")))
    assert "/tell name text" in shown
    assert "/hello" not in shown
    assert "/multi" not in shown
    assert "/write" not in shown
    assert "/put file [AS path] [REPLACE] - Deposit a file or folder of this machine" in shown
    assert "/put path" not in shown


async def test_help_knows_what_the_prompt_does_itself(serve):
    async with AsyncClient(f"127.0.0.1:{serve().port}", name="") as client:
        shown = view(await carry_out(client, understand("/help get")))
    assert shown.startswith("/get path [dest] - Fetch a file")
    assert "/cancel PATH stops it" in shown


@pytest.mark.parametrize("count,left_out", [(1, 3), (3, 1), (4, 0)])
async def test_status_says_how_many_it_leaves_out(serve, count, left_out):
    server = serve(max_clients=4)
    address = f"127.0.0.1:{server.port}"
    async with AsyncClient(address, name="") as client:
        for _ in range(3):
            async with AsyncClient(address, name=""):
                pass
        roll = await carry_out(client, understand(f"/status {count}"))
    assert (len(roll.sessions), roll.left_out) == (count, left_out)
