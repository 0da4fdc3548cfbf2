"""The socket under a conversation: one connection after another, what is written when, and sentences."""

import asyncio
import errno
import socket

import pytest

from portico.client import link as module
from portico.client.address import Address
from portico.client.link import KEEPALIVE, Link, cannot_connect, keep_alive, reason
from portico.model.errors import CannotConnect, Unavailable
from tests.server.conftest import until
from tests.support.talk import Talk


class Line:
    """A link, and what its owner was told."""

    def __init__(self, address: str, talk: Talk) -> None:
        host, _, port = address.rpartition(":")
        self.talk = talk
        self.ends = []
        self.heard = 0
        self.link = Link(Address(host, int(port)), talk.conversation, self.hear, self.ends.append)
        self.link.start()

    def hear(self):
        self.heard += 1


@pytest.fixture
async def line(pretending, monkeypatch):
    """Makes links; all stop with the test, and wait a hundredth of the time."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.03)
    lines = []

    async def make(handle, talk=None):
        lines.append(Line(await pretending(handle), talk or Talk()))
        return lines[-1]

    yield make
    for each in lines:
        each.link.stop()
        await each.link.gone()


HELLO = b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"
FACTS = b"%4\r\n+server\r\n+portico\r\n+log\r\n+l\r\n+name\r\n_\r\n+head\r\n:0\r\n"


async def test_it_connects_again_and_again_and_says_why(line):
    async def hang_up(reader, writer):
        assert await reader.readexactly(len(HELLO)) == HELLO

    made = await line(hang_up)
    await until(lambda: len(made.ends) >= 3)
    why = "the server closed the connection without a word; if it speaks TLS, use --tls"
    assert {str(end) for end in made.ends} == {why}


async def test_the_servers_last_word_is_the_reason(line):
    async def say_goodbye(reader, writer):
        await reader.readexactly(len(HELLO))
        writer.write(FACTS + b">2\r\n+closing\r\n+the server stops\r\n")

    made = await line(say_goodbye)
    await until(lambda: bool(made.ends))
    assert made.ends[0].sentence == "the server stops"


async def test_what_makes_no_sense_ends_the_connection(line):
    async def nonsense(reader, writer):
        writer.write(b"SSH-2.0\r\n")
        await reader.read()

    made = await line(nonsense)
    await until(lambda: bool(made.ends))
    assert "protocol" in made.ends[0].sentence


async def test_it_is_dropped_for_a_reason(line):
    async def listen(reader, writer):
        await reader.read(-1)

    made = await line(listen)
    await until(lambda: made.link._transport is not None)
    made.link.drop(Unavailable("we had enough"))
    await until(lambda: bool(made.ends))
    assert made.ends[0].sentence == "we had enough"


async def test_many_requests_of_one_turn_travel_together_and_the_clock_starts_with_the_first(line):
    packets = []

    async def listen(reader, writer):
        await reader.readexactly(len(HELLO))
        writer.write(FACTS)
        while data := await reader.read(1 << 16):
            packets.append(data)

    made = await line(listen)
    await until(lambda: made.talk.conversation.ready)
    made.link.stirred = before = 1.0
    made.talk.asked([str(number) for number in range(100)])
    for _ in range(3):
        made.link.wake()
    await until(lambda: bool(packets))
    assert b"".join(packets).count(b"ECHO") == 100
    assert len(packets) <= 2
    assert made.link.stirred > before
    stirred = made.link.stirred
    made.talk.asked("x")
    made.link.wake()
    await until(lambda: b"x" in packets[-1])
    assert made.link.stirred == stirred, "it owed answers already"


async def test_requests_are_kept_back_while_the_server_does_not_read(line):
    async def stop_reading(reader, writer):
        await reader.readexactly(len(HELLO))
        writer.write(FACTS)
        writer.transport.pause_reading()
        await asyncio.sleep(60)

    made = await line(stop_reading)
    await until(lambda: made.talk.conversation.ready)
    made.link._transport.set_write_buffer_limits(high=1_000)
    made.link._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    for _ in range(400):
        made.talk.asked(["x" * 60_000])
        made.link.wake()
        await asyncio.sleep(0)
    assert made.talk.conversation.unanswered == 400
    assert made.talk.conversation._waiting


async def test_nobody_listens(unused_tcp_port, monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    made = Line(f"127.0.0.1:{unused_tcp_port}", Talk())
    await until(lambda: len(made.ends) >= 2)
    made.link.stop()
    await made.link.gone()
    assert all(isinstance(end, CannotConnect) for end in made.ends)
    assert "connection refused" in made.ends[0].sentence


def test_reasons():
    assert reason(OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)")) == "connection refused"
    assert reason(OSError("Multiple exceptions: ...")) == "none of its addresses answers"
    assert reason(socket.gaierror(-2, "Name or service not known")) == "no machine of that name was found"
    assert reason(ValueError()) == "ValueError"
    assert str(cannot_connect(Address("::1", 2), "why")) == (
        "cannot connect to [::1]:2: why; is a server running there?"
    )


def test_the_kernel_is_asked_to_notice():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as s,
    ):
        keep_alive(s)
        assert s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                assert s.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
