"""What other people's pages may not do: every route, every header that gives one away."""

from contextlib import nullcontext

import pytest

from portico.server.http.guard import SAFE_METHODS, WrongHost, check_host, own_names
from portico.server.http.site import ROUTES
from tests.support.web import handshake

OURS = own_names("Room.Example", ["Files.Example"])

NAMES = [
    ("127.0.0.1", True),
    ("127.0.0.1:65432", True),
    ("192.168.1.20:80", True),
    ("[::1]:65432", True),
    ("localhost", True),
    ("LOCALHOST.:1", True),
    ("room.localhost", True),
    ("room.example", True),
    ("files.EXAMPLE:8080", True),
    ("evil.example", False),
    ("localhost.evil.example", False),
    ("127.0.0.1.evil.example", False),
    ("evil.example:127.0.0.1", False),
    ("user@localhost", False),
    ("localhost:99999999", False),
    ("localhost/", False),
    ("2130706433", False),
    ("0x7f.1", False),
    ("[::1", False),
    ("", False),
    ("a" * 300, False),
    ("lo\u0441alhost", False),
]


@pytest.mark.parametrize("host, ours", NAMES)
def test_only_addresses_and_our_names_are_ours(host, ours):
    with nullcontext() if ours else pytest.raises(WrongHost, match="--allow-host"):
        check_host(host, OURS)


def test_this_machines_name_is_ours(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Desk.lan")
    assert own_names("127.0.0.1", ()) >= {"desk.lan", "desk.local"}


FILLED = {
    "{path:.+}": "a.txt",
    "{folder:.+}": "notes",
    "{command}": "say",
    "{id}": "0" * 32,
    "{name}": "main.js",
}
"""For each variable part of an address, something that fits."""


def address(path):
    for part, text in FILLED.items():
        path = path.replace(part, text)
    assert "{" not in path, "a new variable part wants a text in FILLED"
    return path


PATHS = sorted(
    (method, address(route.path))
    for route in ROUTES
    for method in (("POST", "PATCH") if route.method == "*" else (route.method,))
)


async def answer(served, method, path, *headers):
    peer = await served.connect()
    peer.send("\r\n".join([f"{method} {path} HTTP/1.1", *headers, "Connection: close", "", ""]))
    return (await peer.rest()).decode()


@pytest.mark.parametrize("method, path", PATHS)
async def test_no_route_answers_to_a_strangers_name_or_lets_others_read(start, method, path):
    served = await start()
    refused = await answer(served, method, path, "Host: evil.example")
    assert refused.startswith("HTTP/1.1 421 ")
    assert "Access-Control-" not in refused
    assert not served.console.told


UNSAFE = [(method, path) for method, path in PATHS if method not in SAFE_METHODS]
FOREIGN = [
    "Origin: http://evil.example",
    "Origin: null",
    "Origin: http://localhost:3000",
    "Origin: http://localhost.evil.example",
    "Origin: file://",
    "Origin: ",
    "Sec-Fetch-Site: cross-site",
]


@pytest.mark.parametrize("method, path", UNSAFE)
@pytest.mark.parametrize("header", FOREIGN)
async def test_no_strangers_page_changes_anything(start, method, path, header):
    served = await start()
    body = "Content-Length: 0"
    refused = await answer(served, method, path, "Host: localhost", header, body)
    assert refused.startswith("HTTP/1.1 403 ")
    assert '"DENIED"' in refused
    assert not served.console.told


@pytest.mark.parametrize("header", FOREIGN)
async def test_no_strangers_page_opens_a_websocket(start, header):
    served = await start()
    peer = await served.connect()
    peer.send(handshake(f"{header}\r\nConnection: close\r\n"))
    assert (await peer.rest()).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("origin", ["http://localhost", "HTTP://LOCALHOST", "https://localhost"])
async def test_our_own_page_may(start, origin):
    served = await start()
    peer = await served.connect()
    peer.send(handshake(f"Origin: {origin}\r\nSec-Fetch-Site: same-origin\r\n"))
    assert await peer.line() == "HTTP/1.1 101 Switching Protocols"


@pytest.mark.parametrize("method, path", [(m, p) for m, p in PATHS if m == "GET" and p != "/events"])
async def test_every_answer_says_what_browsers_may_do_with_it(start, method, path):
    served = await start()
    for asked in (path, "/nothing-such"):
        head = (await answer(served, method, asked, "Host: localhost")).partition("\r\n\r\n")[0]
        assert "X-Content-Type-Options: nosniff" in head
        assert "Content-Security-Policy: " in head
        assert "Cross-Origin-Resource-Policy: same-origin" in head
        assert "Referrer-Policy: no-referrer" in head
        assert "Cache-Control: no-" in head
        assert "Access-Control-" not in head


async def test_names_are_allowed_by_the_operator(start):
    served = await start(allow_hosts=["files.example"])
    assert (await answer(served, "GET", "/health", "Host: files.example:80")).startswith("HTTP/1.1 200 ")
