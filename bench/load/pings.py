"""The generator for round trips at a steady pace, a process of its own: it measures what others notice.

    python -m bench.load.pings WIRE PORT SECONDS

One connection asks a thousand times a second: our PING, or a keepalive GET of a tiny file. A question whose
turn has come while the one before still waits for its answer counts from its turn on, so that one long pause
weighs as much as it would for many askers. Prints the number of questions and the 99th percentile in ms.
"""

import socket
import subprocess
import sys
import time
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
    took: list[float] = []
    with socket.create_connection((HOST, port), TIMEOUT) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin = turn = time.perf_counter()
        while turn < begin + seconds:
            if (early := turn - time.perf_counter()) > 0:
                time.sleep(early)
                asked = time.perf_counter()  # what the sleep was too long is not the server's
            else:
                asked = turn
            sock.sendall(question)
            _answer(sock, end)
            took.append(time.perf_counter() - asked)
            turn += PACE
    return took


def _answer(sock: socket.socket, end: bytes) -> None:
    data = b""
    while not data.endswith(end):
        more = sock.recv(4096)
        if not more:
            raise BenchError(f"the server closed the connection after {data!r}")
        data += more


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
