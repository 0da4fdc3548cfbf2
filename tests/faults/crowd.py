"""What the tests of faults share: filling the room, reading all of it, and the server's memory."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.resp import RespClient, encode, pairs
from tests.support.server import ServerProcess
from tests.support.stream import PATIENCE

PIPELINE = 500
SEQ = re.compile(rb"\$3\r\nseq\r\n:(\d+)\r\n")


def fill(client: RespClient, texts: Iterator[str] | list[str]) -> list[int]:
    """Says all texts, in pipelines; returns their numbers."""
    commands = [("SAY", text) for text in texts]
    numbers: list[int] = []
    for start in range(0, len(commands), PIPELINE):
        numbers += client.pipeline(*commands[start : start + PIPELINE])
    return numbers


def fast_fill(server: ServerProcess, count: int, length: int = 100) -> None:
    """Says count messages as fast as it goes; only counts the answers."""
    with RespClient(server.port) as client:
        client.call("NAME")
        for start in range(0, count, PIPELINE):
            batch = range(start, min(start + PIPELINE, count))
            client.send_raw(b"".join(encode("SAY", f"{number} ".ljust(length, "x")) for number in batch))
            answers = b""
            while answers.count(b"\r\n") < len(batch):
                answers += client.socket.recv(1 << 16)
            assert answers.count(b":") == len(batch), answers[:200]


def everything(client: RespClient, kind: str = "message", page_size: int = 1000) -> list[dict[str, Any]]:
    """All entries of a kind, page by page."""
    found: list[dict[str, Any]] = []
    since = 0
    while page := [
        pairs(e) for e in client.call("HISTORY", "SINCE", since, "COUNT", page_size, "KIND", kind)
    ]:
        found += page
        since = page[-1]["seq"]
    return found


def status(server: ServerProcess, *options: str) -> list[dict[str, Any]]:
    """What STATUS says, to a visitor."""
    with server.resp_client() as client:
        return [pairs(row) for row in client.call("STATUS", *options)]


def online(server: ServerProcess) -> set[str]:
    """The names in the room."""
    return {row["name"] for row in status(server, "ONLINE")}


def wait_until(true: Any, seconds: float = PATIENCE) -> float:
    """Asks until something is so; returns how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not so after {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


def memory(server: ServerProcess) -> int:
    """The server's resident memory in MB."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024


def closes(sock: socket.socket, seconds: float = PATIENCE) -> bytes:
    """What is still sent before the other side closes, which it must."""
    sock.settimeout(seconds)
    said = b""
    try:
        while data := sock.recv(1 << 16):
            said += data
    except ConnectionResetError:
        pass
    return said
