"""What every test may use: the marker `peer`, and the fixture `serve` for the real server."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.stores.files import notices
from tests.support.node import NODE_MODULES
from tests.support.server import Flag, ServerProcess

Serve = Callable[..., ServerProcess]

SLOW = (
    "bench/",
    "docs/",
    "faults/",
    "peers/",
    "terminal/",
    "web/",
    "cli/test_log.py",
    "cli/test_serve.py",
    "dialogues/",
    "stores/files/test_watching.py",
)
"""What is slow as a whole: real processes that are tormented, typed to, and waited for."""

LONGEST = ("faults/test_vanished.py", "faults/test_locked.py", "faults/test_deadlines.py")
"""What waits up to a minute begins first, so that in the end the other workers do not wait for it."""

notices.STEP_MS = 5
"""Hundreds of tests close a directory, and each would wait for what watches it."""


def place(item: pytest.Item) -> str:
    """The path of a test's file, from this folder."""
    return item.path.relative_to(Path(__file__).parent).as_posix()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what is slow as a whole."""
    if place(item).startswith(SLOW):
        item.add_marker("slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest first."""
    items.sort(key=lambda item: not place(item).startswith(LONGEST))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers: `serve(directory=None, env=None, **flags)`; all end with the test.

    Without a directory it is `tmp_path / "repository"`, with tester1.txt and tester2.txt in it.
    """
    started: list[ServerProcess] = []

    def start(
        directory: Path | None = None, env: dict[str, str] | None = None, **flags: Flag
    ) -> ServerProcess:
        server = ServerProcess(directory or small_repository(tmp_path), env, **flags)
        started.append(server)
        return server.start()

    yield start
    for server in reversed(started):
        server.stop()


def small_repository(tmp_path: Path) -> Path:
    """The repository of the contract's examples, made once per test."""
    directory = tmp_path / "repository"
    if not directory.exists():
        directory.mkdir()
        (directory / "tester1.txt").write_text("The first test file.\n")
        (directory / "tester2.txt").write_text("The second test file.\n")
    return directory


# --- peers: foreign programs beside ours ----------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose peers are not here; with PORTICO_TEST_ALL=1 it fails instead."""
    missing = [mark.args for mark in item.iter_markers("peer") if not is_here(mark.args[0])]
    if not missing:
        return
    reason = "; ".join(f"{name}: {how_to_install}" for name, how_to_install in missing)
    if os.environ.get("PORTICO_TEST_ALL") == "1":
        pytest.fail(f"missing peer {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """With PORTICO_TEST_ALL=1 no test may skip itself either: what is not run is not known."""
    report = yield
    if report.skipped and os.environ.get("PORTICO_TEST_ALL") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where everything must run: {report.longrepr[2]}"
    return report


def is_here(peer: str) -> bool:
    """Whether it is a program on the PATH, or a Node package that the tests can use."""
    is_package = (NODE_MODULES / peer).is_dir() and shutil.which("node") is not None
    return is_package or shutil.which(peer) is not None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each reason to skip: `SKIPPED redis-cli: apt-get install redis-tools`."""
    reports = terminalreporter.stats.get("skipped", [])
    for reason in sorted({report.longrepr[2].removeprefix("Skipped: ") for report in reports}):
        terminalreporter.write_line(f"SKIPPED {reason}")
