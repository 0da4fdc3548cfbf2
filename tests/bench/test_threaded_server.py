"""The peer is as the report describes it."""

import socket
from pathlib import Path

import pytest

from bench import servers


@pytest.fixture
def server(tmp_path):
    with servers.threaded(tmp_path, clients=2) as running:
        yield running


def connect(server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 5)


def ask(client: socket.socket, text: str) -> str:
    client.sendall(text.encode())
    return client.recv(4096).decode()


def test_a_dialogue(server):
    with connect(server) as client:
        assert client.recv(100) == b"Client1"
        assert ask(client, "Hello") == "Hello ACK"
        assert "Client Name: Client1\n" in ask(client, "status")
        assert ask(client, "list").startswith("Files: ")
        assert ask(client, "bye") == "bye"
        assert client.recv(100) == b""
    assert "Client1: Hello\n" in server.process.text()


def test_a_client_too_many_is_turned_away(server):
    with connect(server) as first, connect(server) as second:
        assert (first.recv(100), second.recv(100)) == (b"Client1", b"Client2")
        with connect(server) as third:
            assert third.recv(100) == b"Server is full"


def test_what_comes_in_one_piece_is_one_message(server):
    with connect(server) as client:
        client.recv(100)
        assert ask(client, "one\ntwo\n") == "one\ntwo ACK"


def test_it_is_ended_by_its_own_id(server):
    server.process.stop()
    assert not Path(f"/proc/{server.process.pid}").exists()
