"""Answers leave in the order of the requests, the last one too, and waiting is answered or cut."""

import subprocess
import time

import pytest

from tests.faults.crowd import online, wait_until
from tests.support.resp import RespError, encode, pairs


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_pipeline_of_500(serve, protocol):
    with serve().resp_client(protocol) as client:
        numbers = client.pipeline(*[("SAY", f"text {number}") for number in range(500)])
        assert numbers == list(range(2, 502)), "1 is the join, which the first message brought"
        texts = [
            e["text"] if protocol == 3 else pairs(e)["text"] for e in client.call("HISTORY", "COUNT", 500)
        ]
    assert texts == [f"text {number}" for number in range(500)]


def test_a_pipeline_of_everything(serve):
    with serve().resp_client(3) as client:
        answers = client.pipeline(
            ("PING",),
            ("SAY", "one"),
            ("NOTHING",),
            ("HISTORY", "COUNT", 1),
            ("ECHO", "x"),
            ("SAY", "two"),
            ("NAME", "alice"),
            ("SAY", "three"),
            ("STATUS", "ONLINE"),
            ("SAY", ""),
            ("HISTORY", "KIND", "message"),
            ("BYE",),
        )
        pong, one, unknown, newest, x, two, alice, three, here, empty, messages, bye = answers
        client.eof()
    assert (pong, one, x, two, alice, three, bye) == ("PONG", 2, "x", 3, "alice", 5, "OK")
    assert isinstance(unknown, RespError)
    assert isinstance(empty, RespError)
    assert [entry["text"] for entry in newest] == ["one"]
    assert [row["name"] for row in here] == ["alice"]
    assert [(entry["sender"], entry["text"]) for entry in messages] == [
        ("Client1", "one"),
        ("Client1", "two"),
        ("alice", "three"),
    ]


def test_a_pipeline_of_lines(serve):
    with serve().line_client() as client:
        client.send(*[f"text {number}" for number in range(500)])
        client.expect("You are Client1 (1 of 3 clients). Type help for the commands.")
        client.expect(*[f"text {number} ACK" for number in range(500)])


@pytest.mark.parametrize("typed", ["Hello", "one\nHello", "one\n\nHello\r\n", "//x\nlist\nHello"])
def test_the_last_line_needs_no_end(serve, typed):
    with serve().line_client() as client:
        client.send_raw(typed.encode())
        client.finish()
        client.expect("You are Client1 (1 of 3 clients). Type help for the commands.")
        while (line := client.line()) != "Hello ACK":
            assert line != "error"
        client.eof()


def test_everything_before_the_end_is_answered(serve):
    server = serve()
    with server.resp_client() as client:
        client.send_raw(b"".join(encode("SAY", f"text {number}") for number in range(500)))
        client.send_raw(b"*2\r\n$3\r\nSAY")
        client.finish()
        assert [client.read_reply() for _ in range(500)] == list(range(2, 502))
        client.eof()
    wait_until(lambda: not online(server))


@pytest.mark.peer("nc", "apt-get install netcat-openbsd")
def test_a_script_with_netcat(serve):
    typed = "from a script\n/history 1\nbye"
    done = subprocess.run(
        ["nc", "-N", "127.0.0.1", str(serve().port)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    greeting, answer, history, farewell = done.stdout.splitlines()
    assert greeting.startswith("You are Client1 ")
    assert answer == "from a script ACK"
    assert history.endswith(" Client1: from a script")
    assert farewell == "Goodbye, Client1."


def test_history_waits_for_a_message(serve):
    server = serve()
    with server.resp_client() as waiting, server.resp_client() as other:
        other.call("SAY", "earlier")
        head = pairs(waiting.call("HELLO"))["head"]
        waiting.send("HISTORY", "SINCE", head, "WAIT", 60_000)
        waiting.send("PING")
        with pytest.raises(TimeoutError):
            waiting.read_reply(timeout=0.3)
        seq = other.call("SAY", "later")
        (entry,) = waiting.read_reply()
        assert (pairs(entry)["seq"], pairs(entry)["text"]) == (seq, "later")
        assert waiting.read_reply() == "PONG"


def test_history_waits_for_what_one_may_see(serve):
    server = serve()
    with server.resp_client() as waiting, server.resp_client() as one, server.resp_client() as two:
        one.call("NAME", "one")
        two.call("NAME", "two")
        waiting.send("HISTORY", "SINCE", 2, "WAIT", 60_000, "KIND", "message")
        one.call("TELL", "two", "not for all")
        with pytest.raises(TimeoutError):
            waiting.read_reply(timeout=0.3)
        one.call("SAY", "for all")
        (entry,) = waiting.read_reply()
        assert pairs(entry)["text"] == "for all"


def test_history_has_waited_enough(serve):
    with serve().resp_client() as client:
        began = time.monotonic()
        assert client.call("HISTORY", "WAIT", 300) == []
        assert time.monotonic() - began >= 0.3


def test_waiting_ends_with_who_waits(serve):
    server = serve()
    with server.resp_client() as waiting:
        waiting.call("NAME", "alice")
        waiting.send("HISTORY", "SINCE", 1, "WAIT", 60_000)
    server.wait_for("alice has disconnected")
    assert not online(server)


def test_who_ended_the_input_is_answered_all_the_same_and_holds_no_place(serve):
    server = serve()
    with server.resp_client() as waiting, server.resp_client() as other:
        waiting.call("NAME", "alice")
        waiting.send("HISTORY", "SINCE", 1, "WAIT", 60_000, "KIND", "message")
        waiting.send("PING")
        waiting.finish()
        server.wait_for("alice has disconnected")
        other.call("SAY", "news", "AS", "bot")
        (entry,), pong = waiting.read_reply(), waiting.read_reply()
        assert (pairs(entry)["text"], pong) == ("news", "PONG")
        waiting.eof()


def test_a_name_holds_from_the_next_line_on(serve):
    server = serve()
    with server.line_client() as client, server.resp_client() as other:
        client.send("/name bob", "Hello")
        client.lines(3)
        (entry,) = other.call("HISTORY", "KIND", "message")
    assert pairs(entry)["sender"] == "bob"
