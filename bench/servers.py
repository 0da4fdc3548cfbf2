"""The contenders: Portico, redis-server, and the thread-per-client server of the report."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.processes import Process, free_port

#: Everything is measured between processes of one machine.
HOST = "127.0.0.1"
#: A queue for all who connect at once: who finds it full tries again a second later, and we measure that.
BACKLOG = 4096
#: What Debian and Ubuntu call the package of a program, where it is not the program's name.
PACKAGES = {
    "chromedriver": "chromium-driver",
    "redis-benchmark": "redis-tools",
    "redis-cli": "redis-tools",
    "sha256sum": "coreutils",
}
#: Where servers are installed, and the PATH of an ordinary user need not lead.
SYSTEM = "/usr/sbin"
THREADED = Path(__file__).with_name("threaded_server.py")


class Server:
    """A running contender: where it listens, and its process."""

    def __init__(self, process: Process, port: int) -> None:
        """Take over a started process."""
        self.process = process
        self.port = port


def launch_portico(
    home: Path,
    arguments: Sequence[str] = (),
    clients: int = 100,
    connections: int = 1024,
    served: Path | None = None,
) -> Server:
    """Start Portico on `served`, or a directory in `home`, where its output goes; it picks its port."""
    served = served or home / "served"
    served.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "portico", "serve", str(served), "--port", "0"]
    command += ["--max-clients", str(clients), "--max-connections", str(connections), *arguments]
    process = Process("portico", command, home / "output")
    try:
        line = process.wait_for("Server is listening on ")
    except BenchError:
        process.stop()
        raise
    return Server(process, int(line.rpartition(":")[2]))


@contextlib.contextmanager
def portico(
    scratch: Path,
    *arguments: str,
    clients: int = 100,
    connections: int = 1024,
    quiet: bool = True,
    served: Path | None = None,
) -> Iterator[Server]:
    """A Portico on `served` or a new directory, ended afterwards."""
    flags = [*(["--quiet"] if quiet else []), *arguments]
    home = new_home(scratch, "portico-")
    server = launch_portico(home, flags, clients, connections, served)
    with ended(server):
        yield server


@contextlib.contextmanager
def redis(scratch: Path, *, durable: bool = False, connections: int = 10_000) -> Iterator[Server]:
    """A redis-server without snapshots; `durable`: every write is on the disk before it is answered."""
    home = new_home(scratch, "redis-")
    port = free_port()
    command = [tool("redis-server"), "--port", str(port), "--bind", HOST, "--dir", str(home), "--save", ""]
    # Protected mode turns away all addresses but 127.0.0.1; the default listen queue half of 1,000 clients.
    command += ["--maxclients", str(connections), "--protected-mode", "no", "--tcp-backlog", str(BACKLOG)]
    if durable:  # A rewrite of the file in the background would only disturb the peer: leave it out.
        command += ["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]
    process = Process("redis-server", command, home / "output")
    server = Server(process, port)
    with ended(server):
        process.wait_for("eady to accept connections")
        yield server


@contextlib.contextmanager
def threaded(scratch: Path, clients: int) -> Iterator[Server]:
    """The report's server: a thread per client, everything in memory."""
    home = new_home(scratch, "threaded-")
    command = [sys.executable, str(THREADED), "--port", "0", "--max-clients", str(clients)]
    process = Process(THREADED.name, command, home / "output")
    server = Server(process, 0)
    with ended(server):
        server.port = int(process.wait_for("Server is listening on ").rpartition(":")[2])
        yield server


def tool(name: str) -> str:
    """The path of a peer's program, or a sentence naming what to install."""
    package = PACKAGES.get(name, name)
    path = shutil.which(name) or shutil.which(f"{SYSTEM}/{name}")
    if path is None:
        raise BenchError(f"{name} is missing: apt-get install {package}")
    return path


@contextlib.contextmanager
def ended(server: Server) -> Iterator[None]:
    """End the server afterwards, whatever happened."""
    try:
        yield
    finally:
        server.process.stop()


def new_home(scratch: Path, prefix: str) -> Path:
    """A new directory for what one server writes."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=scratch))
