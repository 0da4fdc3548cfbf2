"""Another program holds the log's lock for half a minute: what is said waits, and is stored once."""

import subprocess
import sys
import time
import urllib.request

from tests.faults.crowd import everything

SECONDS = 30

HOLDS = """
import sqlite3, sys, time
log = sqlite3.connect(sys.argv[1], isolation_level=None)
log.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
log.execute("ROLLBACK")
"""


def test_half_a_minute(serve):
    server = serve(max_clients=3)
    with server.resp_client() as client, server.resp_client() as other, server.line_client() as text:
        client.call("SAY", "before")
        text.send("hello")
        while text.line() != "hello ACK":
            pass
        log = server.directory / ".portico" / "log.sqlite3"
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            assert holder.stdout.readline() == b"held\n"
            until = time.monotonic() + SECONDS
            for number in range(200):
                client.send("SAY", f"number {number}", "ID", f"key {number}")
            text.send("said meanwhile")
            while time.monotonic() < until:
                assert other.call("PING") == "PONG", "everything else goes on"
                assert [entry["text"] for entry in everything(other)] == ["before", "hello"]
                time.sleep(0.5)
        finally:
            holder.communicate()
        numbers = [client.read_reply() for _ in range(200)]
        while text.line() != "said meanwhile ACK":
            pass
        assert numbers == sorted(set(numbers))
        assert client.call("SAY", "number 7", "ID", "key 7") == numbers[7]
        kept = [entry["text"] for entry in everything(other) if entry["text"].startswith("number")]
        assert kept == [f"number {number}" for number in range(200)]
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health", timeout=10) as answer:
        assert answer.status == 200
    server.terminate()
    assert not server.errors
