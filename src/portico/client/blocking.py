"""The client for programs without an event loop: `AsyncClient` on a loop and thread of its own."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from portico.client.address import LOCAL
from portico.client.aio import AsyncClient
from portico.client.limits import ANSWER_SECONDS
from portico.model.errors import PorticoError

P = ParamSpec("P")
T = TypeVar("T")


def _blocking(
    method: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Client, P], T]:
    """Return the method that waits for what the asynchronous one returns."""

    @functools.wraps(method)
    def wait(client: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client._wait(method(client._client, *args, **kwargs))  # noqa: SLF001 - its own parts

    return wait


def _iterating(
    method: Callable[Concatenate[AsyncClient, P], AsyncGenerator[T, None]],
) -> Callable[Concatenate[Client, P], Generator[T, None, None]]:
    """Return the generator that waits for each value of the asynchronous one."""

    @functools.wraps(method)
    def iterate(client: Client, /, *args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
        values = method(client._client, *args, **kwargs)  # noqa: SLF001 - its own parts
        try:
            while True:
                try:
                    yield client._wait(anext(values))  # noqa: SLF001 - its own parts
                except StopAsyncIteration:
                    return
        finally:
            client._wait(values.aclose())  # noqa: SLF001 - its own parts

    return iterate


class Client:
    """A client of one room; its methods return when the answer is there. See `AsyncClient`.

        with Client("127.0.0.1", name="alice") as client:
            seq = client.say("Hello")
            for entry in client.events(since=seq):
                ...

    Threads may share one. `on_lost` and `on_back` are called in the client's own thread.
    """

    def __init__(
        self,
        server: str = LOCAL,
        *,
        name: str | None = None,
        token: str = "",
        timeout: float | None = ANSWER_SECONDS,
        on_lost: Callable[[PorticoError], None] | None = None,
        on_back: Callable[[], None] | None = None,
    ) -> None:
        """Take what `AsyncClient` takes; connect by `with`, or `connect`."""
        self._client = AsyncClient(
            server, name=name, token=token, timeout=timeout, on_lost=on_lost, on_back=on_back
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def connect(self) -> Self:
        """Connect and, when there is a name, join; see `AsyncClient.connect`."""
        if self._thread is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="portico", daemon=True)
            self._thread.start()
        try:
            self._wait(self._client.connect())
        except BaseException:
            self._stop()
            raise
        return self

    def close(self) -> None:
        """Leave the room and disconnect."""
        if self._thread is not None:
            self._wait(self._client.close())
            self._stop()

    def __enter__(self) -> Self:
        """Connect."""
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        self.close()

    @property
    def name(self) -> str | None:
        """Under which name this client is in the room; None for a visitor."""
        return self._client.name

    join = _blocking(AsyncClient.join)
    hello = _blocking(AsyncClient.hello)
    say = _blocking(AsyncClient.say)
    say_many = _blocking(AsyncClient.say_many)
    tell = _blocking(AsyncClient.tell)
    history = _blocking(AsyncClient.history)
    events = _iterating(AsyncClient.events)
    erase = _blocking(AsyncClient.erase)
    status = _blocking(AsyncClient.status)
    help = _blocking(AsyncClient.help)
    list = _blocking(AsyncClient.list)
    stat = _blocking(AsyncClient.stat)
    ping = _blocking(AsyncClient.ping)
    echo = _blocking(AsyncClient.echo)
    info = _blocking(AsyncClient.info)
    call = _blocking(AsyncClient.call)
    call_many = _blocking(AsyncClient.call_many)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the client's loop; return its result, or give it up when the caller is interrupted."""
        if threading.current_thread() is self._thread:
            work.close()
            raise PorticoError("on_lost and on_back cannot call the client they are told by")
        if self._loop is None or not self._loop.is_running():
            work.close()
            raise PorticoError("the client is not connected; use `with`, or call connect()")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _stop(self) -> None:
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        asyncio.run_coroutine_threadsafe(loop.shutdown_asyncgens(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
