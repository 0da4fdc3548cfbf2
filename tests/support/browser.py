"""A real Chromium, driven by its own driver: windows in which tests click, type, and look."""

import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

from bench.chromium import FLAGS
from tests.support.stream import PATIENCE


class Chromium:
    """One browser with a profile of its own."""

    def __init__(self, profile: Path) -> None:
        options = Options()
        options.binary_location = found("chromium")
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.accept_insecure_certs = True  # those that servers under test sign themselves
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(found("chromedriver")))
        self._first = self.driver.current_window_handle

    def window(self, url: str) -> "Window":
        """Opens a page in a window of its own."""
        self.driver.switch_to.window(self._first)
        self.driver.switch_to.new_window("window")
        window = Window(self.driver, self.driver.current_window_handle)
        window.errors()
        window.open(url)
        return window

    def close_windows(self) -> None:
        """Closes all windows but the first, which keeps the browser alive."""
        for handle in self.driver.window_handles:
            if handle != self._first:
                self.driver.switch_to.window(handle)
                self.driver.close()
        self.driver.switch_to.window(self._first)

    def quit(self) -> None:
        self.driver.quit()


class Window:
    """What a test does in a window; whatever it looks for is waited for."""

    def __init__(self, driver: webdriver.Chrome, handle: str) -> None:
        self._driver, self._handle = driver, handle

    @property
    def driver(self) -> webdriver.Chrome:
        if self._driver.current_window_handle != self._handle:
            self._driver.switch_to.window(self._handle)
        return self._driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """The first element of a CSS selector that is shown."""
        element: WebElement = self.waited(lambda: self._shown(selector), selector)
        return element

    def _shown(self, selector: str) -> WebElement | None:
        return next((each for each in self.all(selector) if each.is_displayed()), None)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", selector)

    def press(self, text: str) -> None:
        """Clicks the button that is called so."""
        self._click(lambda: next((b for b in self.all("button") if b.text == text), None), text)

    def click(self, selector: str) -> None:
        """Clicks the first element of a CSS selector that is shown."""
        self._click(lambda: self._shown(selector), selector)

    def _click(self, look: Callable[[], WebElement | None], what: str) -> None:
        """Clicks what is found; looks again if it is drawn anew just then."""

        def click() -> bool:
            element = look()
            if element is not None:
                element.click()
            return element is not None

        self.waited(click, what)

    def type(self, selector: str, text: str) -> None:
        self.find(selector).send_keys(text)

    def texts(self, selector: str = "body") -> list[str]:
        """The texts of all elements of a selector, as they stand in one moment."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)"
        texts: list[str] = self.script(script, selector)
        return texts

    def shows(self, text: str, where: str = "body") -> None:
        """Waits until a text can be read somewhere."""
        self.waited(lambda: any(text in found for found in self.texts(where)), text)

    def hides(self, text: str, where: str = "body") -> None:
        """Waits until a text can be read there no more."""
        self.waited(lambda: not any(text in found for found in self.texts(where)), f"the end of {text}")

    def accept(self) -> None:
        """Says yes to what the browser itself asks, if it does."""
        with contextlib.suppress(WebDriverException):
            self.driver.switch_to.alert.accept()

    def script(self, source: str, *arguments: Any) -> Any:
        return self.driver.execute_script(source, *arguments)

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def errors(self) -> list[str]:
        """What the console had to complain about since the last time."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def waited(self, look: Callable[[], Any], what: str, timeout: float = PATIENCE) -> Any:
        """What `look` returns once it is something; what it meets halfway does not count."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with contextlib.suppress(WebDriverException):
                found = look()
                if found:
                    return found
            time.sleep(0.03)
        raise AssertionError(f"{what!r} is not there; the page says:\n{self.texts()}")


def found(program: str) -> str:
    """Where a program is."""
    path = shutil.which(program)
    assert path is not None, f"{program} is not installed"
    return path
