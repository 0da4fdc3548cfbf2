"""RESUME: a session goes on over another connection, whatever became of the one it had."""

import pytest

from tests.faults.crowd import closes, status
from tests.support.resp import RespError


def joined(server, name="alice"):
    """A follower with RESP3 that has joined."""
    client = server.resp_client(3)
    client.secret = client.call("HELLO", 3, "SETNAME", name)["resume"]
    return client


def resumed(server, secret):
    client = server.resp_client(3)
    client.hello = client.call("HELLO", 3, "RESUME", secret)
    return client


def is_one_session(server, client):
    """Alice has one line in status, is in the room, and is told what is told to her, old and new."""
    assert client.hello["name"] == "alice"
    assert client.hello["resume"]
    lines = [row for row in status(server) if row["name"] == "alice"]
    assert [row["disconnected"] for row in lines] == [None]
    host, port = client.address
    assert lines[0]["address"].endswith(str(port)), (lines, host)
    texts = [entry["text"] for entry in client.call("HISTORY", "KIND", "message")]
    assert texts == ["for you alone"]
    client.call("FOLLOW")
    with server.resp_client() as other:
        other.call("TELL", "alice", "and this")
    kinds = [client.push()[1] for _ in range(2)]
    assert kinds[-1]["text"] == "and this"


def is_told_something(server):
    with server.resp_client() as bob:
        bob.call("NAME", "bob")
        bob.call("TELL", "alice", "for you alone")
        bob.call("BYE")


def test_over_a_connection_that_still_lives(serve):
    server = serve()
    with joined(server) as old:
        is_told_something(server)
        with resumed(server, old.secret) as new:
            assert closes(old.socket).startswith(b">2\r\n$7\r\nclosing\r\n")
            is_one_session(server, new)


def test_after_a_disconnect(serve):
    server = serve()
    with joined(server) as old:
        is_told_something(server)
    server.wait_for("alice has disconnected")
    with resumed(server, old.secret) as new:
        is_one_session(server, new)


def test_after_the_server_was_killed(serve):
    server = serve()
    with joined(server) as old:
        is_told_something(server)
        server.kill()
    server.restart()
    with resumed(server, old.secret) as new:
        is_one_session(server, new)


def test_when_the_room_is_full(serve):
    server = serve(max_clients=1)
    old = joined(server)
    with resumed(server, old.secret) as new:
        assert new.hello["name"] == "alice", "a living session takes no second place"
    server.wait_for("alice has disconnected")
    with server.resp_client() as bob, server.resp_client(3) as late:
        bob.call("NAME", "bob")
        with pytest.raises(RespError, match="FULL"):
            late.call("HELLO", 3, "RESUME", old.secret)
        assert late.call("PING") == "PONG", "who is refused is a visitor"
        assert late.call("HELLO")["name"] is None
    old.close()


def test_when_the_name_was_taken_meanwhile(serve):
    server = serve()
    with joined(server) as old:
        pass
    server.wait_for("alice has disconnected")
    with server.resp_client() as other, server.resp_client(3) as late:
        other.call("NAME", "ALICE")
        with pytest.raises(RespError, match="TAKEN"):
            late.call("HELLO", 3, "RESUME", old.secret)


def test_with_a_secret_that_nobody_has(serve):
    with serve().resp_client() as client, pytest.raises(RespError, match="NOTFOUND"):
        client.call("HELLO", 3, "RESUME", "x" * 32)
