"""`status`: a table for people, names for pipes, maps for programs."""

from __future__ import annotations

import json
import re

from portico.cli.people import row
from portico.model.instants import instant_of, local_text
from portico.model.replies import SessionLine
from tests.support import shell as command

CONNECTED, GONE = instant_of("2025-02-10T23:46:52.048084Z"), instant_of("2025-02-11T00:00:00.000000Z")


def test_names_in_a_pipe_and_maps_as_json(serve, shell, join):
    server = serve(max_clients=50)
    assert shell(server, "status") == (0, "", "")
    alice, bob = join(server, 3), join(server, 3)
    alice.call("NAME", "alice")
    bob.call("NAME", "Zoë 你好")
    bob.call("BYE")
    assert shell(server, "status").out == "alice\nZoë 你好\n"
    assert shell(server, "status", "--online").out == "alice\n"
    assert shell(server, "status", "--count", "1").out == "Zoë 你好\n"
    maps = [json.loads(line) for line in shell(server, "status", "--json").out.splitlines()]
    assert maps == alice.call("STATUS")


def test_a_table_on_a_terminal(serve, join):
    server = serve(max_clients=50)
    env = command.environment(server, TERM="xterm", NO_COLOR="")
    assert command.on_terminal("status", env=env) == (0, "nobody was here yet\n")
    here = [join(server, 3), join(server, 3)]
    here[0].call("NAME", "你好")
    here[1].call("NAME", "alice")
    code, shown = command.on_terminal("status", env=env)
    head, *lines = shown.splitlines()
    assert code == 0
    assert re.fullmatch(r"\x1b\[2mname   address +connected +disconnected\x1b\[0m", head)
    assert re.fullmatch(r"你好   127\.0\.0\.1:\d+  \d{4}-.{21}  -", lines[0])
    assert re.fullmatch(r"alice  127\.0\.0\.1:\d+  \d{4}-.{21}  -", lines[1])
    assert command.on_terminal("status", "--no-color", env=env)[1].startswith("name   address ")
    assert command.on_terminal("status", env={**env, "NO_COLOR": "1"})[1].startswith("name   address ")


def test_a_row_says_when_and_why_somebody_left():
    line = SessionLine("alice", "::1", 7000, CONNECTED, GONE, "crash")
    assert row(line) == ("alice", "[::1]:7000", local_text(CONNECTED), f"{local_text(GONE)} (crash)")


def test_nonsense_is_usage(room, shell):
    done = shell(room, "status", "--count", "10001")
    assert (done.code, done.out) == (2, "")
    assert "a whole number from 1 to 10,000 is wanted; see portico status --help" in done.err
