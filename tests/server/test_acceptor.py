import asyncio
import errno
import os
import resource
import socket

import pytest

from portico.server import acceptor
from portico.server.acceptor import CROWDED, Acceptor
from portico.server.limits import ACCEPTS_PER_TURN, RESERVED_FILES
from tests.faults.crowd import closes
from tests.server.conftest import until


class Guest(asyncio.Protocol):
    """A connection of the test."""

    def connection_made(self, transport):
        self.transport = transport


class Hall:
    """Who came to an acceptor, and what it said."""

    def __init__(self, make=socket.socket):
        self.guests, self.notes, self.silent = [], [], []
        self.listening = make()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(1_024)
        self.listening.setblocking(False)
        self.acceptor = Acceptor([self.listening], self.welcome, self.make_room, self.notes.append)

    def welcome(self):
        self.guests.append(Guest())
        return self.guests[-1]

    def make_room(self):
        if not self.silent:
            return False
        self.silent.pop(0).transport.abort()
        return True

    def call(self):
        made = socket.socket()
        made.setblocking(False)
        made.connect_ex(self.listening.getsockname())
        return made


@pytest.fixture
async def hall():
    made = Hall()
    yield made
    made.acceptor.close()
    for guest in made.guests:
        guest.transport.abort()


@pytest.fixture
def callers(hall):
    made = [hall.call() for _ in range(3 * ACCEPTS_PER_TURN)]
    yield made
    for sock in made:
        sock.close()


async def test_everybody_is_taken_in_some_a_turn(hall, callers):
    await until(lambda: len(hall.guests) >= ACCEPTS_PER_TURN)
    await until(lambda: len(hall.guests) == len(callers))
    assert not hall.notes


@pytest.fixture
def scarce(monkeypatch):
    """Call with how many descriptors are left for connections; nothing is really taken away."""

    def limit(left):
        probe = os.dup(0)
        os.close(probe)
        most = probe + left + RESERVED_FILES
        monkeypatch.setattr(resource, "getrlimit", lambda _: (most, most))

    return limit


async def test_newcomers_wait_while_descriptors_are_scarce_and_that_is_said_once(hall, scarce, monkeypatch):
    monkeypatch.setattr(acceptor, "ACCEPT_PAUSE_SECONDS", 0.01)
    scarce(0)
    with hall.call() as caller:
        await asyncio.sleep(0.1)
        assert not hall.guests
        assert hall.notes == [CROWDED]
        scarce(100)
        await until(lambda: len(hall.guests) == 1)
        caller.setblocking(False)
        with pytest.raises(BlockingIOError):
            caller.recv(1)


async def test_no_more_are_taken_in_a_turn_than_there_are_descriptors_for(hall, scarce, callers):
    scarce(5)
    await asyncio.sleep(0.1)
    assert 0 < len(hall.guests) <= 6


async def test_a_silent_one_goes_for_each_that_comes(hall, scarce):
    with hall.call() as first:
        await until(lambda: hall.guests and hasattr(hall.guests[0], "transport"))
        hall.silent.append(hall.guests[0])
        scarce(0)
        with hall.call():
            await until(lambda: len(hall.guests) == 2)
            assert closes(first, 5) == b""
        assert not hall.notes


async def test_without_any_descriptor_it_waits(hall, monkeypatch):
    monkeypatch.setattr(acceptor, "ACCEPT_PAUSE_SECONDS", 0.01)
    refused = []

    def refuse(_):
        refused.append(1)
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as without, hall.call():
        without.setattr(os, "dup", refuse)
        await until(lambda: len(refused) == 3)
        assert not hall.guests
        without.undo()
        await until(lambda: len(hall.guests) == 1)
    assert hall.notes == [CROWDED]


async def test_close_ends_a_pause_too(hall, scarce):
    scarce(0)
    with hall.call():
        await until(lambda: hall.notes)
        hall.acceptor.close()
        assert hall.listening.fileno() < 0
        hall.acceptor.close()


class Troubled(socket.socket):
    """A listening socket that meets a trouble of the network first."""

    troubles = 1

    def accept(self):
        if self.troubles:
            self.troubles -= 1
            raise OSError(errno.ENETDOWN, "Network is down")
        return super().accept()


async def test_a_trouble_of_the_network_is_passed_over(monkeypatch):
    monkeypatch.setattr(acceptor, "ACCEPT_PAUSE_SECONDS", 0.01)
    hall = Hall(Troubled)
    with hall.call():
        await until(lambda: len(hall.guests) == 1)
    assert not hall.listening.troubles
    assert not hall.notes
    hall.acceptor.close()
