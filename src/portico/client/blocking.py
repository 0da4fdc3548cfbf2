"""The client for programs without an event loop: `AsyncClient` on a loop and thread of its own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from portico.client.address import LOCAL
from portico.client.aio import AsyncClient
from portico.client.limits import ANSWER_SECONDS
from portico.client.trust import Trust
from portico.model.errors import Lost, PorticoError

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
            client._let_go(values)  # noqa: SLF001 - its own parts

    return iterate


class Client:
    """A client of one room; its methods return when the answer is there. See `AsyncClient`.

        with Client("127.0.0.1", name="alice") as client:
            seq = client.say("Hello")
            for entry in client.events(since=seq):
                ...

    Threads may share one. `on_lost` and `on_back` are called in the client's own thread.
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        server: str = LOCAL,
        *,
        name: str | None = None,
        token: str = "",
        tls: bool | Trust = False,
        timeout: float | None = ANSWER_SECONDS,
        on_lost: Callable[[PorticoError], None] | None = None,
        on_back: Callable[[], None] | None = None,
    ) -> None:
        """Take what `AsyncClient` takes; connect by `with`, or `connect`."""
        self._client = AsyncClient(
            server, name=name, token=token, tls=tls, timeout=timeout, on_lost=on_lost, on_back=on_back
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._end: asyncio.Event | None = None
        self._guard = threading.Lock()

    def connect(self) -> Self:
        """Connect and, when there is a name, join; see `AsyncClient.connect`."""
        with self._guard:
            if self._loop is None:
                began: concurrent.futures.Future[None] = concurrent.futures.Future()
                self._thread = threading.Thread(
                    target=asyncio.run, args=(self._live(began),), name="portico", daemon=True
                )
                self._thread.start()
                began.result()
        try:
            self._wait(self._client.connect())
        except BaseException:
            self._stop()
            raise
        return self

    def close(self) -> None:
        """Leave the room and disconnect; at once when another thread does so already."""
        if self._loop is not None:
            try:
                with contextlib.suppress(PorticoError):
                    self._wait(self._client.close())
            finally:
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
    transfers = _blocking(AsyncClient.transfers)
    receipts = _blocking(AsyncClient.receipts)
    get = _blocking(AsyncClient.get)
    get_tree = _blocking(AsyncClient.get_tree)
    put = _blocking(AsyncClient.put)
    put_tree = _blocking(AsyncClient.put_tree)
    remove = _blocking(AsyncClient.remove)
    move = _blocking(AsyncClient.move)
    drop = _blocking(AsyncClient.drop)
    drain = _blocking(AsyncClient.drain)
    ping = _blocking(AsyncClient.ping)
    echo = _blocking(AsyncClient.echo)
    info = _blocking(AsyncClient.info)
    call = _blocking(AsyncClient.call)
    call_many = _blocking(AsyncClient.call_many)

    async def _live(self, began: concurrent.futures.Future[None]) -> None:
        """Keep the loop running until the end; who still waits for something then gets `Lost`."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        began.set_result(None)
        await self._end.wait()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the client's loop; return its result, or give it up when the caller is interrupted."""
        try:
            future = self._begin(work)
        except PorticoError:
            work.close()
            raise
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Lost("the client was closed") from None
        except BaseException:
            future.cancel()
            raise

    def _begin(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        if threading.current_thread() is self._thread:
            raise PorticoError("the client's own thread cannot wait for itself; call from another one")
        with self._guard:
            if self._loop is None:
                raise Lost("the client is not connected; use `with`, or call connect()")
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _let_go(self, values: AsyncGenerator[T, None]) -> None:
        """Close what was iterated; where the loop has ended it is closed already."""
        with contextlib.suppress(PorticoError):
            self._wait(values.aclose())

    def _stop(self) -> None:
        """End the loop and its thread."""
        with self._guard:
            loop, end, thread = self._loop, self._end, self._thread
            self._loop = None
        if loop is not None and end is not None and thread is not None:
            loop.call_soon_threadsafe(end.set)
            thread.join()
