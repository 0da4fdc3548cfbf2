"""redis-cli as people use it: commands on the command line, a script, and the prompt with its hints."""

import subprocess
import uuid

import pytest

from tests.faults.crowd import wait_until

pytestmark = pytest.mark.peer("redis-cli", "apt-get install redis-tools")


def cli(server, *arguments, typed=None):
    """What redis-cli prints."""
    done = subprocess.run(
        ["redis-cli", "-p", str(server.port), *arguments],
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("protocol", [["-2"], ["-3"], []], ids=["RESP2", "RESP3", "default"])
def test_speaking_and_reading(serve, protocol):
    server = serve()
    assert cli(server, *protocol, "PING") == "PONG\n"
    assert cli(server, *protocol, "SAY", "Hello from redis-cli") == "2\n"
    history = cli(server, *protocol, "HISTORY", "KIND", "message")
    assert "Hello from redis-cli" in history.splitlines()[-1] + history
    assert cli(server, *protocol, "SAY", "as a script", "AS", "nightly") == "4\n", "1 joined, 3 left"
    assert "nightly" in cli(server, *protocol, "HISTORY", "COUNT", "1")
    assert cli(server, *protocol, "LIST").count("tester") == 2
    assert cli(server, *protocol, "NOTHING").startswith("ERR unknown command NOTHING")
    assert cli(server, *protocol, "FOLLOW").startswith("OK" if protocol == ["-3"] else "NEEDRESP3")


def test_waiting(serve):
    server = serve()
    with subprocess.Popen(
        ["redis-cli", "-p", str(server.port), "HISTORY", "SINCE", "0", "KIND", "message", "WAIT", "30000"],
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        wait_until(lambda: sum("Attempted" in line for line in server.console) == 1)
        assert cli(server, "SAY", "at last") == "2\n"
        assert "at last" in waiting.communicate(timeout=10)[0]


def test_a_script(serve):
    server = serve()
    printed = cli(server, typed='NAME alice\nSAY "Hello, all"\nSTATUS ONLINE\nBYE\n')
    assert printed.startswith("alice\n2\n")
    assert "127.0.0.1:" in printed
    assert server.wait_for("alice: ") == "alice: Hello, all"


@pytest.fixture
def terminal():
    """A terminal of its own, in which something is typed and seen."""
    name = f"portico-{uuid.uuid4().hex}"
    tmux = ["tmux", "-L", name, "-f", "/dev/null"]

    def run(*command):
        return subprocess.run([*tmux, *command], capture_output=True, text=True, check=True).stdout

    yield run
    subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


@pytest.mark.peer("tmux", "apt-get install tmux")
def test_the_prompt_shows_hints_and_help(serve, terminal):
    server = serve()
    terminal("new-session", "-d", "-x", "150", "-y", "40", f"redis-cli -p {server.port}")

    def sees(words):
        wait_until(lambda: words in terminal("capture-pane", "-p"))

    def types(keys):
        terminal("send-keys", "-l", keys)

    sees(f"127.0.0.1:{server.port}>")
    types("SAY ")
    sees("SAY text [ID key] [AS name]")
    types('"typed at the prompt"')
    sees("[ID key] [AS name]")
    terminal("send-keys", "Enter")
    sees("(integer) 2")
    types("HISTORY SINCE 0 ")
    sees("[COUNT n]")
    terminal("send-keys", "C-u")
    types("HELP SAY")
    terminal("send-keys", "Enter")
    sees("Say something to everybody in the room")
