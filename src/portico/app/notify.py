"""What a service manager is told: the protocol of sd_notify(3), datagrams to the socket in NOTIFY_SOCKET."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time


def tell(*facts: str) -> None:
    """Tell facts like READY=1; nobody where nobody asked, and never an error."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # one that is in no directory (unix(7), abstract)
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(address)
        sock.sendall("\n".join(facts).encode())


def tell_reloading() -> None:
    """Tell that settings are read again; READY=1 says that it is done."""
    tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")


async def keep_watchdog() -> None:
    """Give signs of life from the event loop for ever, twice as often as is wanted; if that is wanted."""
    wanted = os.environ.get("WATCHDOG_USEC", "")
    if not wanted.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        tell("WATCHDOG=1")
        await asyncio.sleep(int(wanted) / 2_000_000)
