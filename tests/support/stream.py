"""A blocking connection with a buffer, for the test clients of the line and RESP wires."""

import socket
import time
from types import TracebackType
from typing import Self

# How long a test waits for what must come. Long, because it only costs time when a test fails.
PATIENCE = 10.0


class Stream:
    """Bytes to and from one server; reading waits until a deadline."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = PATIENCE) -> None:
        self.timeout = timeout
        self.buffer = bytearray()
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def address(self) -> tuple[str, int]:
        """The client's own address, as the server sees it."""
        host, port = self.socket.getsockname()[:2]
        return host, port

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def finish(self) -> None:
        """Ends the input of the server; its answers can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, deadline: float) -> bool:
        """Adds what arrives to the buffer. False when the server has closed."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise self.too_late()
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 16)
        except TimeoutError:
            raise self.too_late() from None
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def too_late(self) -> TimeoutError:
        return TimeoutError(f"nothing more came; read and not used so far: {bytes(self.buffer[:500])!r}")

    def deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self.timeout if timeout is None else timeout)

    def eof(self, timeout: float | None = None) -> None:
        """Waits for the server to close, and fails when it says anything more."""
        deadline = self.deadline(timeout)
        while self.receive(deadline):
            pass
        assert not self.buffer, f"before the end came {bytes(self.buffer[:500])!r}"

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
