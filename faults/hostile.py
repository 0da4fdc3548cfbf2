"""Hostile input at a real server: broken frames, declared lengths, paths that lead out, strings that bite.

    result = hostile(folder, quick=False)

What is counted: crashes, stuck connections, answers that hold what nobody may read, changes outside of the
served directory, control characters that reach others' terminals, answers of 5xx, and memory that is kept.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice, repeat
from pathlib import Path
from random import Random

from faults.figure import Figure, served
from faults.inputs import BOMBS, FACES, mutations, naughty, traversals
from portico.room.limits import SESSIONS_REMEMBERED
from tests.faults.crowd import memory, wait_until
from tests.support.resp import encode
from tests.support.server import ServerProcess
from tests.support.stream import Stream

FRAMES, NAMES, HELD_BOMBS, VISITS = 1_000_000, 20_000, 200, SESSIONS_REMEMBERED

MOST_MEGABYTES = 64

AT_ONCE = 48
"""Connections under way."""

SECRET = b"what nobody outside may read"
"""Stands in files beside the served directory and in its private part."""

FAILED = re.compile(rb"HTTP/1\.[01] 5\d\d |something went wrong inside")
"""An answer that says that the server is at fault: of HTTP, and of any wire."""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal would obey, or show elsewhere than it stands."""


def hostile(folder: Path, *, quick: bool, seed: int = 1) -> Figure:
    """All of it at one server; what came of it."""
    frames, names, held, visits = (3_000, 200, 50, 0) if quick else (FRAMES, NAMES, HELD_BOMBS, VISITS)
    random = Random(seed)
    (folder / "beside.txt").write_bytes(SECRET)
    with served(folder, max_clients=50, files="change", sync="normal") as server, bystander(server) as heard:
        furnish(server.directory)
        attack = Attack(server)
        # What is made once, and what is remembered of everybody who was here, is there already.
        attack.all_of(islice(mutations(random), 1_000))
        attack.all_of(repeat(b"Hello\n", visits))
        outside, files, before = fingerprint(folder, server.directory), open_files(server), memory(server)

        attack.all_of(islice(mutations(random), frames))
        attack.bombs(held)
        for face in FACES.values():
            attack.all_of(face(islice(traversals(random), names)))
        attack.all_of(naughty())

        wait_until(lambda: open_files(server) <= files + 1, 30)
        grown = memory(server) - before
        attack.found["changes outside"] = len(outside ^ fingerprint(folder, server.directory))
        attack.found["control characters"] += len(CONTROL.findall(heard().decode()))
        attack.found["control characters"] += len(CONTROL.findall("".join(server.console)))
        attack.found["crashes"] = "\n".join([*server.console, *server.errors]).count("Traceback")
        attack.found["crashes"] += not server.running
    found = {what: count for what, count in attack.found.items() if count}
    said = ", ".join(f"{count} {what}" for what, count in found.items()) or "nothing broke"
    text = f"{frames:,} frames, {names:,} paths on each of {len(FACES)} faces, {len(BOMBS)} kinds of bombs"
    memory_said = f"memory grew {grown} MB, {attack.grown} MB beside {held} bombs (most {MOST_MEGABYTES})"
    sound = not found and max(grown, attack.grown) < MOST_MEGABYTES
    return Figure(sound, f"{text}: {said}; {memory_said}{attack.first}")


class Attack:
    """Inputs, each over a connection of its own, and what is found in the answers."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.found: Counter[str] = Counter()
        self.first = ""
        """The first input that something was found for."""
        self.grown = 0

    def all_of(self, inputs: Iterable[bytes]) -> None:
        """Send all inputs and look at all answers."""
        rest = iter(inputs)
        while batch := list(islice(rest, AT_ONCE)):
            socks = [self._send(each) for each in batch]
            for data, sock in zip(batch, socks, strict=True):
                self._look(data, self._answer(sock))

    def bombs(self, count: int) -> None:
        """Declare far more than comes, and wait: what that makes the server keep."""
        before = memory(self._server)
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(self._connect()) for _ in range(count)]
            for number, sock in enumerate(socks):
                sock.sendall(BOMBS[number % len(BOMBS)])
            with Stream(self._server.port) as good:
                good.send_raw(encode("PING"))
                good.receive(good.deadline(None))
            self.grown = memory(self._server) - before
        self.all_of(BOMBS)

    def _connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self._server.port), timeout=20)
        # Reset at the end, so that a million connections leave no million ports waiting.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return sock

    def _send(self, data: bytes) -> socket.socket:
        sock = self._connect()
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        return sock

    def _answer(self, sock: socket.socket) -> bytes | None:
        """Return all that comes until the server closes, None when it does not."""
        answer = b""
        with sock, contextlib.suppress(ConnectionError):
            try:
                while data := sock.recv(1 << 16):
                    answer += data
            except TimeoutError:
                return None
        return answer

    def _look(self, data: bytes, answer: bytes | None) -> None:
        if answer is None:
            what = "stuck"
        elif SECRET in answer:
            what = "leaks"
        elif FAILED.search(answer):
            what = "5xx"
        else:
            return
        self.found[what] += 1
        self.first = self.first or f"; first: {what}: {data[:300]!r} -> {answer and answer[:300]!r}"


def furnish(directory: Path) -> None:
    """Put there what an attacker would look for, and what would lead out."""
    (directory / ".portico" / "private.txt").write_bytes(SECRET)
    (directory / "inside").mkdir()
    (directory / "inside" / "a.txt").write_bytes(b"for all")
    (directory / "up").symlink_to("..")
    (directory / "beside.lnk").symlink_to("../beside.txt")


@contextlib.contextmanager
def bystander(server: ServerProcess) -> Iterator[Callable[[], bytes]]:
    """Somebody with netcat, who hears everything; afterwards the server answers as before."""
    with Stream(server.port) as client:
        client.send_raw(b"\n")
        client.receive(client.deadline(None))
        heard = bytearray()

        def hear() -> bytes:
            client.socket.settimeout(5)
            client.send_raw(b"the last line\n")
            while b"the last line ACK" not in client.buffer:
                client.receive(client.deadline(30))
            heard.extend(client.buffer)
            return bytes(heard)

        yield hear


def open_files(server: ServerProcess) -> int:
    """Return how many descriptors it has."""
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def fingerprint(folder: Path, served_directory: Path) -> set[tuple[str, str]]:
    """Return what is outside of the served directory."""
    return {
        (str(path), sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in folder.rglob("*")
        if not path.is_relative_to(served_directory)
    }
