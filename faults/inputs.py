"""What is thrown at a server: broken frames, lengths that are lies, paths that lead out, strings that bite.

Each input is what one connection sends, whole; those that are drawn by lot go on for ever.
"""

from __future__ import annotations

import json
import re
import struct
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random
from urllib.parse import quote_from_bytes

from fuzz import corpus
from fuzz.mutate import mutate
from tests.support.resp import encode
from tests.support.web import asking, handshake

# Frames

HEAD = b"GET /files/inside?long=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nHello"
CHUNKED = (
    b"PUT /files/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
)
RANGE = b"GET /files/inside/a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=1-2,5-\r\nIf-Match: *\r\n\r\n"
CREATE = (
    b"POST /uploads HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 3\r\n"
    b"Upload-Metadata: filename YS50eHQ=,sha256\r\nContent-Length: 0\r\n\r\n"
)
REQUESTS = [*corpus.HTTP, HEAD, POST, CHUNKED, RANGE, CREATE]
COMMANDS = [encode(*words.split(b"\x00")) for words in corpus.BIND if not words.startswith(b"HISTORY")]


def mutations(random: Random) -> Iterator[bytes]:
    """Yield broken input of every wire, for ever."""
    while True:
        yield mutate(random, [*corpus.RESP, *COMMANDS])
        yield encode("PING") + mutate(random, corpus.RESP)
        yield mutate(random, corpus.TEXT)
        yield mutate(random, REQUESTS)
        yield handshake() + mutate(random, corpus.FRAMES)
        yield handshake() + b"".join(mutated_frames(random))


def mutated_frames(random: Random) -> Iterator[bytes]:
    """Yield whole frames whose text is broken."""
    for _ in range(random.randint(1, 4)):
        text = mutate(random, corpus.JSON)
        yield b"\x81" + struct.pack("!BQ", 0xFF, len(text)) + corpus.MASK + text


# Lengths

GREAT = 1 << 62

BOMBS = [
    b"*1000000000\r\n",
    b"*1\r\n$1000000000\r\n",
    b"*64\r\n" + b"$1048576\r\n" * 2,
    encode("PUT", "bomb.bin", GREAT),
    encode("WRITE", "0" * 32, 0)[:-2].replace(b"*3", b"*4", 1) + b"\r\n$16777217\r\n",
    b"PUT /files/bomb.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % GREAT,
    b"PUT /files/bomb.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n" % (b"9" * 400),
    b"PUT /files/b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\nx",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx",
    b"POST /uploads HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Length: %d\r\n"
    b"Upload-Metadata: filename YS50eHQ=\r\nContent-Length: 0\r\n\r\n" % GREAT,
    b"GET /files/inside/a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=%s0-0\r\n\r\n" % (b"0-0," * 1_500),
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Bomb: y\r\n" * 20_000,
    handshake() + b"\x81\xff" + struct.pack("!Q", (1 << 63) - 1) + corpus.MASK,
    handshake() + b"\x81\xff" + struct.pack("!Q", 1 << 63) + corpus.MASK,
    handshake() + b"\x01\x80" + corpus.MASK + b"\x00\x80" * 10_000,
    b"x" * 8_000,
    b"hello\n" + b"x" * 100_000,
]
"""Declared to be more than anybody may send, or never to end."""


# Paths

UP = [
    *(b"..", b"../", b"..\\", b"%2e%2e", b"%2e%2e%2f", b"..%2f", b"..%5c", b"%252e%252e%252f", b"....//"),
    *(b"..;/", b"..\x00/", b"..%00/", b"%c0%ae%c0%ae/", b"\xc0\xae\xc0\xae/", b"..%c0%af", b"..\xc0\xaf"),
    *("\u2025/".encode(), "\uff0e\uff0e/".encode(), "..\u2215".encode(), "..\u2044".encode(), b". ./"),
    *(b"up", b"up/", b"inside/..", b"inside/../..", b"./.", b"//", b"~", b"~root", b"C:\\", b"\\\\host\\"),
]
WHERE = [
    *(
        b"beside.txt",
        b"beside.lnk",
        b".portico/private.txt",
        b".portico/log.sqlite3",
        b".PORTICO/private.txt",
    ),
    *(b"etc/passwd", b"proc/self/environ", b"beside.txt\x00.png", b".portico\x00/private.txt", b"new.txt"),
    *(".portico\u200d/private.txt".encode(), b".portico./private.txt", b".portico /private.txt", b""),
]
JOINTS = [b"", b"/", b"//", b"/./", b"\\", b"%2f", b"%5c"]


def traversals(random: Random) -> Iterator[bytes]:
    """Yield paths that lead out of the directory, or into its private part, if anything lets them."""
    while True:
        steps = (random.choice(UP) + random.choice(JOINTS) for _ in range(random.randint(0, 8)))
        start = random.choice([b"", b"", b"/", b"//", b"file:///", b"inside/"])
        yield start + b"".join(steps) + random.choice(WHERE)


def groups(paths: Iterable[bytes], size: int = 50) -> Iterator[list[bytes]]:
    """Yield the paths in groups."""
    rest = iter(paths)
    while group := list(islice(rest, size)):
        yield group


