"""What is half-sent has fifteen seconds, on every wire; who says nothing at all may wait."""

import select
import time

import pytest

from tests.support.resp import encode
from tests.support.stream import Stream

HALF_SENT = {
    "an undecided line": (b"", b"Hel"),
    "a star": (b"", b"*"),
    "the head of a browser": (b"", b"GET / HTTP/1.1\r\nHost: x\r\n"),
    "half a line": (b"Hello\n", b"wor"),
    "half a request": (b"", b"*2\r\n$3\r\nSAY\r\n$10"),
    "half a word": (encode("PING"), b"*2\r\n$4\r\nECHO\r\n$500\r\nabc"),
    "half a length": (encode("PING"), b"*"),
}
"""For each: what is sent whole before, and what stays half."""

COMPLETE = {"nothing": b"", "a line": b"Hello\n", "a request": encode("PING"), "a greeting": b"\n"}


def connect(server, data):
    client = Stream(server.port)
    client.send_raw(data)
    return client


def arrived(client):
    """Takes what has come; False when the server has closed."""
    while select.select([client.socket], [], [], 0)[0]:
        try:
            data = client.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        if not data:
            return False
        client.buffer += data
    return True


@pytest.mark.slow
def test_fifteen_seconds(serve):
    server = serve(max_clients=50)
    halves = {name: connect(server, whole + half) for name, (whole, half) in HALF_SENT.items()}
    trickles = {f"{name}, drop by drop": connect(server, whole) for name, (whole, _) in HALF_SENT.items()}
    complete = {name: connect(server, data) for name, data in COMPLETE.items()}
    began = time.monotonic()
    closed: dict[str, float] = {}
    drop = 0
    while len(closed) < len(halves) + len(trickles) and time.monotonic() - began < 22:
        for (name, (_, half)), client in zip(HALF_SENT.items(), trickles.values(), strict=True):
            if f"{name}, drop by drop" not in closed and drop < len(half):
                client.send_raw(half[drop : drop + 1])
        drop += 1
        time.sleep(0.8)
        for name, client in (halves | trickles).items():
            if name not in closed and not arrived(client):
                closed[name] = time.monotonic() - began
    assert closed.keys() == halves.keys() | trickles.keys()
    assert all(14 < seconds < 20 for seconds in closed.values()), closed
    for name in ("half a request", "half a word", "half a length"):
        assert halves[name].buffer.removeprefix(b"+PONG\r\n").startswith(b"-ERR protocol: ")
    assert b"\nerror: " in halves["half a line"].buffer

    for client in complete.values():
        assert arrived(client)
    complete["nothing"].send_raw(b"*1\r\n$4\r\nPI")
    time.sleep(0.1)
    complete["nothing"].send_raw(b"NG\r\n")
    for name in ("a line", "a greeting"):
        complete[name].send_raw(b"//end\n")
    time.sleep(0.5)
    assert server.running
    assert all(arrived(client) for client in complete.values())
    assert complete["nothing"].buffer == b"+PONG\r\n"
    assert b"/end ACK\n" in complete["a line"].buffer
    assert b"/end ACK\n" in complete["a greeting"].buffer
    for client in [*halves.values(), *trickles.values(), *complete.values()]:
        client.close()
