"""Sockets: listening, and finding out which clients vanished without a word (a lid closed, a cable pulled).

TCP keepalive finds those who owe nothing. One whose data is in flight is given up by the kernel only after a
quarter of an hour, unless TCP_USER_TIMEOUT says otherwise; but that also ends a reader whose window stays
closed, however alive it is (Linux tcp_timer.c, tcp_probe_timer). So the kernel is asked instead (TCP_INFO):
has anything been acknowledged lately, are questions to the closed window answered?
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import sys
import termios
from dataclasses import dataclass

from portico.model.errors import PorticoError
from portico.server.limits import (
    BACKLOG,
    KEEPALIVE_IDLE,
    KEEPALIVE_INTERVAL,
    KEEPALIVE_PROBES,
    VANISHED_PROBES,
    VANISHED_SECONDS,
)

TCP_INFO = getattr(socket, "TCP_INFO", None)
LAYOUT = struct.Struct("=8B24I")
"""The first 104 bytes of Linux's struct tcp_info (linux/tcp.h), unchanged since 2.6."""
STATE, PROBES, UNACKED, LAST_ACK = 0, 3, 12, 19
"""Where tcpi_state, tcpi_probes, tcpi_unacked and tcpi_last_ack_recv (milliseconds) stand in it."""
COUNTS, COUNTS_OFFSET = struct.Struct("=2Q"), 120
"""Further on, since Linux 4.1: tcpi_bytes_acked, tcpi_bytes_received."""
TCP_CLOSE = 7
"""The state after a reset, which nobody hears of who is not reading at the time."""


@dataclass(frozen=True, slots=True)
class Vital:
    """What the kernel knows of a peer."""

    state: int
    probes: int
    unacked: int
    silent_seconds: float

    @property
    def vanished(self) -> bool:
        """Whether nobody is there any more."""
        unanswered = self.unacked > 0 and self.silent_seconds > VANISHED_SECONDS
        return self.state == TCP_CLOSE or self.probes >= VANISHED_PROBES or unanswered


def read_vital(data: bytes) -> Vital:
    """Return what a struct tcp_info says."""
    fields = LAYOUT.unpack_from(data)
    return Vital(fields[STATE], fields[PROBES], fields[UNACKED], fields[LAST_ACK] / 1000)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes of a connection, or of many: what came, and what went and was acknowledged."""

    received: int
    sent: int

    def __add__(self, other: Traffic) -> Traffic:
        """Return both together."""
        return Traffic(self.received + other.received, self.sent + other.sent)


NONE = Traffic(0, 0)


def vanished(like: socket.socket | None) -> bool:
    """Tell whether the peer of a transport's socket is gone; False where the system cannot tell."""
    data = _tcp_info(like, LAYOUT.size)
    return len(data) >= LAYOUT.size and read_vital(data).vanished


def traffic(like: socket.socket | None) -> Traffic:
    """Return the bytes of a transport's socket until now; none where the system does not count them."""
    size = COUNTS_OFFSET + COUNTS.size
    data = _tcp_info(like, size)
    if len(data) < size:
        return NONE
    sent, received = COUNTS.unpack_from(data, COUNTS_OFFSET)
    return Traffic(received, sent)


def _tcp_info(like: socket.socket | None, size: int) -> bytes:
    """Return so much of a socket's struct tcp_info; less, or nothing, where the system has not that much."""
    if TCP_INFO is None or like is None or like.fileno() < 0:
        return b""
    try:
        with socket.socket(fileno=os.dup(like.fileno())) as sock:
            return sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, size)
    except OSError:
        return b""


def hang_up(like: socket.socket | None) -> None:
    """Let closing a transport's socket reset the connection, if everything sent has arrived.

    OpenBSD's netcat ends at a reset, not at an end of input: without it `bye` would leave a person waiting.
    Who has read the end of input before does not see the reset (Linux tcp_input.c: tcp_fin sets SOCK_DONE).
    """
    if sys.platform != "linux" or like is None or like.fileno() < 0:
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(like.fileno())) as sock:
        unsent = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
        if not any(unsent):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def keep_alive(sock: socket.socket) -> None:
    """Let TCP ask silent peers whether they are there; a listening socket hands this on."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    ):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of a host; port 0 takes a free one. Raise `PorticoError` when it cannot be."""
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if sockets and not port:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])  # noqa: PLW2901
            sockets.append(_listening(family, address))
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise _refusal(error, host, port) from error
    return sockets


def _listening(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        keep_alive(sock)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)  # noqa: FBT003 - its only parameter
    except OSError:
        sock.close()
        raise
    return sock


def _refusal(error: OSError, host: str, port: int) -> PorticoError:
    if error.errno == errno.EADDRINUSE:
        return PorticoError(f"port {port} is taken by another program; choose one with --port")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return PorticoError(f"{host} is not an address of this machine; choose one with --host")
    if error.errno == errno.EACCES:
        return PorticoError(f"port {port} needs more rights; choose one above 1023 with --port")
    return PorticoError(f"cannot listen on {host}:{port}: {error.strerror}")
