"""`wait`: until there is a message, a person or a file that matches; across restarts; not for ever."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from portico.cli.wait import SUBJECTS, Found, find, name_matcher, newcomer, path_matcher, text_matcher
from portico.client.aio import AsyncClient
from portico.model.entries import ErasedMessage, FileEvent, Message, Presence
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


@pytest.mark.parametrize("pattern", ["tester1.txt", "tester[0-9].txt", "**/t*1.txt"])
def test_a_file_that_is_there_is_found_at_once(room, shell, join, pattern):
    assert shell(room, "wait", "file", pattern) == (0, "tester1.txt\n", "")
    facts = json.loads(shell(room, "wait", "file", pattern, "--json").out)
    assert facts == join(room, 3).call("LIST", "tester1.txt")[0]


MANY = FileEvent(1, 0, "", 0, "many", "", count=500)


@pytest.mark.parametrize(
    "entry,found",
    [
        (FileEvent(1, 0, "ann", 0, "added", "in/fw-1.bin", 3), "in/fw-1.bin"),
        (FileEvent(1, 0, "ann", 0, "changed", "in/fw-1.bin", 3), "in/fw-1.bin"),
        (FileEvent(1, 0, "ann", 0, "moved", "in/fw-1.bin", 3, origin="x"), "in/fw-1.bin"),
        (FileEvent(1, 0, "ann", 0, "removed", "in/fw-1.bin"), None),
        (FileEvent(1, 0, "ann", 0, "added", "fw-1.bin", 3), None),
        (Message(1, 0, "ann", 1, "in/fw-1.bin"), None),
        (MANY, None),
    ],
)
def test_what_an_entry_tells_of_a_file(entry, found):
    told = SUBJECTS["file"].told(entry, path_matcher("in/fw-*.bin"))
    assert (told and told.line) == found


async def test_after_too_many_changes_it_is_looked_for_again(room):
    looked = []

    async def look(_client, pattern, _matches):
        looked.append(pattern)
        return Found("there", {}) if len(looked) > 1 else None

    class Room:
        async def events(self, *, since):
            assert since == 7
            yield MANY

    found = await find(Room(), SUBJECTS["file"]._replace(look=look), "in/*", 7)
    assert (found.line, looked) == ("there", ["in/*", "in/*"])


def test_a_file_to_come_is_found_when_it_is_whole(serve, join):
    server = serve()
    program = join(server, 3)
    with Running("wait", "file", "in/fw-*.bin", "--json", env=command.environment(server)) as waiting:
        program.call("FOLLOW")
        upload = program.call("PUT", "in/fw-1.bin", 3)["upload"]
        program.call("WRITE", upload, 0, "abc")
        program.call("FINISH", upload)
        code, out, errors = waiting.ended()
    assert (code, errors) == (0, "")
    facts = json.loads(out)
    assert facts["path"] == "in/fw-1.bin"
    # It came before or after it was looked for.
    assert facts.get("change", "added") == "added"


def test_a_pattern_that_is_too_long_is_usage(room, shell):
    done = shell(room, "wait", "file", "*" * 300)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: a pattern has at most")


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
