"""A Chromium that is looked into: one window, without a screen."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from bench.servers import tool

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root may not have one
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--window-size=1280,800",
)


class Browser:
    """What a measurement does in the window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        """Take over a started browser."""
        self._driver = driver

    def command(self, name: str, **arguments: object) -> object:
        """Give a command of the DevTools protocol."""
        answer: object = self._driver.execute_cdp_cmd(name, arguments)
        return answer

    def open(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self._driver.get(url)

    def number(self, source: str) -> float:
        """Return the number that a script returns; a promise is waited for, and nothing is 0."""
        return float(self._driver.execute_script(source) or 0)


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, ended afterwards."""
    options = Options()
    options.binary_location = tool("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, Service(tool("chromedriver")))
    driver.set_script_timeout(60)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
