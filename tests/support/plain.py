"""A blocking client of the plain text wire: what a person types into netcat, and reads there."""

from tests.support.stream import Stream


class LineClient(Stream):
    """Sends lines and reads lines."""

    def send(self, *lines: str) -> None:
        """Sends lines, each ended by LF, in one piece."""
        self.send_raw("".join(f"{line}\n" for line in lines).encode())

    def line(self, timeout: float | None = None) -> str:
        """The next line without its end; EOFError when the server closed before one was whole."""
        deadline = self.deadline(timeout)
        while b"\n" not in self.buffer:
            if not self.receive(deadline):
                raise EOFError(f"the server closed after {bytes(self.buffer)!r}")
        line, _, rest = self.buffer.partition(b"\n")
        self.buffer = rest
        return line.removesuffix(b"\r").decode()

    def lines(self, count: int, timeout: float | None = None) -> list[str]:
        return [self.line(timeout) for _ in range(count)]

    def expect(self, *expected: str, timeout: float | None = None) -> None:
        """The next lines are exactly these."""
        for line in expected:
            came = self.line(timeout)
            assert came == line, f"expected {line!r}, there came {came!r}"

    def ask(self, text: str, timeout: float | None = None) -> str:
        """Sends a line and returns the next one."""
        self.send(text)
        return self.line(timeout)

    def rest(self) -> list[str]:
        """All that still comes, up to the end."""
        lines = []
        while True:
            try:
                lines.append(self.line())
            except EOFError:
                return lines

    def silent(self, seconds: float = 0.2) -> None:
        """Nothing comes for this long."""
        try:
            came = self.line(seconds)
        except TimeoutError:
            came = bytes(self.buffer).decode()
        assert not came, f"expected silence, there came {came!r}"
