"""What the tests of the command line share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.support.resp import RespClient
from tests.support.server import ServerProcess


@pytest.fixture
def join() -> Iterator[Callable[..., RespClient]]:
    """Connects: `join(server)`; all connections are closed with the test."""
    with contextlib.ExitStack() as stack:

        def connect(server: ServerProcess, protocol: int = 2) -> RespClient:
            client = server.resp_client(protocol)
            stack.callback(client.close)
            return client

        yield connect
