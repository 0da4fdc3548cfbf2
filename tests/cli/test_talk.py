"""`say` and `tell`: one message, its number, and what can go wrong."""

from __future__ import annotations

import json

import pytest

from tests.support import shell as command


def newest(client):
    return client.call("HISTORY", "COUNT", 1, "KIND", "message")[0]


def test_say_joins_says_and_leaves(room, shell, join):
    said = shell(room, "say", "Hello", "room")
    assert (said.code, said.err) == (0, "")
    joined, message, left = join(room).call("HISTORY", "COUNT", 3)
    assert said.out == f"{message[1]}\n"
    facts = dict(zip(message[::2], message[1::2], strict=True))
    assert facts["text"] == "Hello room"
    assert facts["sender"].startswith("Client")
    assert ("joined" in joined, "left" in left) == (True, True)


def test_say_as_a_name_takes_no_place(room, shell, join):
    said = shell(room, "say", "--as", "Build Box", "green", "--json")
    program = join(room, 3)
    assert newest(program)["sender"] == "Build Box"
    assert json.loads(said.out) == {"seq": newest(program)["seq"]}


def test_the_same_key_says_it_once(room, shell):
    first = shell(room, "say", "once", "--key", "k1", "--as", "builder")
    assert shell(room, "say", "once", "--key", "k1", "--as", "builder") == first
    other = shell(room, "say", "twice", "--key", "k1", "--as", "builder")
    assert (other.code, other.out) == (1, "")
    assert other.err.startswith("error: this key was used for another message")


@pytest.mark.parametrize(
    "stdin,text",
    [(b"piped\n", "piped"), (b"piped", "piped"), (b"two\nlines\n\n", "two\nlines\n"), ("é\n".encode(), "é")],
)
def test_a_dash_reads_standard_input(room, shell, join, stdin, text):
    assert shell(room, "say", "-", stdin=stdin).code == 0
    assert newest(join(room, 3))["text"] == text


@pytest.mark.parametrize(
    "arguments,stdin,said",
    [
        (["-"], b"", "error: a message cannot be empty\n"),
        (["-"], b"\xff\n", "error: text must be UTF-8\n"),
        (["-"], b"x" * 70_000, "error: a message has at most 65,536 bytes; put longer text into a file\n"),
        ([""], b"", "error: a message cannot be empty\n"),
        (["\x1b[2J"], b"", "error: a message cannot hold control characters"),
        (["\udcff"], b"", "error: text must be UTF-8\n"),
    ],
)
def test_what_is_no_message_is_refused(room, shell, arguments, stdin, said):
    done = shell(room, "say", *arguments, stdin=stdin)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(said)


@pytest.mark.parametrize(
    "arguments,said",
    [
        (["say"], "error: the following arguments are required: TEXT; see portico say --help\n"),
        (["say", "x", "--as", ""], "error: argument --as: '': it cannot be empty; see portico say --help\n"),
        (["say", "x", "-s", "a:b"], "error: 'a:b' is no address of a server; HOST or HOST:PORT is wanted\n"),
        (
            ["say", "-", "--token-file", "-"],
            "error: standard input can be the message or the token, not both\n",
        ),
    ],
)
def test_usage(room, shell, arguments, said):
    assert shell(room, *arguments) == (2, "", said)


def test_tell_reaches_one(room, shell, join):
    alice, program = join(room, 3), join(room, 3)
    alice.call("NAME", "alice")
    told = shell(room, "tell", "alice", "psst", "--as", "bob")
    assert (told.code, told.err) == (0, "")
    message = newest(alice)
    assert (message["sender"], message["to"], message["text"]) == ("bob", "alice", "psst")
    assert told.out == f"{message['seq']}\n"
    assert "psst" not in str(program.call("HISTORY"))


def test_nobody_of_that_name_is_5(room, shell):
    done = shell(room, "tell", "nobody", "psst")
    assert (done.code, done.out) == (5, "")
    assert done.err.startswith("error: nobody here is called nobody")


def test_a_full_room_is_4(serve, shell, join):
    server = serve(max_clients=1)
    join(server).call("NAME", "alice")
    sentence = "error: Server is full: 1 of 1 clients are connected. Try again later.\n"
    assert shell(server, "say", "Hello") == (4, "", sentence)
    assert shell(server, "say", "Hello", "--as", "alice").code == 4
    assert shell(server, "say", "Hello", "--as", "bob").code == 0


def test_nobody_listening_is_3(serve, shell):
    server = serve()
    server.terminate()
    done = shell(server, "say", "Hello")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"error: cannot connect to 127.0.0.1:{server.port}: ")


def test_undecodable_arguments_are_a_sentence(room):
    done = command.run("say", b"\xff\xfe", env=command.environment(room))
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"error: text must be UTF-8\n")
    done = command.run("tell", b"\xff", "hi", env=command.environment(room))
    assert (done.returncode, done.stderr) == (1, b"error: text must be UTF-8\n")


def test_the_c_locale_can_say_everything(room, join):
    env = command.environment(room, LANG="C", LC_ALL="C")
    assert command.run("say", "Grüße 你好".encode(), env=env).returncode == 0
    assert newest(join(room, 3))["text"] == "Grüße 你好"


def test_saying_loads_no_more_than_it_needs(room):
    loaded = command.imported("say", "x", env=command.environment(room))
    assert "portico.client.aio" in loaded
    slow = {
        "sqlite3",
        "uvloop",
        "shutil",
        "pathlib",
        "portico.wire",
        "portico.server",
        "portico.commands",
        "portico.app",
    }
    assert not loaded & slow
