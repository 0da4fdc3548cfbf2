"""The first conversation, as it is shown at the top of the README: `python -m tests.dialogues.transcript`.

It runs the real server with three places and two real netcats, and prints what stood in the three terminals.
With `--write` it puts that into README.md, between the two comments; a test compares the two.
"""

import re
import sys
import tempfile
from pathlib import Path

from tests.support.netcat import Netcat
from tests.support.server import ServerProcess

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN = "<!-- transcript: written by python -m tests.dialogues.transcript --write -->"
END = "<!-- transcript ends -->"

PORT = "65432"
"""What the default port looks like; the run itself takes a free one."""


class Terminal:
    """What one person typed and saw, in the order in which it stood on the screen."""

    def __init__(self, command: str, client: Netcat) -> None:
        self.client = client
        self.screen = [f"$ {command}"]

    def enter(self, line: str, answers: int) -> None:
        self.screen.append(line)
        self.client.enter(line)
        self.see(answers)

    def see(self, lines: int = 1) -> None:
        self.screen += self.client.lines(lines)


def converse(server: ServerProcess) -> list[list[str]]:
    """Two people meet; returns the screens of the server and of both."""
    command = f"nc 127.0.0.1 {server.port}"
    with Netcat(server.port) as first:
        one = Terminal(command, first)
        one.enter("Hello", 2)
        one.enter("list", 1)
        with Netcat(server.port) as second:
            two = Terminal(command, second)
            two.enter("Test", 2)
            one.see(2)
            two.enter("status", 10)
            two.enter("bye", 1)
            second.ends()
        one.see()
        one.enter("hello", 1)
        one.enter("test", 1)
        one.enter("status", 10)
        one.enter("bye", 1)
        first.ends()
    server.wait_for("Client1 has disconnected")
    return [["$ portico serve shared", *server.console], one.screen, two.screen]


def transcript(directory: Path) -> str:
    """The conversation as Markdown."""
    shared = directory / "shared"
    shared.mkdir()
    for name in ("tester1.txt", "tester2.txt"):
        (shared / name).write_text(f"This is {name}.\n")
    server = ServerProcess(shared).start()
    try:
        screens = converse(server)
    finally:
        server.stop()
    heads = ("The server:", "The first client:", "The second client, who came later and left earlier:")
    blocks = (
        f"{head}\n\n```\n" + "\n".join(screen) + "\n```" for head, screen in zip(heads, screens, strict=True)
    )
    return "\n\n".join(blocks).replace(str(server.port), PORT)


def timeless(text: str) -> str:
    """A transcript without what differs from run to run: times and the clients' ports."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", "TIME", text)
    return re.sub(r"\('127\.0\.0\.1', \d+\)", "('127.0.0.1', PORT)", text)


def in_readme() -> str:
    """The transcript that stands in the README."""
    return README.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def write(text: str) -> None:
    head, _, rest = README.read_text("utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    README.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        text = transcript(Path(directory))
    if "--write" in sys.argv[1:]:
        write(text)
    else:
        sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
