"""`portico serve` as an operator meets it: flags, refusals in words, the console, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portico.cli.reach import addresses
from portico.stores.tokens import TokenFile
from tests.conftest import small_repository
from tests.support.resp import RespClient, encode
from tests.support.server import ServerDidNotStart, clean_environment
from tests.support.stream import PATIENCE


def refusal(*arguments: str | Path, **environment: str) -> tuple[int, str]:
    """The exit code and the words of a server that does not start."""
    result = subprocess.run(
        [sys.executable, "-m", "portico", "serve", *map(str, arguments)],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.stdout == ""
    return result.returncode, result.stderr


class TestFlags:
    def test_the_first_lines(self, serve):
        server = serve(max_clients=7)
        server.wait_for("redis-cli")
        assert server.console[:3] == [
            f"Server is listening on 127.0.0.1:{server.port}",
            "Maximum clients allowed: 7",
            "Server waiting for connection...",
        ]
        assert f"nc 127.0.0.1 {server.port}" in server.console[3]
        assert server.console[4] == f"With a prompt: portico connect -s 127.0.0.1:{server.port}"
        assert server.console[5] == f"In a browser:  http://127.0.0.1:{server.port}/"
        assert f"redis-cli -3 -h 127.0.0.1 -p {server.port}" in server.console[6]
        assert len(server.console) == 7

    def test_the_environment_counts_and_a_flag_goes_first(self, serve):
        server = serve(env={"PORTICO_MAX_CLIENTS": "9", "PORTICO_PORT": "1"}, port=0)
        server.wait_for("Maximum clients allowed: 9")
        assert server.port > 1

    def test_read_only(self, serve, join):
        client = join(serve(read_only=True))
        with pytest.raises(Exception, match="DENIED"):
            client.call("SAY", "Hello")

    def test_the_ledger_may_be_elsewhere(self, serve, join, tmp_path):
        server = serve(ledger=tmp_path / "log", sync="normal")
        join(server).call("SAY", "Hello")
        assert (tmp_path / "log").exists()
        assert not (server.directory / ".portico" / "log.sqlite3").exists()

    def test_old_entries_are_forgotten(self, serve, join):
        server = serve(keep_entries=10, max_clients=5)
        join(server).pipeline(*[("SAY", f"text {number}") for number in range(30)])
        server.restart()
        # The session's end is the newest entry, and it was written before the last snapshot.
        assert join(server, 3).hello["first"] == join(server, 3).hello["head"] - 9

    def test_what_is_no_number_is_named(self):
        code, said = refusal("--port", "x")
        assert (code, said) == (2, "error: --port 'x': a whole number from 0 to 65,535 is wanted\n")


class TestRefusals:
    def test_a_taken_port(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, said = refusal(tmp_path, "--port", str(port))
        assert code == 1
        assert said == f"error: port {port} is taken by another program; choose one with --port\n"

    def test_a_directory_that_does_not_exist(self, tmp_path):
        code, said = refusal(tmp_path / "nowhere", "--port", "0")
        assert code == 2
        assert "nowhere is not a directory; name the one to serve, or create it first" in said
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("ledger", [(), ("--ledger", "other.sqlite3")])
    def test_a_second_server_on_the_same_directory(self, serve, ledger, tmp_path):
        server = serve()
        flags = [tmp_path / item if item.endswith("3") else item for item in ledger]
        code, said = refusal(server.directory, "--port", "0", *flags)
        assert code == 1
        assert said == (
            f"error: {server.directory} is in use by another server (process {server.pid}); "
            "stop that one or serve another directory\n"
        )

    def test_a_second_server_on_the_same_ledger(self, serve, tmp_path):
        serve(ledger=tmp_path / "log")
        (tmp_path / "other").mkdir()
        code, said = refusal(tmp_path / "other", "--port", "0", "--ledger", tmp_path / "log")
        assert code == 1
        assert "log is in use by another server" in said

    def test_the_directory_is_free_again_after_kill_9(self, serve):
        server = serve()
        server.kill()
        assert server.restart().running

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104 - the same
    def test_a_network_without_open(self, host, tmp_path):
        code, said = refusal(tmp_path, "--host", host)
        assert code == 2
        assert said.startswith(f"error: {host} can be reached from a network")
        assert "--open" in said

    def test_a_network_with_open_says_so_again(self, serve):
        server = serve(host="0.0.0.0", open=True)  # noqa: S104 - what is tested
        assert "everybody who can reach 0.0.0.0 may come in" in server.wait_for("Nobody is asked")

    def test_a_network_with_tokens_says_who_may_come_in_and_by_which_address(self, serve, tmp_path):
        TokenFile(small_repository(tmp_path) / ".portico" / "tokens.json").create("", "member", None)
        server = serve(host="0.0.0.0")  # noqa: S104 - what is tested
        server.wait_for("--tls encrypts")
        reach = addresses("0.0.0.0")[0]  # noqa: S104 - read, not bound
        assert f"In a browser:  http://{reach}:{server.port}/" in server.console
        asked = "Everybody who has a token may come in; portico invite "
        assert server.wait_for(asked) == f"{asked}{server.directory} makes an invitation."
        assert not [line for line in server.console if "Nobody" in line or "\x1b" in line]
        server.restart(quiet=True)
        server.terminate()
        assert len(server.console) == 3
        said = [line for line in server.errors if "runs as root" not in line]
        assert [line.split(":")[0] for line in said] == ["warning"]
        assert len(server.errors) - len(said) == (os.geteuid() == 0)

    def test_a_short_token_that_all_share_is_warned_of_and_never_shown(self, serve):
        server = serve(env={"PORTICO_TOKEN": "open sesame"})
        assert "fewer than 16 characters" in server.wait_for("warning: ")
        server.env["PORTICO_TOKEN"] = "a longer token, sesame"
        server.restart()
        server.wait_for("Everybody who has a token")
        server.terminate()
        assert not [line for line in server.console + server.errors if "warning" in line or "sesame" in line]

    def test_open_on_loopback_changes_nothing(self, serve):
        server = serve(open=True)
        server.wait_for("redis-cli")
        assert not [line for line in server.console if "everybody" in line]

    def test_an_address_of_another_machine(self, tmp_path):
        code, said = refusal(tmp_path, "--open", "--host", "192.0.2.1", "--port", "0")
        assert code == 1
        assert said == "error: 192.0.2.1 is not an address of this machine; choose one with --host\n"

    def test_a_damaged_log(self, serve, tmp_path):
        server = serve()
        server.terminate()
        log = server.directory / ".portico" / "log.sqlite3"
        log.write_bytes(b"Dear diary, " * 1_000)
        with pytest.raises(ServerDidNotStart, match="is not a log of Portico"):
            server.start()


class TestConsole:
    def test_what_happens_is_told_as_it_happens(self, serve):
        server = serve()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            name = client.getsockname()
            client.sendall(b"Hello\n")
            assert server.wait_for("Attempted") == f"Attempted connection from: {name!r}"
            assert re.fullmatch(
                r"Client1 has connected to the server\. Created at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}",
                server.wait_for("has connected"),
            )
            assert server.wait_for("Hello") == "Client1: Hello"
        assert re.fullmatch(r"Client1 has disconnected at: \S+ \S+\.\d{6}", server.wait_for("disconnected"))

    def test_quiet(self, serve, join):
        server = serve(quiet=True)
        join(server).call("SAY", "Hello")
        server.terminate()
        assert len(server.console) == 3
        assert server.errors == []

    def test_json(self, serve, join):
        server = serve(log_format="json")
        join(server).call("SAY", "Hello")
        server.terminate()
        facts = [json.loads(line) for line in server.console if line.startswith("{")]
        assert [fact["kind"] for fact in facts] == ["attempt", "presence", "message", "presence"]
        assert facts[2]["text"] == "Hello"

    def test_what_is_told_to_one_is_not_for_the_console(self, serve, join):
        server = serve()
        client, other = join(server), join(server)
        other.call("NAME", "bob")
        client.call("TELL", "bob", "psst")
        server.terminate()
        assert not [line for line in server.console if "psst" in line]

    def test_a_console_that_nobody_reads_never_stops_the_server(self, tmp_path):
        with launched(tmp_path) as (process, port):
            client = RespClient(port)
            for start in range(0, 50_000, 1_000):
                texts = [("SAY", f"text {number}") for number in range(start, start + 1_000)]
                assert client.pipeline(*texts)[-1] == start + 1_001
            client.close()
            process.terminate()
            lines = process.stdout.read().decode().splitlines()
            assert process.wait(PATIENCE) == 0
        left_out = [
            int(re.fullmatch(r"\.\.\. (\d+) lines left out", line)[1]) for line in lines if "left" in line
        ]
        said = [line for line in lines if line.startswith("Client1: ")]
        assert left_out
        assert len(said) + sum(left_out) >= 50_000

    def test_a_console_that_nobody_reads_does_not_keep_the_server_from_ending(self, tmp_path):
        with launched(tmp_path) as (process, port):
            client = RespClient(port)
            client.pipeline(*[("SAY", f"text {number} " + "x" * 200) for number in range(1_000)])
            client.close()
            process.terminate()
            assert process.wait(PATIENCE) == 0
            assert process.stderr.read() == b""

    def test_a_console_that_was_closed_does_not_end_the_server(self, tmp_path):
        with launched(tmp_path) as (process, port):
            process.stdout.close()
            client = RespClient(port)
            for number in range(100):
                assert client.call("SAY", "still here") == number + 2
            client.close()
            process.terminate()
            assert process.wait(PATIENCE) == 0
            assert process.stderr.read() == b""

    def test_without_standard_files_nothing_is_printed_into_the_log(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = f'exec "$0" -m portico serve "$1" --port {port} <&- >&- 2>&-'
        with subprocess.Popen(
            ["sh", "-c", command, sys.executable, tmp_path], env=clean_environment()
        ) as process:
            client = patient_client(port)
            assert client.call("SAY", "Hello") == 2
            client.close()
            process.terminate()
            assert process.wait(PATIENCE) == 0
        assert b"Attempted" not in (tmp_path / ".portico" / "log.sqlite3").read_bytes()


def patient_client(port: int) -> RespClient:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return RespClient(port)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


class launched:  # noqa: N801 - reads as a function
    """A server whose console is read up to its first lines only; its process and port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __enter__(self) -> tuple[subprocess.Popen[bytes], int]:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portico", "serve", self.directory, "--port", "0"],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready
        first = os.read(self.process.stdout.fileno(), 4_096).decode()
        return self.process, int(re.search(r"listening on \S+:(\d+)\n", first)[1])

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate() if not self.process.stdout.closed else self.process.stderr.close()
        self.process.wait()


