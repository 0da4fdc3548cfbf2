"""A connection for files: how long it waits at the door."""

import contextlib
import socket
import threading

import pytest

from portico.client.address import Address
from portico.client.transfer import channel as channel_module
from portico.client.transfer.channel import Channel
from portico.client.transfer.route import Route
from portico.model.errors import Lost
from portico.wire.resp_values import encode
from tests.support.talk import facts


@pytest.fixture
def slow(monkeypatch):
    """The address of a server that answers each HELLO later than a client waits for a connection."""
    monkeypatch.setattr(channel_module, "CONNECT_SECONDS", 0.05)

    def answer():
        connection, _ = listening.accept()
        with connection:
            threading.Event().wait(0.2)
            with contextlib.suppress(OSError):
                connection.sendall(encode(facts(), 3))
                connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield Address(*listening.getsockname())
        thread.join(10)


async def test_who_shows_a_token_waits_for_its_turn(slow, job):
    with Channel(job, Route(slow, "token", 30.0)) as channel:
        assert channel.log == "log1"


async def test_who_has_none_does_not(slow, job):
    with pytest.raises(Lost, match="said nothing for too long"):
        Channel(job, Route(slow, "", 30.0))
