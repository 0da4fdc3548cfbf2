"""Who does not read: gets everything once and in order, and costs the server and others nothing."""

import re

import pytest

from tests.faults.crowd import SEQ, fast_fill, memory
from tests.support.resp import encode
from tests.support.stream import PATIENCE

MESSAGES = 100_000
GROWTH = 200
"""MB the server may grow: the messages alone are 20 MB in the log, and the newest are kept at hand."""


def read_all(client, mark, count):
    """Reads until a mark came this often; returns everything."""
    client.socket.settimeout(2 * PATIENCE)
    pieces, found, tail = [bytes(client.buffer)], 0, b""
    found = pieces[0].count(mark)
    while found < count:
        data = client.socket.recv(1 << 20)
        assert data, f"closed after {found} of {count}"
        pieces.append(data)
        window = tail + data
        found += window.count(mark)
        tail = window[-len(mark) + 1 :]
        found -= tail.count(mark)
    return b"".join(pieces)


@pytest.mark.slow
def test_followers_that_stop_reading(serve):
    server = serve(max_clients=5, quiet=True)
    with server.resp_client(3) as program, server.line_client() as person, server.resp_client(3) as reader:
        program.call("FOLLOW")
        person.ask("")
        before = memory(server)
        fast_fill(server, MESSAGES // 2)
        assert reader.call("PING") == "PONG"
        fast_fill(server, MESSAGES // 2)
        grown = memory(server) - before
        assert grown < GROWTH, f"{grown} MB for {MESSAGES} messages that two do not read"

        total = MESSAGES + 5  # three joins and two leaves around the messages
        pushed = read_all(program, b">2\r\n$5\r\nentry\r\n", total - 1)
        numbers = [int(number) for number in SEQ.findall(pushed)]
        assert numbers == list(range(1, 1 + len(numbers)))
        assert len(numbers) >= total - 1

        lines = read_all(person, b"xx\n", MESSAGES).decode().splitlines()
        texts = [int(found[1]) for found in map(re.compile(r"Client\d+: (\d+) x+").fullmatch, lines) if found]
        assert texts == [*range(MESSAGES // 2)] * 2
        assert person.ask("awake").endswith((" ACK", " left"))
        assert memory(server) - before < GROWTH


def test_who_sends_and_does_not_read(serve):
    server = serve(quiet=True)
    with server.resp_client() as other:
        other.call("NAME")
        for number in range(100):
            other.call("SAY", f"{number} ".ljust(10_000, "x"))
        before = memory(server)
        chokers = [server.resp_client() for _ in range(5)]
        requests = [
            encode("HISTORY", "COUNT", 1000) * 200,
            encode("ECHO", "x" * 60_000) * 20,
            encode("STATUS") * 2_000,
            encode("SAY", "x" * 60_000, "AS", "choker") * 20,
            encode("HELP") * 1_000,
        ]
        for choker, request in zip(chokers, requests, strict=True):
            choker.socket.settimeout(0.3)
            sent = 0
            try:
                while sent < 50_000_000:
                    choker.socket.sendall(request)
                    sent += len(request)
            except TimeoutError:
                pass
            assert other.call("PING") == "PONG"
        assert memory(server) - before < GROWTH
        for choker in chokers:
            choker.close()
        assert other.call("SAY", "it goes on") > 101
