"""The server is told to stop, or started where one runs already."""

import signal
import subprocess
import sys

import pytest

from tests.faults.crowd import status
from tests.support.resp import encode

GOING = "the server is shutting down"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everybody_is_told_and_written_down(serve, number):
    server = serve(max_clients=3)
    with (
        server.line_client() as text,
        server.resp_client() as resp2,
        server.resp_client(3) as resp3,
        server.resp_client() as silent,
    ):
        text.ask("")
        resp2.call("NAME", "two")
        resp3.call("NAME", "three")
        resp3.call("FOLLOW")
        assert text.lines(2) == ["* two joined", "* three joined"]
        server.process.send_signal(number)
        assert text.line() == f"* {GOING}"
        assert resp3.push() == ["closing", GOING]
        for client in (resp2, silent, resp3, text):
            client.eof()
        assert server.wait_until_it_ends(5) == 0
    assert sum("has disconnected at" in line for line in server.console) == 3
    assert server.errors == []
    server.restart()
    rows = status(server)
    assert [row["name"] for row in rows] == ["Client1", "two", "three"]
    assert all(row["disconnected"] and row.get("reason") is None for row in rows)
    assert not any("has disconnected" in line for line in server.console), "nothing was left to recover"


def test_what_was_acknowledged_before_the_end_is_there_after(serve):
    server = serve()
    with server.resp_client() as client:
        client.call("NAME")
        client.send_raw(b"".join(encode("SAY", f"text {number}") for number in range(500)))
        first = client.read_reply()
        server.process.terminate()
        answered = 1
        try:
            while client.read_reply():
                answered += 1
        except EOFError:
            pass
        assert server.wait_until_it_ends(5) == 0
    server.restart()
    with server.resp_client() as client:
        stored = client.call("HISTORY", "KIND", "message", "COUNT", 1000)
    assert first == 2
    assert len(stored) >= answered


def test_a_client_that_does_not_read_cannot_keep_it(serve):
    server = serve(drain=1)
    with server.resp_client() as client:
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.sendall(encode("ECHO", "x" * 60_000) * 1_000)
        assert server.terminate(8) == 0


def test_a_second_server_on_the_same_directory(serve):
    server = serve()
    second = subprocess.run(
        [sys.executable, "-m", "portico", "serve", str(server.directory), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert second.returncode != 0
    assert second.stdout == ""
    assert len(second.stderr.splitlines()) == 1
    assert "Traceback" not in second.stderr
    with server.line_client() as client:
        assert client.ask("") == "You are Client1 (1 of 3 clients). Type help for the commands."


def test_a_port_that_is_taken(serve, tmp_path):
    server = serve()
    second = subprocess.run(
        [sys.executable, "-m", "portico", "serve", str(tmp_path), "--port", str(server.port)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr == f"error: port {server.port} is taken by another program; choose one with --port\n"
