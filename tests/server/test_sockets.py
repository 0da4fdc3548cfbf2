import errno
import os
import socket
import struct
import sys

import pytest

from portico.model.errors import PorticoError
from portico.server.limits import VANISHED_PROBES, VANISHED_SECONDS
from portico.server.sockets import LAYOUT, Traffic, Vital, hang_up, listen, read_vital, traffic, vanished


@pytest.mark.parametrize(
    "vital, gone",
    [
        (Vital(state=1, probes=0, unacked=0, silent_seconds=1_000), False),
        (Vital(state=1, probes=0, unacked=5, silent_seconds=VANISHED_SECONDS), False),
        (Vital(state=1, probes=0, unacked=5, silent_seconds=VANISHED_SECONDS + 1), True),
        (Vital(state=1, probes=1, unacked=0, silent_seconds=1_000), False),
        (Vital(state=1, probes=VANISHED_PROBES, unacked=0, silent_seconds=1), True),
        (Vital(state=7, probes=0, unacked=0, silent_seconds=0), True),
    ],
    ids=["idle", "lately heard of", "data unanswered", "slow reader", "closed window unanswered", "reset"],
)
def test_a_peer_has_vanished_when_it_answers_nothing(vital: Vital, gone: bool):
    assert vital.vanished is gone


def test_the_kernel_tells_probes_unacknowledged_packets_and_silence():
    fields = [0] * 32
    fields[0], fields[3], fields[12], fields[19] = 1, 2, 7, 51_000
    assert read_vital(struct.pack("=8B24I", *fields)) == Vital(1, 2, 7, 51.0)
    assert LAYOUT.size == 104


def test_a_peer_that_is_there_has_not_vanished():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not vanished(ours)
    assert not vanished(ours)
    assert not vanished(None)


def test_without_a_descriptor_more_nobody_has_vanished_and_nothing_is_hung_up(monkeypatch):
    def crowded(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    ours, theirs = socket.socketpair()
    monkeypatch.setattr(os, "dup", crowded)
    with ours, theirs:
        assert not vanished(ours)
        hang_up(ours)


def test_a_connected_peer_has_not_vanished():
    (listening,) = listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()) as client:
        assert not vanished(client)


def test_what_is_accepted_is_kept_alive():
    (listening,) = listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()):
        listening.setblocking(True)
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 20


def test_a_taken_port_is_refused_in_words():
    (listening,) = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    with listening, pytest.raises(PorticoError, match="is taken by another program; choose one with --port"):
        listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused_in_words():
    with pytest.raises(PorticoError, match=r"203\.0\.113\.1 is not an address of this machine"):
        listen("203.0.113.1", 0)


def test_port_zero_is_one_port_on_every_address():
    sockets = listen("localhost", 0)
    assert len({sock.getsockname()[1] for sock in sockets}) == 1
    for sock in sockets:
        sock.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_kernel_counts_the_bytes_of_a_connection():
    (listening,) = listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()) as client:
        listening.setblocking(True)
        accepted, _ = listening.accept()
        with accepted:
            client.sendall(b"x" * 1_000)
            assert accepted.recv(1_000, socket.MSG_WAITALL)
            assert 1_000 <= traffic(accepted).received <= 1_001
            assert 1_000 <= traffic(client).sent <= 1_001
    assert traffic(client) == traffic(None) == Traffic(0, 0)
    assert Traffic(1, 2) + Traffic(3, 4) == Traffic(4, 6)
