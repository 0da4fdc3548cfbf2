"""The page in a real browser. Each test has windows of its own, and a server of its own: another origin."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.browser import Chromium, Window
from tests.support.server import ServerProcess

Open = Callable[[ServerProcess], Window]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of it is slow, and needs the browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("slow")
            item.add_marker(pytest.mark.peer("chromium", "apt-get install chromium"))
            item.add_marker(pytest.mark.peer("chromedriver", "apt-get install chromium-driver"))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests of a process: it takes a second to start."""
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def visit(chromium: Chromium) -> Iterator[Open]:
    """Opens the page of a server in a window; all windows close with the test."""
    yield lambda server: chromium.window(f"{server.scheme}://127.0.0.1:{server.port}/")
    chromium.close_windows()
