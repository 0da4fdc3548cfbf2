"""One blocking connection to the server, on which requests are pipelined and files travel."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from portico.client.address import Address
from portico.client.limits import ADMIT_SECONDS, CONNECT_SECONDS, SILENCE_SECONDS
from portico.client.link import keep_alive, reason, refused_connection
from portico.client.resp import Value, encode
from portico.client.transfer.inbox import Inbox
from portico.client.transfer.job import Job
from portico.client.trust import Trust
from portico.model.errors import CannotConnect, Lost, NotFound, PorticoError, ProtocolError

if TYPE_CHECKING:
    from portico.client.transfer.route import Route

DIGEST_SECONDS = 60.0
"""How long the answer to a STAT with DIGEST may take: the server itself waits 30 s for a digest."""

BROKEN = (Lost, CannotConnect, ProtocolError)
"""What ends a connection; anything else is the refusal of one request."""


class Channel:
    """A visitor's connection, for one thread; requests go out by `say`, replies come in by the `inbox`.

    Every error of the network is a `Lost` or a `CannotConnect`.
    """

    def __init__(self, job: Job, route: Route) -> None:
        """Connect and introduce ourselves, beside the session of a secret if there is one.

        Raise `CannotConnect`, or the server's refusal.
        """
        self._job = job
        job.check()
        address, secure = route.address, route.trust is not None
        try:
            self._socket = _connected(address, route.trust)
        except (OSError, ValueError) as error:  # ValueError: no machine can have that name
            raise refused_connection(address, error, secure=secure) from error
        self._more = 0 if secure else _MORE
        self.inbox = Inbox(self._fill)
        try:
            job.holds(self._socket)
            keep_alive(self._socket)
            if route.token:
                self._socket.settimeout(ADMIT_SECONDS)
            self.facts: dict[str, Any] = self._introduce(route.token, route.secret)
            self._socket.settimeout(SILENCE_SECONDS)
            self.log = str(self.facts["log"])
        except (TypeError, LookupError):
            self.close()
            raise ProtocolError(f"what answers at {address} is not Portico; check host and port") from None
        except BaseException:
            self.close()
            raise

    def _introduce(self, token: str, secret: str) -> Any:  # noqa: ANN401 - whatever answers there
        hello: list[str | int] = ["HELLO", 3, *(["AUTH", "default", token] if token else [])]
        if secret:
            with contextlib.suppress(NotFound):  # the session is over: then as a visitor
                return self.call([*hello, "BESIDE", secret])
        return self.call(hello)

    def __enter__(self) -> Self:
        """Be used in a `with` statement."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self.close()

    def close(self) -> None:
        """Disconnect, whatever is still on its way."""
        self._job.leaves(self._socket)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def call(self, words: Sequence[str | bytes | int]) -> Value:
        """Ask one thing, and return its answer, when no other one is owed."""
        self.say(encode(words))
        return self.inbox.value()

    def say(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Send bytes; `more`: others follow at once, so they may travel together."""
        try:
            self._socket.sendall(data, self._more if more else 0)
        except OSError as error:
            raise self._lost(error) from error

    def send_file(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send bytes of a file straight from the kernel; raise `EOFError` when it is shorter."""
        try:
            sent = self._socket.sendfile(file, offset, count)
        except OSError as error:
            raise self._lost(error) from error
        if sent != count:
            raise EOFError

    def wait_for(self, seconds: float) -> None:
        """Have the server be silent for so long."""
        self._socket.settimeout(seconds)

    def _fill(self, view: memoryview) -> int:
        try:
            return self._socket.recv_into(view)
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> PorticoError:
        self._job.check()
        if isinstance(error, TimeoutError):
            return Lost("the server said nothing for too long")
        return Lost(f"the connection broke: {reason(error)}")


def _connected(address: Address, trust: Trust | None) -> socket.socket:
    """Return a socket whose other end is who it should be; raise `Untrusted`, or what the network says."""
    plain = socket.create_connection(address, CONNECT_SECONDS)
    if trust is None:
        return plain
    try:
        secured = trust.context().wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise
    try:
        trust.check(address, secured.getpeercert(True))  # noqa: FBT003 - its only parameter
    except BaseException:
        secured.close()
        raise
    return secured


_MORE: int = getattr(socket, "MSG_MORE", 0)
"""Where the kernel can wait for what follows."""
