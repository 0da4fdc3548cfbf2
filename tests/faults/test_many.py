"""Many connections: thousands that say nothing disturb nobody, and the oldest of them goes first."""

import resource
import socket
import time

import pytest

from tests.faults.crowd import closes, memory, wait_until
from tests.support.stream import Stream

MANY = 10_000


@pytest.fixture
def allow_many():
    """Open files enough for both sides' share on this one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < MANY + 500:
        pytest.skip(f"{MANY:,} connections need {MANY + 500:,} open files: ulimit -Hn {MANY + 500}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_open(sock):
    """Whether the server has not closed it."""
    sock.settimeout(0.05)
    try:
        return bool(sock.recv(1))
    except TimeoutError:
        return True
    except ConnectionResetError:
        return False


@pytest.mark.slow
def test_ten_thousand_that_say_nothing(serve, allow_many):
    server = serve(max_connections=MANY + 20, quiet=True)
    before = memory(server)
    with server.line_client() as one, server.line_client() as two:
        one.ask("")
        two.ask("")
        assert one.line() == "* Client2 joined"
        silent = []
        try:
            silent += (socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(MANY))
            began = time.monotonic()
            for number in range(200):
                assert one.ask(f"text {number}") == f"text {number} ACK"
                assert two.line() == f"Client1: text {number}"
            assert time.monotonic() - began < 10
            assert memory(server) - before < 300
            assert all(is_open(sock) for sock in silent[:: MANY // 20])
            with Stream(server.port) as late:
                late.send_raw(b"*1\r\n$4\r\nPING\r\n")
                assert late.socket.recv(7) == b"+PONG\r\n"
        finally:
            for sock in silent:
                sock.close()
        assert one.ask("still here") == "still here ACK"


def test_the_oldest_silent_one_goes_first(serve):
    server = serve(max_connections=6, max_clients=2)
    talking = server.resp_client()
    assert talking.call("PING") == "PONG"
    silent = [Stream(server.port) for _ in range(5)]
    wait_until(lambda: sum(line.startswith("Attempted") for line in server.console) == 6)
    with server.resp_client() as seventh:
        assert seventh.call("PING") == "PONG"
        assert closes(silent[0].socket, 5) == b""
        assert all(is_open(each.socket) for each in silent[1:])
        with server.line_client() as eighth:
            assert eighth.ask("").startswith("You are Client1 ")
            assert closes(silent[1].socket, 5) == b""
            assert all(is_open(each.socket) for each in silent[2:])
            assert seventh.call("PING") == talking.call("PING") == "PONG"
    for client in (talking, *silent):
        client.close()


def test_when_nobody_is_silent_the_new_one_goes(serve):
    server = serve(max_connections=3)
    talking = [server.resp_client() for _ in range(3)]
    for client in talking:
        assert client.call("PING") == "PONG"
    late = Stream(server.port)
    assert closes(late.socket, 5) == b""
    assert [client.call("PING") for client in talking] == ["PONG"] * 3
    for client in (late, *talking):
        client.close()
