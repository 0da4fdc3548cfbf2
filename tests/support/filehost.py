"""A server of files that a test plays: it holds them in memory, and lies or breaks off where it is told to.

    with FileHost({"a.txt": b"hello"}) as host:
        host.instead["STAT"] = lambda words: encode(NotFound("no"), 3)
        Client(host.address).get("a.txt")

The real server's answers are tested elsewhere; this one is for what the real one never does.
"""

import contextlib
import hashlib
import math
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from portico.model.errors import (
    Changed,
    Exists,
    NotFound,
    PorticoError,
    WrongDigest,
    WrongOffset,
)
from portico.model.files import FileFacts
from portico.model.instants import instant_of
from portico.model.patterns import Pattern
from portico.model.replies import file_map
from portico.wire.resp_values import encode
from tests.support.talk import OK, facts

MTIME = 1_700_000_000_123_456
Words = list[bytes]


class FileHost:
    """Listens on a port of its own. `files` is what it has, `asked` what was asked, by the first word.

    `instead` says by command what is sent in place of the true answer, None for that one; `cuts` holds after
    how many bytes sent, or (negative) received, the next connections break off.
    """

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.mtimes: dict[str, int] = {}
        self.asked: list[str] = []
        self.requests: list[Words] = []
        self.instead: dict[str, Callable[[Words], bytes | None]] = {}
        self.cuts: list[int] = []
        self.connections = 0
        self._uploads: dict[str, dict[str, Any]] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_off()
        for thread in self._threads:
            thread.join(5)

    def break_off(self) -> None:
        """End all connections there are."""
        for peer in list(self._open):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def etag(self, path: str) -> str:
        return hashlib.blake2b(self.files[path], digest_size=8).hexdigest()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self._open.add(peer)
                self.connections += 1
                self._start(self._serve, peer)

    def _serve(self, peer: socket.socket) -> None:
        heard = said = 0.0
        limit_in = limit_out = math.inf
        with contextlib.suppress(OSError, EOFError, ValueError), peer, peer.makefile("rb") as stream:
            while True:
                words = [stream_bulk(stream) for _ in range(int(expect(stream, b"*")))]
                name = words[0].decode().upper()
                if name == "HELLO" and self.connections > 1 and self.cuts:
                    cut = self.cuts.pop(0)
                    limit_in, limit_out = (-cut, math.inf) if cut < 0 else (math.inf, cut)
                heard += sum(map(len, words))
                if heard > limit_in:
                    break
                with self._guard:
                    self.asked.append(name)
                    self.requests.append(words)
                    answer = self._answer(name, words)
                said += len(answer)
                if said > limit_out:
                    peer.sendall(answer[: int(len(answer) - (said - limit_out))])
                    break
                peer.sendall(answer)
        self._open.discard(peer)

    def _answer(self, name: str, words: Words) -> bytes:
        instead = self.instead.get(name)
        answer = instead(words) if instead is not None else None
        if answer is not None:
            return answer
        try:
            return encode(getattr(self, f"_{name.lower()}")(*words[1:]), 3)
        except PorticoError as error:
            return encode(error, 3)

    # Commands

    def _hello(self, *_: bytes) -> Any:
        return facts(version="1", room="main", clients=0, max_clients=3)

    def _ping(self) -> str:
        return "PONG"

    def _list(self, *words: bytes) -> Any:
        rest = [word.decode() for word in words if word != b"DIGEST"]
        pattern = Pattern(rest.pop(0)) if len(rest) % 2 else None
        options = dict(zip(rest[::2], rest[1::2], strict=True))
        paths = [
            path
            for path in sorted(self.files)
            if path > options.get("AFTER", "") and (pattern is None or pattern.matches(path))
        ]
        return [file_map(self._facts(path, digest=False)) for path in paths[: int(options["COUNT"])]]

    def _facts(self, path: str, *, digest: bool = True) -> FileFacts:
        data = self.files[path]
        sha256 = hashlib.sha256(data).hexdigest() if digest else None
        return FileFacts(path, len(data), self.mtimes.get(path, MTIME), self.etag(path), sha256)

    def _stat(self, path: bytes, *_: bytes) -> Any:
        self._check(path.decode())
        return file_map(self._facts(path.decode()))

    def _check(self, path: str) -> None:
        if path not in self.files:
            raise NotFound(f"there is no file {path}")

    def _read(self, path: bytes, offset: bytes, count: bytes, *etag: bytes) -> bytes:
        self._check(path.decode())
        if etag and etag[1].decode() != self.etag(path.decode()):
            raise Changed(path.decode())
        return self.files[path.decode()][int(offset) : int(offset) + int(count)]

    def _put(self, path: bytes, size: bytes, *options: bytes) -> Any:
        rest = [word.decode() for word in options]
        order: dict[str, Any] = {"path": path.decode(), "size": size.decode(), "data": b""}
        while rest:
            word = rest.pop(0)
            order[word] = True if word == "REPLACE" else rest.pop(0)
        over = self._uploads.get(order["UPLOAD"], {}).get("done")
        if order["path"] in self.files and "REPLACE" not in order and not over:
            raise Exists(f"there is a file {order['path']} already")
        order = self._uploads.setdefault(order["UPLOAD"], order)
        return {"upload": order["UPLOAD"], "offset": len(order["data"])}

    def _order(self, upload: bytes) -> dict[str, Any]:
        if upload.decode() not in self._uploads:
            raise NotFound("there is no such upload")
        return self._uploads[upload.decode()]

    def _write(self, upload: bytes, offset: bytes, data: bytes) -> int:
        order = self._order(upload)
        if int(offset) != len(order["data"]) or order.get("done"):
            raise WrongOffset(len(order["data"]))
        order["data"] += data
        return len(order["data"])

    def _finish(self, upload: bytes) -> Any:
        order = self._order(upload)
        data, path = order["data"], order["path"]
        if order.get("done"):
            return file_map(self._facts(path))
        if order["size"] not in ("?", str(len(data))):
            raise WrongOffset(len(data))
        if order.get("SHA256", hashlib.sha256(data).hexdigest()) != hashlib.sha256(data).hexdigest():
            raise WrongDigest("what came is not what was announced")
        if path in self.files and "REPLACE" not in order:
            raise Exists(f"there is a file {path} already")
        self.files[path] = data
        order["done"] = True
        if "MTIME" in order:
            self.mtimes[path] = instant_of(order["MTIME"])
        return file_map(self._facts(path))

    def _cancel(self, upload: bytes) -> Any:
        self._order(upload)
        del self._uploads[upload.decode()]
        return OK

    def _remove(self, path: bytes) -> Any:
        self._check(path.decode())
        del self.files[path.decode()]
        return OK

    def _move(self, origin: bytes, path: bytes, *_: bytes) -> Any:
        self._check(origin.decode())
        self.files[path.decode()] = self.files.pop(origin.decode())
        return OK

    def _bye(self) -> Any:
        return OK


def expect(stream: Any, mark: bytes) -> bytes:
    """The rest of a line that begins with this mark."""
    line: bytes = stream.readline()
    if not line:
        raise EOFError
    assert line[:1] == mark, line
    return line[1:-2]


def stream_bulk(stream: Any) -> bytes:
    """One bulk string; raises EOFError when it is cut short."""
    length = int(expect(stream, b"$"))
    data: bytes = stream.read(length + 2)
    if len(data) < length + 2:
        raise EOFError
    return data[:-2]
