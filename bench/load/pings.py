"""The generator for round trips at a steady pace, a process of its own: it measures what others notice.

    python -m bench.load.pings WIRE PORT SECONDS

One connection asks a thousand times a second, whether or not the answers before have come: our PING, or a
keepalive GET of a tiny file. Who waited for each answer could not keep the pace once it takes a millisecond,
and would measure how far he is behind. Prints the number of questions and the 99th percentile in ms.
"""

import select
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from bench.errors import BenchError
from bench.servers import HOST

PACE = 0.001
TIMEOUT = 20.0
TINY = "tiny.txt"
#: What is asked on each wire, and how the answer ends.
QUESTIONS = {
    "resp": (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
    "http": (b"GET /tiny.txt HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\ntiny\n"),
}


def ask(wire: str, port: int, seconds: float) -> list[float]:
    """Ask for so long; return the seconds each answer took."""
    question, end = QUESTIONS[wire]
    asked: deque[float] = deque()
    took: list[float] = []
    with socket.create_connection((HOST, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        turn, data = time.perf_counter(), b""
        finish = turn + seconds
        while asked or turn < finish:
            pause = turn - time.perf_counter() if turn < finish else TIMEOUT
            if pause <= 0:
                asked.append(time.perf_counter())
                sock.sendall(question)
                turn += PACE
            elif select.select([sock], [], [], pause)[0]:
                data = _answers(sock, data, end, asked, took)
            elif turn >= finish:
                raise BenchError(f"no answer for {TIMEOUT:.0f} s")
    return took


def _answers(sock: socket.socket, data: bytes, end: bytes, asked: deque[float], took: list[float]) -> bytes:
    """Take what came; return the beginning of the next answer."""
    more = sock.recv(65536)
    if not more:
        raise BenchError(f"the server closed the connection after {data[-100:]!r}")
    *whole, rest = (data + more).split(end)
    now = time.perf_counter()
    took.extend(now - asked.popleft() for _ in whole)
    return rest


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def start(wire: str, port: int, seconds: float) -> "subprocess.Popen[str]":
    """Ask from a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.load.pings", wire, str(port), str(seconds)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def result(process: "subprocess.Popen[str]") -> float:
    """Wait for its end; the 99th percentile in milliseconds."""
    said = process.communicate()[0].split()
    if process.returncode or len(said) != 2:
        raise BenchError("the pings got no answers; see above")
    return float(said[1])


if __name__ == "__main__":
    answers = ask(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    print(len(answers), 1000 * percentile(answers, 0.99))