def by_text(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines that ask for paths."""
    for group in groups(paths):
        yield b"hello\n" + b"".join(
            b"/list %b\n/stat %b\n/read %b\n" % ((path.replace(b"\n", b" "),) * 3) for path in group
        )


def by_resp(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield requests of programs that ask for paths, put something there, move and remove."""
    for group in groups(paths):
        yield b"".join(
            encode("READ", path)
            + encode("STAT", path)
            + encode("LIST", path)
            + encode("PUT", path, 0)
            + encode("MOVE", "inside/a.txt", path)
            + encode("MOVE", path, "inside/stolen.txt")
            + encode("READ", "inside/stolen.txt")
            + encode("REMOVE", path)
            + encode("MOVE", path, "inside/a.txt", "REPLACE")
            for path in group
        )


def by_http(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield requests, with the paths as they are and with all that is not allowed there escaped."""
    for number, path in enumerate(paths):
        method = (b"GET", b"GET", b"PUT", b"DELETE", b"HEAD")[number % 5]
        raw = re.sub(rb"[\x00-\x20\x7f]", lambda found: b"%%%02X" % found[0][0], path)
        target = raw if number % 3 else quote_from_bytes(path, safe="").encode()
        where = (b"/files/", b"/web/", b"/files/?archive=zip&path=", b"/uploads/")[
            number % 4 if number % 7 == 0 else 0
        ]
        body = b"Content-Length: 4\r\n\r\nevil" if method == b"PUT" else b"\r\n"
        yield b"%b %b%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%b" % (
            method,
            where,
            target,
            body,
        )


def by_tus(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield uploads that are whole with their first request."""
    for path in paths:
        yield (
            b"POST /uploads HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 4\r\n"
            b"Upload-Metadata: filename %b\r\nContent-Type: application/offset+octet-stream\r\n"
            b"Content-Length: 4\r\nConnection: close\r\n\r\nevil" % b64encode(path)
        )


def by_websocket(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a page's requests."""
    for group in groups(paths):
        words = [path.decode(errors="surrogateescape") for path in group]
        yield handshake() + b"".join(
            asking("read", 1, path=path) + asking("stat", 2, path=path) + asking("remove", 3, path=path)
            for path in words
        )


FACES: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "text": by_text,
    "resp": by_resp,
    "http": by_http,
    "tus": by_tus,
    "websocket": by_websocket,
}


# Strings

NAUGHTY = [
    *(
        b"\x00",
        b"a\x00b",
        b"\x1b[2J\x1b[H",
        b"\x1b]0;title\x07",
        b"\x9b2J",
        b"\xc2\x9b2J",
        b"\x07" * 5,
        b"\b\b\bx",
    ),
    *(b"\rClient1: I owe you", b"x\r\nClient1 has disconnected", b"a\nb", b"\x0b\x0c", b"\x7f", b"\t"),
    *("\u202egnp.exe".encode(), "\u2066\u2067x\u2069".encode(), "\u2028\u2029".encode(), "\ufeff".encode()),
    *("\u200b".encode(), "a\u0301".encode() * 500, "\U0001f469\u200d\U0001f4bb".encode(), "\uffff".encode()),
    *(
        b"<script>alert(1)</script>",
        b"<img src=x onerror=alert(1)>",
        b"javascript:alert(1)",
        b"'\"><svg/onload=1>",
    ),
    *(
        b"'; DROP TABLE records_1; --",
        b"$(touch beside2.txt)",
        b"`touch beside2.txt`",
        b"| touch beside2.txt",
        b"%s%n%x",
    ),
    *(
        b"{{7*7}}",
        b"${jndi:ldap://127.0.0.1/a}",
        b"../../etc/passwd",
        b"CON",
        b"nul.txt",
        b"-rf",
        b"--help",
        b"~",
    ),
    *(
        b"x" * 65_536,
        b"x" * 65_537,
        b"\xed\xa0\x80",
        b"\xff\xfe",
        b"\xf4\x90\x80\x80",
        b"\xc3",
        "\u0130".encode(),
        b"",
    ),
    *(
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e309",
        b"0x10",
        b"null",
        b"undefined",
        b"__proto__",
        b"constructor",
        b"*",
        b"#",
    ),
]


def naughty() -> Iterator[bytes]:
    """Yield every string as a name, a message, a key, a path and a header, on every wire."""
    for text in NAUGHTY:
        yield b"hello\n%b\n/name %b\n/tell %b %b\n/list %b\n" % ((text,) * 5)
        yield b"".join(
            encode(*words)
            for words in (
                ("NAME", text), ("SAY", text), ("SAY", text, "AS", text), ("SAY", "x", "ID", text),
                ("TELL", text, text), ("PUT", text, 0), ("STAT", text), ("LIST", text), ("ECHO", text),
                ("HELLO", 3, "SETNAME", text), ("CLIENT", "SETNAME", text), (text,), ("SAY", "x", text),
            )
        )  # fmt: skip
        word = text.decode(errors="surrogateescape")
        shown = json.loads(json.dumps(word))
        yield handshake() + b"".join(
            [
                asking("name", 1, name=shown), asking("say", 2, text=shown), asking("say", shown, text="x"),
                asking("tell", 4, name=shown, text=shown), asking(shown), asking("say", 5, **{shown: shown}),
            ]
        )  # fmt: skip
        escaped = quote_from_bytes(text, safe="").encode()
        head = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        yield b"POST /messages?as=%b%bContent-Length: %d\r\n\r\n%b" % (escaped[:4_000], head, len(text), text)
        yield b"PUT /files/%b%bContent-Length: 1\r\n\r\nx" % (escaped[:4_000], head)
        yield b"GET /status?%b=%b%bX-Naughty: %b\r\n\r\n" % (escaped[:99], escaped[:99], head, text[:99])
        yield b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % text[:99]
        yield b"GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: %b\r\nUpgrade: websocket\r\n\r\n" % text[:99]
