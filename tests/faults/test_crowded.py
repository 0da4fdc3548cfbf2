"""A server that may have few files open: connections take none of those that transfers need, and wait."""

import resource
import secrets
import socket
from contextlib import ExitStack, suppress

import pytest

from portico.server.acceptor import CROWDED
from portico.server.limits import RESERVED_FILES
from tests.support.resp import RespClient, encode

ALLOWED = 256
CONNECTIONS = ALLOWED - RESERVED_FILES
FILES = 200


@pytest.fixture
def few_files(serve):
    """A server that may have `ALLOWED` files open, and its largest file."""
    server = serve(max_connections=CONNECTIONS, quiet=True)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (ALLOWED, ALLOWED))
    (server.directory / "big.bin").write_bytes(bytes(1_048_576))
    return server


def deposits(client, folder):
    """Deposit some hundred small files, each in a folder of its own, in one pipeline."""
    for number in range(FILES):
        upload = secrets.token_hex(16)
        client.send("PUT", f"{folder}/{number % 50}/{number}", 5, "UPLOAD", upload)
        client.send("WRITE", upload, 0, "hello")
        client.send("FINISH", upload)
    return [client.read_reply() for _ in range(3 * FILES)]


def test_connections_leave_transfers_their_files(few_files):
    port = few_files.port
    with ExitStack() as stack:
        busy = [stack.enter_context(RespClient(port)) for _ in range(2)]
        slow = [stack.enter_context(RespClient(port)) for _ in range(3)]
        for client in slow:
            client.send_raw(encode("READ", "big.bin", 0, 1_048_576) * 30)
        for client in busy:
            assert client.call("PING") == "PONG"
        for _ in range(2 * ALLOWED):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        for number, client in enumerate(busy):
            assert len(deposits(client, f"n{number}")) == 3 * FILES
            assert len(client.call("READ", "big.bin", 0, 1_048_576)) == 1_048_576
        for client in slow:
            assert [len(client.read_reply()) for _ in range(30)] == [1_048_576] * 30
    with RespClient(port) as client:
        assert client.call("PING") == "PONG"
    assert not few_files.errors


def test_newcomers_wait_until_there_is_a_descriptor_for_them(few_files):
    with ExitStack() as stack:
        talking = []
        while not few_files.errors:
            assert len(talking) <= CONNECTIONS
            waiting = stack.enter_context(RespClient(few_files.port))
            waiting.send("PING")
            with suppress(TimeoutError):
                assert waiting.read_reply(timeout=1) == "PONG"
                talking.append(waiting)
        assert few_files.errors == [CROWDED]
        assert len(deposits(talking[0], "meanwhile")) == 3 * FILES
        talking.pop().close()
        assert waiting.read_reply() == "PONG"
        assert few_files.errors == [CROWDED]
