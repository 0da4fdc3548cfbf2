"""A real server's limits and what it notes down: addresses, pace, memory, modes, the audit log, sd_notify."""

import contextlib
import json
import os
import socket
import subprocess
import sys

import pytest

from portico.server.limits import HELD_BYTES
from tests.faults.crowd import memory, wait_until
from tests.support.resp import encode
from tests.support.server import ServerProcess, clean_environment

SECRETS = ("sesame-open-please", "a secret body")


def events(server):
    path = server.directory / ".portico" / "audit.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def connect(server, host):
    return socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=(host, 0))


def answers(sock):
    """Whether the server talks to this connection."""
    try:
        sock.sendall(b"*1\r\n$4\r\nPING\r\n")
        return sock.recv(100) == b"+PONG\r\n"
    except (ConnectionResetError, BrokenPipeError):
        return False


def test_one_address_does_not_take_the_places_of_all(serve):
    server = serve(max_per_address=3)
    mine = [connect(server, "127.0.0.2") for _ in range(3)]
    assert all(map(answers, mine))
    with connect(server, "127.0.0.2") as one_more, connect(server, "127.0.0.3") as other:
        assert not answers(one_more)
        assert answers(other)
    wait_until(lambda: "address" in [event.get("rule") for event in events(server)], 5)
    mine.pop().close()
    wait_until(lambda: reconnects(server, mine), 5)
    silent = connect(server, "127.0.0.4")
    for _ in range(2):
        mine.append(connect(server, "127.0.0.4"))
        assert answers(mine[-1])
    with connect(server, "127.0.0.4") as fourth:
        assert answers(fourth), "the silent one of the same address makes room"
        assert silent.recv(1) == b""
    for sock in (silent, *mine):
        sock.close()


def reconnects(server, mine):
    sock = connect(server, "127.0.0.2")
    if answers(sock):
        mine.append(sock)
        return True
    sock.close()
    return False


@pytest.mark.slow
def test_who_shows_no_token_and_reads_nothing_is_given_little(serve):
    server = serve(env={"PORTICO_TOKEN": SECRETS[0]})
    before = memory(server)
    floods = (encode("PING"), encode("HELLO", 3), encode("AUTH", "wrong"), encode("COMMAND", "DOCS"))
    strangers = [connect(server, f"127.0.0.{number}") for number in range(2, 10)]
    for number, sock in enumerate(strangers):
        sock.settimeout(0.3)
        with contextlib.suppress(TimeoutError, ConnectionError):
            for _ in range(50):
                sock.sendall(floods[number % len(floods)] * 20_000)
    with server.resp_client() as member:
        assert member.call("AUTH", SECRETS[0]) == "OK"
        assert member.call("PING") == "PONG"
    assert memory(server) - before < 32
    for sock in strangers:
        sock.close()


@pytest.mark.slow
def test_all_connections_together_keep_only_so_much(serve):
    server = serve(max_connections=600, quiet=True)
    before = memory(server)
    begun = b"*2\r\n$4\r\nECHO\r\n$1048000\r\n" + bytes(1_000_000)
    socks = []
    for _ in range(int(1.5 * HELD_BYTES / 1_000_000)):
        sock = connect(server, "127.0.0.1")
        sock.sendall(begun)
        socks.append(sock)
    with server.resp_client() as other:
        assert other.call("PING") == "PONG"
    assert memory(server) - before < 2 * HELD_BYTES / 1_000_000
    wait_until(lambda: "memory" in [event.get("rule") for event in events(server)], 5)
    for sock in socks:
        sock.close()


def test_the_audit_log_has_who_did_what_and_no_secrets(tmp_path):
    directory = tmp_path / "files"
    directory.mkdir()
    server = ServerProcess(directory, env={"PORTICO_TOKEN": SECRETS[0]}, files="change").start()
    try:
        with server.line_client() as person, server.resp_client() as program:
            person.ask("/auth \x1b[2Jforged")
            person.ask(f"/auth {SECRETS[0]}")
            person.ask(SECRETS[1])
            program.call("AUTH", SECRETS[0])
            upload = program.call("PUT", "new.txt", 5)[1]
            program.call("WRITE", upload, 0, "12345")
            program.call("FINISH", upload)
            program.call("REMOVE", "new.txt")
            program.send_raw(b"garbage\r\n")
        server.terminate()
        noted = events(server)
        kinds = [event["event"] for event in noted]
        assert kinds[0] == "start"
        assert kinds[-1] == "stop"
        assert {"connect", "token", "file", "refused"} <= set(kinds)
        changes = [(event["change"], event["path"]) for event in noted if event["event"] == "file"]
        assert changes == [("added", "new.txt"), ("removed", "new.txt")]
        assert {"token", "protocol"} <= {event.get("rule") for event in noted}
        text = (directory / ".portico" / "audit.jsonl").read_text() + "".join(server.console + server.errors)
        assert SECRETS[0] not in text
        assert SECRETS[1] not in (directory / ".portico" / "audit.jsonl").read_text()
        assert "\x1b" not in text
    finally:
        server.stop()


def test_no_audit_log_where_none_is_wanted(serve):
    server = serve(audit_log="off")
    with server.resp_client() as client:
        client.call("PING")
    server.terminate()
    assert not (server.directory / ".portico" / "audit.jsonl").exists()


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_what_is_ours_is_ours_alone_and_deposits_are_for_whom_they_would_be(umask, tmp_path):
    directory = tmp_path / "files"
    directory.mkdir()
    before = os.umask(umask)
    try:
        server = ServerProcess(directory).start()
    finally:
        os.umask(before)
    with server.resp_client() as client:
        upload = client.call("PUT", "sub/new.txt", 1)[1]
        client.call("WRITE", upload, 0, "1")
        client.call("FINISH", upload)
    server.stop()
    for path in (directory / ".portico", *(directory / ".portico").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (directory / "sub" / "new.txt").stat().st_mode & 0o777 == 0o666 & ~umask
    assert (directory / "sub").stat().st_mode & 0o777 == 0o777 & ~umask


def test_a_service_manager_is_told(tmp_path):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.settimeout(10)
    directory = tmp_path / "files"
    directory.mkdir()
    environment = clean_environment() | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    command = [sys.executable, "-m", "portico", "serve", directory, "--port", "0", "--tls", "--quiet"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        heard = [manager.recv(1_000).decode() for _ in range(3)]
        assert heard[0].splitlines() == ["READY=1", f"MAINPID={process.pid}"]
        assert heard[1:] == ["WATCHDOG=1", "WATCHDOG=1"]
        process.send_signal(1)
        while not (said := manager.recv(1_000).decode()).startswith("RELOADING=1\nMONOTONIC_USEC="):
            assert said == "WATCHDOG=1"
        process.terminate()
        while (said := manager.recv(1_000).decode()) != "STOPPING=1":
            assert said in ("WATCHDOG=1", "READY=1")
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()
        manager.close()
