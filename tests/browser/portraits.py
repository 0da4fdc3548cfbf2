"""The pictures of the README, taken in a real browser: `python -m tests.browser.portraits`.

A server with a room that a lab might have had this morning, one person at the page, the others on programs'
wires; then the whole window, the same on a phone, and an upload on a slow network. The address in them has
the default port, so that must be free.
"""

import base64
import contextlib
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.browser.person import Person
from tests.dialogues.transcript import PORT
from tests.support.browser import Chromium, Window
from tests.support.resp import RespClient
from tests.support.server import ServerProcess

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"

MEBIBYTE = 1_048_576

SHARED = {
    "boards/rev-c/layout.pdf": 1_310_000,
    "boards/rev-c/bom.csv": 18_400,
    "boards/rev-d/layout.pdf": 1_420_000,
    "logs/rig-3/soak-0412.log": 6_800_000,
    "calibration.csv": 48_213,
    "checklist.md": 2_140,
    "fw-2.4.0.bin": 4_194_304,
}
"""Files that are there before anybody comes: path and bytes."""

WIDE, PHONE = (1280, 800), (390, 844)
"""Windows, in CSS pixels."""

SLOW = 3 * MEBIBYTE
"""Bytes per second of the network on which an upload can be watched."""


def take(directory: Path, images: Path) -> None:
    """Writes main.png, phone.png and upload.png."""
    shared = directory / "shared"
    for path, length in SHARED.items():
        (shared / path).parent.mkdir(parents=True, exist_ok=True)
        (shared / path).write_bytes(random.Random(path).randbytes(length))
    browser = Chromium(directory / "profile")
    server = ServerProcess(shared, port=PORT, max_clients=20).start()
    try:
        with morning(server, browser, directory) as window:
            picture(window, images / "main.png", WIDE)
            picture(window, images / "phone.png", PHONE)
            size(window, WIDE)
            window.command("Network.enable")
            window.command(
                "Network.emulateNetworkConditions",
                offline=False,
                latency=5,
                downloadThroughput=-1,
                uploadThroughput=SLOW,
            )
            recording = directory / "rig-3-recording.mkv"
            recording.write_bytes(random.Random(3).randbytes(40 * MEBIBYTE))
            Person(window).put(recording)
            window.shows("left", "#uploads")
            window.waited(lambda: bar(window) > 0.4, "half of it")
            picture(window, images / "upload.png", WIDE)
    finally:
        server.stop()
        browser.quit()


@contextlib.contextmanager
def morning(server: ServerProcess, browser: Chromium, directory: Path) -> Iterator[Window]:
    """What was said and done before the picture is taken; the window is Ann's."""
    window = browser.window(f"http://127.0.0.1:{server.port}/")
    size(window, WIDE)
    with contextlib.ExitStack() as stack:
        rig, builder, jo = (stack.enter_context(named(server, name)) for name in ("rig-3", "builder", "Jo"))
        with named(server, "Kim") as kim:
            kim.call("SAY", "Rig 3 is yours, I am off to the workshop.")
        rig.call("SAY", "soak test 0412: 11 h 58 min, 0 resets")
        ann = Person(window).join("Ann")
        ann.say("Thanks. Which build goes on it next?")
        ann.hears("Thanks. Which build goes on it next?")
        builder.call("SAY", "build 512 is green (2.4.1, commit 8c1f0de)", "ID", "build-512")
        firmware = directory / "fw-2.4.1.bin"
        firmware.write_bytes(random.Random(2).randbytes(4 * MEBIBYTE))
        deposit(builder, firmware)
        jo.call("SAY", "Fetched it with curl -O, the checksum fits. Flashing now, ten minutes.")
        ann.say("Good. I add the recording of last night meanwhile.")
        ann.hears("Good. I add the recording of last night meanwhile.")
        window.shows("fw-2.4.1.bin", "#listing")
        window.script("document.getElementById('text').blur()")
        yield window


def named(server: ServerProcess, name: str) -> RespClient:
    """Somebody who is here."""
    client = server.resp_client()
    client.call("NAME", name)
    return client


def deposit(client: RespClient, file: Path) -> None:
    """Puts a file into the repository."""
    data = file.read_bytes()
    upload = "0" * 32
    client.call("PUT", file.name, str(len(data)), "UPLOAD", upload)
    client.call("WRITE", upload, "0", data)
    client.call("FINISH", upload)


def bar(window: Window) -> float:
    """How far the upload is, from 0 to 1."""
    far: float = window.script(
        "const p = document.querySelector('#uploads progress'); return p ? p.value / p.max : 0"
    )
    return far


def size(window: Window, pixels: tuple[int, int]) -> None:
    """Gives the window a size, and two device pixels for each of CSS."""
    width, height = pixels
    window.command(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=2,
        mobile=pixels == PHONE,
    )


def picture(window: Window, file: Path, pixels: tuple[int, int]) -> None:
    """Takes one."""
    size(window, pixels)
    window.script("document.getElementById('entries').scrollTop = 1e9")
    window.script("return new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
    data = window.command("Page.captureScreenshot", format="png")["data"]
    file.write_bytes(base64.b64decode(data))


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        take(Path(directory), IMAGES)
