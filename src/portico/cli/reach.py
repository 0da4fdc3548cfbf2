"""By which addresses the machines of a network reach a server of this one."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

MOST = 8
"""Addresses that are told: a machine with many bridges has dozens, and the first is nearly always the one."""

SOMEWHERE = {
    socket.AF_INET: (("192.0.2.1", 9), "127.0.0.1"),
    socket.AF_INET6: (("2001:db8::1", 9), "::1"),
}
"""An address of nobody's network (RFC 5737, RFC 3849), and this machine as only itself knows it."""

SIOCGIFADDR = 0x8915
"""Asks Linux for the IPv4 address of an interface (netdevice(7)): bytes 20 to 24 of the answer."""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def addresses(host: str) -> list[str]:
    """Return how a server that listens on an address is reached, the most usual way first; never none."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - read, not bound
        return [host]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = [each for each in dict.fromkeys(_of_this_machine(family)) if not is_loopback(each)]
    return found[:MOST] or [SOMEWHERE[family][1]]


def _of_this_machine(family: socket.AddressFamily) -> Iterator[str]:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sock:
        # Nothing is sent: the kernel only chooses the address from which it would be.
        sock.connect(SOMEWHERE[family][0])
        yield sock.getsockname()[0]
    if family == socket.AF_INET and sys.platform == "linux":
        yield from _of_interfaces()


def _of_interfaces() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # it has no such address
                answer = fcntl.ioctl(sock, SIOCGIFADDR, struct.pack("16s16x8x", name.encode()))
                yield socket.inet_ntoa(answer[20:24])