class TestTheEnd:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_sessions_are_told_and_closed_with_their_times(self, serve, join, number):
        server = serve()
        text = server.line_client()
        text.send_raw(b"Hello\n")
        resp = join(server)
        resp.call("SAY", "Hello")
        server.wait_for("Client2: Hello")
        server.process.send_signal(number)
        assert server.wait_until_it_ends() == 0
        told = b""
        while piece := text.socket.recv(4_096):
            told += piece
        text.close()
        assert b"shutting down" in told
        assert len([line for line in server.console if "has disconnected at: " in line]) == 2
        assert server.errors == []
        sessions = join(server.restart(), 3).call("STATUS")
        assert [(session["name"], "reason" in session) for session in sessions] == [
            ("Client1", False),
            ("Client2", False),
        ]
        assert all(session["disconnected"] for session in sessions)

    def test_a_hangup_that_is_ignored_stays_so(self, tmp_path):
        command = [
            "sh",
            "-c",
            'trap "" HUP; exec "$0" -m portico serve "$1" --port 0',
            sys.executable,
            tmp_path,
        ]
        with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE) as process:
            port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
            process.send_signal(signal.SIGHUP)
            client = RespClient(port)
            for number in range(50):
                assert client.call("SAY", "still here") == number + 2
            client.close()
            process.terminate()
            assert process.wait(PATIENCE) == 0

    def test_answers_under_way_are_given_in_order(self, serve, join):
        server = serve(max_clients=5)
        client = join(server)
        client.send_raw(b"".join(encode("SAY", f"text {number}") for number in range(500)))
        answers = [client.read_reply()]
        server.process.terminate()
        with contextlib.suppress(EOFError):
            while True:
                answers.append(client.read_reply())
        assert server.wait_until_it_ends() == 0
        assert answers == list(range(2, len(answers) + 2))
        again = join(server.restart())
        kept = again.call("HISTORY", "SINCE", "0", "COUNT", "1000", "KIND", "message")
        assert len(kept) >= len(answers)
