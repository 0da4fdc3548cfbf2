"""Accepting: a few connections at a time, and none while they would take the files of the others.

A listening socket can hand over a thousand connections at once. Who takes them all before looking at any has
no descriptor left for a fetch or a deposit under way; so each is looked at, and when too few descriptors are
free and no silent connection can go, newcomers wait in the kernel's queue until some are.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections.abc import Callable, Sequence

from portico.server.limits import ACCEPT_PAUSE_SECONDS, ACCEPTS_PER_TURN, CROWDED_NOTE_SECONDS, RESERVED_FILES

CROWDED = "too many files are open, newcomers wait; raise the limit (ulimit -n), or lower --max-connections"


class Acceptor:
    """Makes a protocol for each connection that comes to listening sockets.

    `make_room` lets a connection go that is needed least, and tells whether there was one; `note` is told,
    now and then, that newcomers wait.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        protocol: Callable[[], asyncio.Protocol],
        make_room: Callable[[], bool],
        note: Callable[[str], None],
    ) -> None:
        """Accept from now on."""
        self._protocol, self._make_room, self._note = protocol, make_room, note
        self._loop = asyncio.get_running_loop()
        self._open = list(sockets)
        self._waiting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._welcomes: set[asyncio.Task[None]] = set()
        self._noted = float("-inf")
        for listening in self._open:
            self._resume(listening)

    def close(self) -> None:
        """Accept nobody any more, and close the listening sockets."""
        for listening in self._open:
            waiting = self._waiting.pop(listening, None)
            if waiting is not None:
                waiting.cancel()
            self._loop.remove_reader(listening)
            listening.close()
        self._open = []

    def _resume(self, listening: socket.socket) -> None:
        self._waiting.pop(listening, None)
        self._loop.add_reader(listening, self._accept, listening)

    def _pause(self, listening: socket.socket) -> None:
        """Leave newcomers in the kernel's queue for a while: the socket stays readable, and would spin."""
        self._loop.remove_reader(listening)
        self._waiting[listening] = self._loop.call_later(ACCEPT_PAUSE_SECONDS, self._resume, listening)

    def _tell(self) -> None:
        """Have the operator know why newcomers wait."""
        if self._loop.time() - self._noted > CROWDED_NOTE_SECONDS:
            self._noted = self._loop.time()
            self._note(CROWDED)

    def _accept(self, listening: socket.socket) -> None:
        for count in range(ACCEPTS_PER_TURN):
            if crowded(listening):
                # Only of the first is it known that there is one, worth another's place; which is free at the
                # next turn.
                if not count and not self._make_room():
                    self._tell()
                    self._pause(listening)
                return
            try:
                sock, _address = listening.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError:
                # No memory, or a trouble of the network: accept(2).
                self._pause(listening)
                return
            sock.setblocking(False)  # noqa: FBT003 - its only parameter
            task = self._loop.create_task(self._welcome(sock))
            self._welcomes.add(task)
            task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, sock)
        except OSError:
            sock.close()


def crowded(any_socket: socket.socket) -> bool:
    """Tell whether the next descriptor would be one of those that are kept for files.

    The system gives the lowest number that is free, so all below it are in use.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return False
    try:
        probe = os.dup(any_socket.fileno())
    except OSError:
        return True  # none is left at all
    os.close(probe)
    return probe >= most - RESERVED_FILES
