"""A server that says what a test wants, for the tests of the test clients."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def saying(*pieces: bytes, pause: float = 0.0) -> Iterator[int]:
    """The port of a server that sends these pieces, a pause before each but the first, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        speaker = threading.Thread(target=speak, args=(listener, pieces, pause), daemon=True)
        speaker.start()
        yield listener.getsockname()[1]
        speaker.join()


def speak(listener: socket.socket, pieces: tuple[bytes, ...], pause: float) -> None:
    peer, _ = listener.accept()
    with peer:
        for number, piece in enumerate(pieces):
            time.sleep(pause if number else 0)
            peer.sendall(piece)
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(1 << 16):
            pass
