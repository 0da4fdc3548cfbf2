"""A way to a server that lets so much through and no more until it is opened: transfers stop half-way."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.stream import PATIENCE

CHUNK = 1 << 14


class Gate:
    """Passes at most `most` bytes in each direction of each connection until `open` is called.

    A connection ends when one side ends it, and all of them with the block.
    """

    def __init__(self, port: int, most: int) -> None:
        self._server, self._most = port, most
        self._opened = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def open(self) -> None:
        """Lets everything through."""
        self._opened.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open()
        for each in [self._listener, *self._sockets]:
            _end(each)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._relay(self._listener.accept()[0])

    def _relay(self, ours: socket.socket) -> None:
        """Connects on; while there is no server, nobody is let in."""
        try:
            theirs = socket.create_connection(("127.0.0.1", self._server))
        except OSError:
            ours.close()
            return
        self._sockets += [ours, theirs]
        for source, sink in ((ours, theirs), (theirs, ours)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(CHUNK):
                passed += len(data)
                if passed > self._most:
                    self._opened.wait(2 * PATIENCE)
                sink.sendall(data)
        _end(source)
        _end(sink)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
