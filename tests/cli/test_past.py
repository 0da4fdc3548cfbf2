"""`history` and `follow`: entries as plain text words them, or as programs get them; nothing is lost."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import termios
import time
from array import array

import pytest

from tests.support import shell as command
from tests.support.shell import Running
from tests.support.stream import PATIENCE

PIPE_BYTES = 60_000
"""A pipe of 64 KiB is full for a line of some hundred bytes."""

SPEAKERS = ("ann", "ben", "你好")


@pytest.fixture(scope="module")
def talk(room):
    """A room with a past of 1,200 messages; a RESP3 client of it."""
    with room.resp_client(3) as client:
        client.pipeline(*[("SAY", f"message {n}", "AS", SPEAKERS[n % 3]) for n in range(1, 1_199)])
        client.call("SAY", "two\nlines", "AS", "ben")
        client.call("NAME", "alice")
        yield client


def unread(pipe):
    """How many bytes wait in a pipe."""
    waiting = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0]


def seqs(done):
    return [json.loads(line)["seq"] for line in done.out.splitlines()]


class TestHistory:
    def test_people_read_what_plain_text_shows(self, room, shell, talk):
        with room.line_client() as person:
            person.send("/history 4")
            _, *lines = person.lines(6)
        head = int(lines[-1].split()[0])
        shown = shell(room, "history", "--since", str(head - 4), "--count", "4")
        assert shown.out.splitlines() == lines

    def test_programs_get_the_maps_of_resp(self, room, shell, talk):
        done = shell(room, "history", "--json")
        assert [json.loads(line) for line in done.out.splitlines()] == talk.call("HISTORY")

    def test_since_and_count(self, room, shell, talk):
        assert seqs(shell(room, "history", "--json", "--since", "3", "--count", "2")) == [4, 5]
        assert seqs(shell(room, "history", "--json", "--since", "0", "--count", "1001")) == list(
            range(1, 1_002)
        )
        head = talk.call("HELLO", 3)["head"]
        assert seqs(shell(room, "history", "--json", "--since", "5")) == list(range(6, head + 1))

    def test_more_of_the_newest_than_one_answer_holds(self, room, shell, talk):
        head = talk.call("HELLO", 3)["head"]
        assert seqs(shell(room, "history", "--json", "--count", "1100")) == list(
            range(head - 1_099, head + 1)
        )
        assert len(seqs(shell(room, "history", "--json", "--count", "5000", "--kind", "message"))) < head
        assert len(seqs(shell(room, "history", "--json", "--count", "1001", "--kind", "message"))) == 1_001

    def test_what_is_not_kept_yet_is_an_error(self, room, shell, talk):
        done = shell(room, "history", "--since", "1000000")
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("error: entries from 1 to ")

    def test_usage(self, room, shell):
        done = shell(room, "history", "--kind", "gossip")
        assert done.code == 2
        assert done.err.startswith("error: argument --kind: invalid choice: 'gossip'")

    def test_characters_the_locale_lacks_are_escapes(self, room, talk):
        env = command.environment(room, PYTHONIOENCODING="ascii")
        shown = command.run("history", "--since", "1", "--count", "1", env=env)
        assert (shown.returncode, shown.stderr) == (0, b"")
        assert rb"\u4f60\u597d: message 2" in shown.stdout
        shown = command.run("history", "--since", "1", "--count", "1", "--json", env=env)
        assert json.loads(shown.stdout)["sender"] == "你好"


class TestFollow:
    def test_entries_come_as_they_are_said_and_a_pipe_that_closes_ends_it(self, room, talk):
        head = talk.call("HELLO", 3)["head"]
        with Running("follow", "--since", str(head), env=command.environment(room)) as follower:
            for text in ("one", "two\nlines"):
                seq = talk.call("SAY", text, "AS", "ann")
                said = follower.line()
                assert said.startswith(f"{seq} 2")
                assert said.endswith(f" ann: {text.splitlines()[0]}")
            assert follower.line() == "  lines"
            follower.process.stdout.close()
            # Nothing more is said, and still it notices.
            assert follower.process.wait(PATIENCE) == 1
            assert follower.process.stderr.read() == ""

    def test_ctrl_c_is_130_without_a_word(self, room, talk):
        head = talk.call("HELLO", 3)["head"]
        with Running("follow", "--since", str(head - 1), env=command.environment(room)) as follower:
            follower.line()
            follower.interrupt()
            assert follower.ended() == (130, "", "")

    def test_ctrl_c_while_nobody_reads(self, room, talk):
        read, write = os.pipe()
        process = subprocess.Popen(
            [*command.COMMAND, "follow", "--since", "0", "--json"],
            env=command.environment(room),
            stdout=write,
        )
        os.close(write)
        deadline = time.monotonic() + PATIENCE
        while unread(read) < PIPE_BYTES and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        os.close(read)

    def test_count_ends_it(self, room, shell, talk):
        assert seqs(shell(room, "follow", "--since", "7", "--count", "3", "--json")) == [8, 9, 10]

    def test_what_is_not_kept_is_an_error(self, room, shell, talk):
        assert shell(room, "follow", "--since", "1000000").code == 1

    def test_a_restart_is_one_line_and_loses_nothing(self, serve):
        server = serve(max_clients=50)
        with Running("follow", "--since", "0", env=command.environment(server)) as follower:
            with server.resp_client() as client:
                client.call("SAY", "before", "AS", "ann")
            assert follower.line().endswith(" ann: before")
            server.restart()
            with server.resp_client() as client:
                client.pipeline(*[("SAY", f"after {n}", "AS", "ann") for n in range(50)])
            assert [follower.line().split(" ", 3)[3] for _ in range(50)] == [
                f"ann: after {n}" for n in range(50)
            ]
            follower.interrupt()
            code, _, said = follower.ended()
        assert code == 130
        assert said.endswith("; waiting until the server is back\n")
        assert said.count("\n") == 1
