"""`wait`: until there is a message or a person that matches; across restarts; not for ever."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from portico.cli.wait import SUBJECTS, find, name_matcher, newcomer, text_matcher
from portico.client.aio import AsyncClient
from portico.model.entries import ErasedMessage, Message, Presence
from tests.support import shell as command
from tests.support.shell import Running


@pytest.mark.parametrize(
    "pattern,text,match",
    [
        ("done", "done", True),
        ("done", "all done", False),
        ("*done*", "all\ndone now", True),
        ("build-[0-9]?", "build-12", True),
        ("build-[!0-9]*", "build-12", False),
        ("Done", "done", False),
        ("a.c", "abc", False),
        ("*a" * 30, "a" * 60 + "b", False),
    ],
)
def test_a_pattern_means_the_whole_text(pattern, text, match):
    assert text_matcher(pattern)(text) is match


def test_names_are_equal_in_any_case():
    assert name_matcher("BUILD*")("Build Box")
    assert name_matcher("zoë")("ZOË")
    assert not name_matcher("bob")("bobby")


@pytest.mark.parametrize(
    "entry,name",
    [
        (Presence(1, 0, "alice", 1, "joined"), "alice"),
        (Presence(1, 0, "Client1", 1, "renamed", "alice"), "alice"),
        (Presence(1, 0, "alice", 1, "left"), ""),
        (Message(1, 0, "alice", 1, "hi"), ""),
    ],
)
def test_who_is_new(entry, name):
    assert newcomer(entry) == name


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_subject_is_found_in_what_is_erased(subject):
    assert SUBJECTS[subject].told(ErasedMessage(1, 0, "alice", 1), lambda _: True) is None


def test_a_message_that_is_there_already(room, shell, join):
    program = join(room, 3)
    program.call("SAY", "one", "AS", "builder")
    seq = program.call("SAY", "build 12 done", "AS", "builder")
    found = shell(room, "wait", "message", "*done*", "--since", "0")
    assert (found.code, found.err) == (0, "")
    assert re.fullmatch(rf"{seq} \d{{4}}-\S+ \S+ builder: build 12 done\n", found.out)
    found = shell(room, "wait", "message", "*done*", "--since", "0", "--json")
    assert json.loads(found.out) == program.call("HISTORY", "SINCE", seq - 1, "COUNT", 1)[0]


async def test_a_message_to_come_across_a_restart(serve):
    server = serve(max_clients=50)
    looked = asyncio.Event()

    async def look(*_):
        looked.set()

    subject = SUBJECTS["message"]._replace(look=look)
    async with AsyncClient(f"127.0.0.1:{server.port}", timeout=None) as client:
        await client.say("done", sender="builder")
        waiting = asyncio.create_task(find(client, subject, "done", None))
        # From here on, what is said counts.
        await looked.wait()
        await asyncio.to_thread(server.restart)
        await client.say("not yet", sender="builder")
        seq = await client.say("done", sender="builder")
        assert (await waiting).facts["seq"] == seq


def test_who_is_here_is_found_at_once(room, shell, join):
    program = join(room, 3)
    program.call("NAME", "Zoë")
    assert shell(room, "wait", "client", "ZO?") == (0, "Zoë\n", "")
    facts = json.loads(shell(room, "wait", "client", "zoë", "--json").out)
    assert facts == program.call("STATUS", "ONLINE")[0]


@pytest.mark.parametrize("steps", [[("NAME", "carla")], [("NAME", "dora"), ("NAME", "carla")]])
def test_who_comes_or_is_renamed_is_found(room, join, steps):
    with Running("wait", "client", "car*", env=command.environment(room)) as waiting:
        program = join(room, 3)
        program.call("FOLLOW")
        for step in steps:
            program.call(*step)
        assert waiting.ended() == (0, "carla\n", "")


def test_not_for_ever(room, shell):
    for subject in SUBJECTS:
        done = shell(room, "wait", subject, "nothing*", "--timeout", "0.1")
        assert done == (124, "", f"error: no {subject} matches 'nothing*' within 0.1 s\n")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_timeout_is_a_time(room, shell, seconds):
    done = shell(room, "wait", "message", "x", f"--timeout={seconds}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        f"error: argument --timeout: '{seconds}': a number of seconds above 0 is wanted"
    )


def test_a_pipe_that_closes_ends_it(room):
    with Running("wait", "message", "never", env=command.environment(room)) as waiting:
        waiting.process.stdout.close()
        assert waiting.process.wait(10) == 1
        assert waiting.process.stderr.read() == ""
