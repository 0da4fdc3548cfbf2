"""Clients that vanish: killed ones at once, unplugged ones within a minute; a slow reader is no such one."""

import subprocess
import sys
import time

import pytest

from tests.faults.crowd import online, wait_until
from tests.faults.machines import machine
from tests.support.resp import encode

CLIENT = """
import socket, sys, time
client = socket.create_connection((sys.argv[1], int(sys.argv[2])))
client.sendall(sys.argv[3].encode().decode("unicode_escape").encode())
print(client.recv(100), flush=True)
time.sleep(600)
"""


def joining(name, *more):
    """What a client sends to be in the room, as an argument of a command line."""
    requests = [("HELLO", "3", "SETNAME", name), *more]
    return b"".join(encode(*request) for request in requests).decode().replace("\r\n", "\\r\\n")


def starts(start, *arguments):
    process = start(sys.executable, "-c", CLIENT, *map(str, arguments))
    process.stdout.readline()
    return process


def test_a_killed_client_frees_its_place(serve):
    server = serve(max_clients=1)

    def start(*command):
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    with starts(
        start,
        "127.0.0.1",
        server.port,
        joining("alice", ("FOLLOW",), ("HISTORY", "SINCE", "1", "WAIT", "60000")),
    ) as it:
        wait_until(lambda: online(server) == {"alice"})
        it.kill()
        wait_until(lambda: not online(server), 5)


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_a_machine_that_is_unplugged(serve):
    """Four clients elsewhere: two vanish, one idle and one being told things; two only do not read."""
    with machine(1) as far, machine(2) as slow:
        server = serve(host="0.0.0.0", open=True, max_clients=10, quiet=True)  # noqa: S104 - own namespaces
        clients = [
            starts(far.start, far.here, server.port, joining("idle")),
            starts(far.start, far.here, server.port, joining("told", ("FOLLOW",))),
            starts(slow.start, slow.here, server.port, joining("slow", ("FOLLOW",))),
        ]
        try:
            with server.resp_client() as speaker, server.resp_client(3) as near:
                near.call("NAME", "near")
                near.call("FOLLOW")
                speaker.call("NAME", "speaker")
                for _ in range(40):
                    speaker.pipeline(*[("SAY", "x" * 10_000)] * 30)
                everybody = {"idle", "told", "slow", "near", "speaker"}
                assert online(server) == everybody
                far.pull()
                began = time.monotonic()
                speaker.call("SAY", "are you there?")
                wait_until(lambda: online(server) == everybody - {"idle", "told"}, 75)
                assert time.monotonic() - began > 15, "a cable may be plugged in again"
                time.sleep(max(0.0, began + 58 - time.monotonic()))
                assert online(server) == everybody - {"idle", "told"}, (
                    "who does not read is there all the same"
                )
        finally:
            for client in clients:
                client.kill()
                client.wait()
                client.stdin.close()
                client.stdout.close()
