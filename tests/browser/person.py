"""What a person does on the page."""

from pathlib import Path

from tests.support.browser import Window

ENTER = "\ue007"


class Person:
    """One person at one window."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def join(self, name: str = "") -> "Person":
        """Joins, and waits until that is so."""
        self.ask_to_join(name)
        self.window.find("#text")
        return self

    def ask_to_join(self, name: str = "") -> None:
        self.window.find("#name").clear()
        self.window.type("#name", name)
        self.window.click("#join button")

    def say(self, text: str) -> None:
        self.window.find("#text")
        self.window.script("document.getElementById('text').value = arguments[0]", text)
        self.window.type("#text", ENTER)

    def heard(self) -> list[str]:
        """The texts of all messages in the log."""
        return self.window.texts("#log .text")

    def hears(self, *texts: str) -> None:
        """Waits until these are the last messages in the log."""
        self.window.waited(lambda: self.heard()[-len(texts) :] == list(texts), " | ".join(texts))

    def put(self, *files: Path) -> None:
        """Chooses files."""
        picker = self.window.all("#pick")[0]
        picker.send_keys("\n".join(map(str, files)))

    def drop(self, *paths: Path) -> None:
        """Drags files and folders over the conversation, and lets them go there."""
        self.drag(*paths)
        self._dragged("drop", *paths)

    def drag(self, *paths: Path) -> None:
        """Drags files and folders over the conversation."""
        self._dragged("dragEnter", *paths)
        self._dragged("dragOver", *paths)

    def _dragged(self, kind: str, *paths: Path) -> None:
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        self.window.command("Input.dispatchDragEvent", type=kind, x=500, y=300, data=data)
