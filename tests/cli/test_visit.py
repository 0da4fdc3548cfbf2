"""What all commands of the client have in common: servers that fail, a shell that interrupts."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading

import pytest

from portico.cli import visit
from portico.cli.main import WANTS_TOKEN
from tests.support import shell as command
from tests.support.shell import Running
from tests.support.stream import PATIENCE

WORDLESS = "the server closed the connection without a word; if it speaks TLS, use --tls"


@pytest.fixture
def stranger():
    """A server that answers whoever comes with given bytes and closes; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(data):
        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield answer
    listener.close()


class Somewhere:
    def __init__(self, port):
        self.port = port


@pytest.mark.parametrize(
    "said,sentence,code",
    [
        (
            b"",
            f"cannot connect to {{}}: {WORDLESS}; is a server running there?",
            3,
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what answers at {} is not Portico; check host and port", 3),
        (b"%1\r\n+server\r\n+redis\r\n", "what answers at {} is not Portico; check host and port", 3),
        (b"-NOAUTH this room wants a token\r\n", WANTS_TOKEN, 4),
        (b"-ERR \x1b[2Jgotcha\r\n", "?[2Jgotcha", 1),
    ],
)
def test_a_server_that_makes_no_sense(stranger, shell, said, sentence, code):
    port = stranger(said)
    done = shell(Somewhere(port), "ping")
    assert (done.out, done.err) == ("", f"error: {sentence}\n".format(f"127.0.0.1:{port}"))
    assert done.code == code


def test_a_server_that_dies_in_the_middle(stranger, shell, monkeypatch):
    monkeypatch.setattr(visit, "ANSWER_SECONDS", 0.3)
    facts = {"server": "portico", "log": "L", "name": None, "first": 1, "head": 0}
    words = "".join(
        f"+{key}\r\n" + (f"+{value}\r\n" if value is not None else "_\r\n") for key, value in facts.items()
    )
    port = stranger(f"%{len(facts)}\r\n{words}".encode())
    done = shell(Somewhere(port), "say", "x", "--as", "builder")
    assert (done.code, done.out) == (124, "")
    lost, error = done.err.splitlines()
    assert lost.endswith("; waiting until the server is back")
    assert error.startswith("error: no answer within 0.3 s: ")


def test_a_server_that_never_answers_can_be_interrupted():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = command.environment(PORTICO_SERVER=f"127.0.0.1:{listener.getsockname()[1]}")
        with Running("say", "x", env=env) as asking:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                asking.interrupt()
                assert asking.ended() == (130, "", "")


def test_a_token_that_cannot_be_read_is_usage(room, shell, tmp_path):
    sentence = f"error: cannot read the token from {tmp_path}/none: No such file or directory\n"
    assert shell(room, "ping", "--token-file", f"{tmp_path}/none") == (2, "", sentence)
    done = subprocess.run(
        ["bash", "-c", '"$@" <&-', "bash", *command.COMMAND, "ping", "--token-file", "-"],
        env=command.environment(room),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert done.stderr == b"error: cannot read the token from standard input: it is closed\n"


def test_an_ignored_interrupt_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with visit._interruptible(lambda: None):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    with visit._interruptible(lambda: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
