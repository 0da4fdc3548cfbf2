"""The walk of docs/tutorial.md, for real: `python -m tests.dialogues.tutorial` prints its screens.

It runs the server, two prompts in pseudo-terminals, netcat and redis-cli, and kills the server in the middle.
With `--write` each screen goes into the page, between the comments with its name; a test compares the two.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.dialogues.transcript import PORT
from tests.support.netcat import Netcat
from tests.support.server import ServerProcess
from tests.support.terminal import Terminal, prompt

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"

SCREEN = re.compile(r"<!-- screen (?P<name>\w+) -->\n\n```\n(?P<text>.*?)```\n\n<!-- end -->", re.DOTALL)


class Window:
    """A person's terminal, of which the page shows one piece after the other."""

    def __init__(self, terminal: Terminal, name: str) -> None:
        self.terminal = terminal
        self.prompt = f"{name}:"
        self.shown = 0

    def enter(self, line: str, *texts: str) -> None:
        """Types a line and waits until all these have come below it."""
        self.terminal.prompts(self.prompt)
        start = len(self.terminal.lines) - 1
        self.terminal.enter(line)
        self.terminal.wait_until(lambda: self._has((f"{self.prompt} {line}", *texts), start))

    def _has(self, texts: Sequence[str], start: int) -> bool:
        lines = self.terminal.lines[start:]
        whole = lines[-1:] == [self.prompt] or self.terminal.process.poll() is not None
        return whole and all(any(text in line for line in lines) for text in texts)

    def piece(self) -> str:
        """What has come since the last piece, without the empty prompt below."""
        lines = self.terminal.lines
        if lines[-1] == self.prompt:
            lines.pop()
        piece, self.shown = lines[self.shown :], len(lines)
        return "\n".join(piece)


def walk(directory: Path) -> Iterator[tuple[str, str]]:
    """Yields the name and the text of each screen of the page."""
    shared = directory / "shared"
    shared.mkdir()
    for name in ("tester1.txt", "tester2.txt"):
        (shared / name).write_text(f"This is {name}.\n")
    server = ServerProcess(shared).start()
    try:
        for name, text in screens(server):
            yield name, text.replace(str(server.port), PORT)
    finally:
        server.stop()


def screens(server: ServerProcess) -> Iterator[tuple[str, str]]:
    server.wait_for("From programs:")
    yield "serve", "\n".join(["$ portico serve shared", *server.console])
    with prompt(server.port, columns=100, lines=120) as terminal:
        one = Window(terminal, "Client1")
        one.enter("list", "Files:")
        one.enter("status", "-----")
        yield "first", "$ portico connect\n" + one.piece()
        yield "second", second(server)
        terminal.shows("* Client2 left")
        yield "heard", one.piece()
        yield "netcat", netcat(server)
        yield "redis", redis(server, "SAY", "the build is green", "AS", "builder")
        terminal.shows("builder: the build is green")
        yield "all", one.piece()
        server.kill()
        terminal.shows("* lost the server")
        one.enter("hello")
        yield "lost", one.piece()
        server.restart()
        terminal.shows("Message: hello ACK")
        one.enter("test", "test ACK")
        one.enter("status", "Client Name: Client3", "-----")
        yield "back", one.piece()
        one.enter("/history 20", "Client1: test")
        one.enter("bye", "Goodbye")
        terminal.ends()
        yield "end", one.piece()


def second(server: ServerProcess) -> str:
    """The whole visit of the second client."""
    with prompt(server.port, columns=100, lines=60) as terminal:
        two = Window(terminal, "Client2")
        two.enter("Test", "Test ACK")
        two.enter("status", "Client Name: Client2", "-----")
        two.enter("bye", "Goodbye")
        terminal.ends()
        return "$ portico connect\n" + two.piece()


def netcat(server: ServerProcess) -> str:
    with Netcat(server.port) as client:
        greeted = client.ask("Hello from netcat", 2)
        goodbye = client.ask("bye")
        client.ends()
    return f"$ nc 127.0.0.1 {server.port}\nHello from netcat\n{greeted}\nbye\n{goodbye}"


def redis(server: ServerProcess, *words: str) -> str:
    """What redis-cli shows a person (without a terminal it would leave out the type)."""
    command = ["redis-cli", "--no-raw", "-p", str(server.port), *words]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    quoted = " ".join(f'"{word}"' if " " in word else word for word in words)
    return f"$ redis-cli -p {server.port} {quoted}\n{answer}"


def in_page() -> dict[str, str]:
    """The screens that stand in the page."""
    return {found["name"]: found["text"].rstrip("\n") for found in SCREEN.finditer(PAGE.read_text("utf-8"))}


def write(texts: dict[str, str]) -> None:
    def screen(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- screen {name} -->\n\n```\n{texts[name]}\n```\n\n<!-- end -->"

    PAGE.write_text(SCREEN.sub(screen, PAGE.read_text("utf-8")), "utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        texts = dict(walk(Path(directory)))
    if "--write" in sys.argv[1:]:
        write(texts)
    else:
        sys.stdout.write("".join(f"--- {name}\n{text}\n\n" for name, text in texts.items()))


if __name__ == "__main__":
    main()
