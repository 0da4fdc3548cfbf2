"""The peer for plain text: a server as the report describes it, one thread per client, everything in memory.

It is kept as it was meant, with its limits: what one `recv(1024)` returns is one message, nothing survives
the end of the process, and the console is written by every thread.

    python -m bench.threaded_server [--port 65432] [--max-clients 3] [--files DIRECTORY]
"""

import argparse
import datetime as dt
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PORT = 65432
MAX_CLIENTS = 3


@dataclass
class Visit:
    """One line of the cache: who was here, from when to when."""

    name: str
    address: tuple[str, int]
    connected: dt.datetime
    disconnected: dt.datetime | None = None


class Server:
    """Two arrays in memory, the clients and the cache, and a thread for each client."""

    def __init__(self, port: int, max_clients: int, files: str) -> None:
        """Listen."""
        self.max_clients = max_clients
        self.files = files
        self.clients: list[socket.socket] = []
        self.cache: list[Visit] = []
        self.listener = socket.create_server((HOST, port), backlog=128)

    def listen(self) -> None:
        """Accept clients for ever."""
        host, port = self.listener.getsockname()
        print(f"Server is listening on {host}:{port}", flush=True)
        print(f"Maximum clients allowed: {self.max_clients}", flush=True)
        print("Server waiting for connection...", flush=True)
        while True:
            client, address = self.listener.accept()
            print(f"Attempted connection from: {address}", flush=True)
            if len(self.clients) >= self.max_clients:
                client.sendall(b"Server is full")
                client.close()
                continue
            self.welcome(client, address)

    def welcome(self, client: socket.socket, address: tuple[str, int]) -> None:
        """Give the client a name and a thread."""
        visit = Visit(f"Client{len(self.cache) + 1}", address, dt.datetime.now())  # noqa: DTZ005 - as reported
        self.clients.append(client)
        self.cache.append(visit)
        print(f"{visit.name} has connected to the server. Created at: {visit.connected}", flush=True)
        client.sendall(visit.name.encode())
        threading.Thread(target=self.handle, args=(client, visit), daemon=True).start()

    def handle(self, client: socket.socket, visit: Visit) -> None:
        """The life of one client's thread."""
        try:
            while data := client.recv(1024):
                text = data.decode().strip()
                print(f"{visit.name}: {text}", flush=True)
                client.sendall(self.answer(text).encode())
                if text == "bye":
                    break
        except OSError:
            pass
        finally:
            self.clients.remove(client)
            client.close()
            visit.disconnected = dt.datetime.now()  # noqa: DTZ005 - as reported
            print(f"{visit.name} has disconnected at: {visit.disconnected}", flush=True)

    def answer(self, text: str) -> str:
        """What a line is answered with."""
        if text == "status":
            return "".join(self.describe(visit) for visit in self.cache)
        if text == "list":
            return "Files: " + "".join(f"{name} | " for name in self.repository())
        return text if text == "bye" else f"{text} ACK"

    def repository(self) -> list[str]:
        """The names of the files."""
        return sorted(path.name for path in Path(self.files).iterdir())

    def describe(self, visit: Visit) -> str:
        """One visit in `status`; the address is the server's own, as in the report."""
        return (
            f"Client Name: {visit.name}\nClient Address: {self.listener.getsockname()}\n"
            f"Client Connection Time: {visit.connected}\n"
            f"Client Disconnect Time: {visit.disconnected}\n-----\n"
        )


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description="The report's server: a thread per client, no disk.")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--max-clients", type=int, default=MAX_CLIENTS)
    parser.add_argument("--files", default=".")
    arguments = parser.parse_args()
    Server(arguments.port, arguments.max_clients, arguments.files).listen()


if __name__ == "__main__":
    main()
