"""What the tests of the command line share."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from portico.cli.main import main
from tests.conftest import small_repository
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


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests of a file that only talk and look."""
    server = ServerProcess(small_repository(tmp_path_factory.mktemp("room")), max_clients=50)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests of a file that change what is there; each under names of its own."""
    server = ServerProcess(small_repository(tmp_path_factory.mktemp("shelf")), max_clients=50, files="change")
    try:
        yield server.start()
    finally:
        server.stop()


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Shell = Callable[..., Done]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    """Runs a command in this process: `shell(server, "say", "Hello", stdin=b"")`."""
    state = tmp_path / "state"

    def run(server: ServerProcess, *arguments: str, stdin: bytes = b"") -> Done:
        monkeypatch.setenv("PORTICO_SERVER", f"127.0.0.1:{server.port}")
        monkeypatch.setenv("XDG_STATE_HOME", str(state))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        code = main(arguments)
        return Done(code, *capsys.readouterr())

    return run
