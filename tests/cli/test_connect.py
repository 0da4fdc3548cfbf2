"""`portico connect` through pipes: the same answers, in order, and exit codes."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.server import clean_environment


def start(*arguments, env=None, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "portico", "connect", *arguments],
        env=clean_environment() | (env or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def connect(server, typed, *arguments, env=None):
    """Returns the exit code and what came, as text."""
    data = typed if isinstance(typed, bytes) else typed.encode()
    with start("-s", f"127.0.0.1:{server.port}", *arguments, env=env) as process:
        out, errors = process.communicate(data, 50)
    return process.returncode, out.decode(), errors.decode()


def test_lines_from_a_pipe_get_the_same_answers(serve):
    typed = "Hello\nlist\n\n/fly\n//etc\nbye\nnot any more\n"
    code, out, errors = connect(serve(), typed)
    assert (code, errors) == (0, "")
    assert out == (
        "Message: Hello ACK\n"
        "Message:\nFiles: tester1.txt | tester2.txt |\n"
        "error: unknown command fly; HELP shows them all\n"
        "Message: /etc ACK\n"
        "Message:\nGoodbye, Client1.\n"
    )


def test_the_end_of_the_input_is_a_goodbye_and_all_is_answered_before(serve):
    server = serve()
    code, out, errors = connect(server, "one\n/name ann\ntwo")
    assert (code, errors) == (0, "")
    assert out == (
        "Message: one ACK\n"
        "Message:\nYou are ann (1 of 3 clients). Type help for the commands.\n"
        "Message: two ACK\n"
        "Message:\nGoodbye, ann.\n"
    )
    server.wait_for("ann has disconnected")


def test_what_is_fetched_is_there_before_the_goodbye(serve, tmp_path):
    server = serve()
    (server.directory / "big.bin").write_bytes(b"x" * 5_000_000)
    env = {"XDG_STATE_HOME": str(tmp_path)}
    code, out, errors = connect(server, f"/get big.bin {tmp_path}/\n/get nothing\nmeanwhile\n", env=env)
    assert (code, errors) == (0, "")
    assert out.startswith("Message:\nfetching big.bin\nMessage:\nfetching nothing\n")
    assert "Message: meanwhile ACK\n" in out
    assert "* big.bin: 5.0 MB fetched, verified\n" in out
    assert "error: nothing: there is no file nothing" in out
    assert out.endswith("Message:\nGoodbye, Client1.\n")
    assert (tmp_path / "big.bin").stat().st_size == 5_000_000


@pytest.mark.slow
def test_ten_thousand_lines_travel_together(serve):
    code, out, _ = connect(serve(), "".join(f"{number}\n" for number in range(10_000)))
    assert code == 0
    assert out.splitlines()[:-2] == [f"Message: {number} ACK" for number in range(10_000)]


@pytest.mark.slow
def test_what_others_say_is_not_folded_for_a_program(serve):
    server = serve()
    with start("-s", f"127.0.0.1:{server.port}") as reader, server.line_client() as netcat:
        server.wait_for("Client1 has connected")
        netcat.send(*map(str, range(1_000)), "end")
        netcat.lines(1_002)
        lines = [reader.stdout.readline().decode() for _ in range(1_002)]
        assert lines == ["* Client2 joined\n", *(f"Client2: {n}\n" for n in range(1_000)), "Client2: end\n"]
        assert reader.communicate(b"bye\n", 10)[0] == b"Message:\nGoodbye, Client1.\n"


@pytest.mark.slow
def test_what_cannot_be_sent_is_refused_and_the_rest_goes_on(serve):
    long, longest = "x" * 65_537, "y" * 2_000_000
    code, out, _ = connect(serve(), f"{long}\n{longest}\n".encode() + b"caf\xe9\na\x01b\nHello\n")
    assert code == 0
    assert out.splitlines()[:-2] == [
        "error: a message has at most 65,536 bytes; put longer text into a file",
        "error: line too long",
        "error: text must be UTF-8",
        "error: a message cannot hold control characters (other than TAB and LF) or bidi overrides",
        "Message: Hello ACK",
    ]


@pytest.mark.slow
def test_a_full_room_says_so_and_is_4(serve):
    server = serve(max_clients=1)
    with server.line_client() as netcat:
        netcat.ask("")
        said = "Server is full: 1 of 1 clients are connected. Try again later.\n"
        assert connect(server, "Hello\n") == (4, "", said)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name,code,said", [("Client7", 1, "error: "), ("ann", 4, "error: the name ann is taken")]
)
def test_a_name_one_cannot_have(serve, name, code, said):
    server = serve()
    with server.line_client() as netcat:
        netcat.ask("/name Ann")
        came = connect(server, "Hello\n", "--name", name)
    assert came[:2] == (code, "")
    assert came[2].startswith(said)


@pytest.mark.slow
def test_nobody_there_is_3(serve):
    server = serve()
    server.kill()
    code, out, errors = connect(server, "Hello\n")
    assert (code, out) == (3, "")
    assert errors.startswith(f"error: cannot connect to 127.0.0.1:{server.port}: ")


@pytest.mark.parametrize(
    "arguments,said",
    [
        (("--json",), "error: connect is for people"),
        (("--token-file", "-"), "error: connect reads lines from standard input"),
        (("-s", "host:port"), "error: 'host:port' is no address"),
    ],
)
def test_what_makes_no_sense_is_2(arguments, said):
    with start(*arguments) as process:
        _, errors = process.communicate(b"", 10)
    assert process.returncode == 2
    assert errors.decode().startswith(said)


@pytest.mark.slow
def test_a_server_that_comes_back_gets_the_lines_once(serve):
    server = serve()
    with start("-s", f"127.0.0.1:{server.port}") as process:
        process.stdin.write(b"before\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Message: before ACK\n"
        server.kill()
        assert process.stdout.readline().startswith(b"* lost the server (")
        process.stdin.write(b"meanwhile\nlist\n")
        process.stdin.flush()
        server.restart()
        out, _ = process.communicate(b"after\n", 20)
    assert out.decode().splitlines() == [
        "* back as Client1",
        "Message: meanwhile ACK",
        "Message:",
        "Files: tester1.txt | tester2.txt |",
        "Message: after ACK",
        "Message:",
        "Goodbye, Client1.",
    ]
    server.wait_for("Client1 has disconnected")
    assert [line for line in server.console if ": " in line and line.startswith("Client1: ")] == [
        "Client1: meanwhile",
        "Client1: after",
    ]


@pytest.mark.slow
def test_whoever_reads_no_more_ends_it_quietly(serve):
    server = serve()
    with start("-s", f"127.0.0.1:{server.port}") as process:
        process.stdout.close()
        process.stdin.write(b"Hello\n")
        process.stdin.flush()
        assert process.wait(10) == 1
        assert process.stderr.read() == b""
        process.stdin.close()


@pytest.mark.slow
def test_through_pipes_the_line_editor_is_not_loaded(serve):
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "portico",
        "connect",
        "-s",
        f"127.0.0.1:{serve().port}",
    ]
    shown = subprocess.run(
        command, input=b"", env=os.environ | {"TERM": "xterm"}, capture_output=True, check=True
    )
    assert b"portico.client.prompt.plain" in shown.stderr
    assert b"prompt_toolkit" not in shown.stderr


@pytest.mark.parametrize(
    "number,code,out", [(signal.SIGINT, 130, b""), (signal.SIGTERM, 0, b"Message:\nGoodbye, Client1.\n")]
)
def test_it_can_be_interrupted_or_asked_to_end(serve, number, code, out):
    server = serve()
    with start("-s", f"127.0.0.1:{server.port}") as process:
        process.stdin.write(b"Hello\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Message: Hello ACK\n"
        process.send_signal(number)
        assert process.communicate(timeout=10) == (out, b"")
    assert process.returncode == code
    server.wait_for("Client1 has disconnected")


@pytest.mark.slow
@pytest.mark.parametrize(
    "closed,out",
    [("<&-", "Message:\nGoodbye, Client1.\n"), (">&-", ""), ("2>&-", "Message:\nGoodbye, Client1.\n")],
)
def test_a_standard_file_that_is_closed_is_an_empty_one(serve, closed, out):
    server = serve()
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "portico", "connect"]
    command += ["-s", f"127.0.0.1:{server.port}"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, out, "")
    server.wait_for("Client1 has disconnected")


@pytest.mark.slow
def test_a_pipe_is_utf_8_whatever_the_locale(serve):
    server = serve()
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert connect(server, "Grüße\n", env=plain)[1].startswith("Message: Gr??e ACK\n")
    server.wait_for("Client1: Grüße")
