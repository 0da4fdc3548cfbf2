"""Lists of files over HTTP: JSON for programs, a page for people, and how they go on."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from portico.commands import files as file_commands
from portico.server.http import listings
from tests.support.sharing import Shared, sharing

TREE = ("a.txt", "a/b/deep.txt", "a/one.txt", "a/two.txt", "a0", "z/only.txt")
HOSTILE = (
    "<svg onload=alert(1)>.txt",
    "\"'><img src=x onerror=alert(1)>",
    "&amp;.txt",
    "?query#fragment.txt",
    "50%25.txt",
    "javascript",
    "a b+c;d=e&f,g.txt",
    "Menü 文 🙂.txt",
    "{braces} {0}.txt",
)
PEOPLE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with sharing(tmp_path) as shared:
        yield shared


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three files in a list, and three lists to a page."""
    monkeypatch.setattr(listings, "LIST_MOST", 3)
    monkeypatch.setattr(listings, "LISTS", 3)


async def listed(shared: Shared, address: str) -> tuple[list[str], str | None]:
    """The paths of a list, and the address of the next one."""
    async with shared.client.get(address) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        following = response.links.get("next")
        return [file["path"] for file in await response.json()], following and str(following["url"])


class Links(HTMLParser):
    """The addresses of a page's links, their texts, and the names of all its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.elements: set[str] = set()
        self._at = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.add(tag)
        if tag == "a":
            self._at = dict(attrs)["href"]
            self.found[self._at] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._at = ""

    def handle_data(self, data: str) -> None:
        if self._at:
            self.found[self._at] += data


async def seen(shared: Shared, address: str, **headers: str) -> Links:
    async with shared.client.get(address, headers=headers or PEOPLE) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        links = Links()
        links.feed(await response.text())
        return links


async def test_a_list_is_what_the_command_says(shared):
    for path in TREE:
        shared.put(path, path)
    for address in ("/files", "/files/"):
        assert await listed(shared, address) == (list(TREE), None)
    assert (await listed(shared, "/files/a/"))[0] == ["a/b/deep.txt", "a/one.txt", "a/two.txt"]
    assert (await listed(shared, "/files/a/b/"))[0] == ["a/b/deep.txt"]
    assert (await listed(shared, "/files?pattern=*.txt"))[0] == ["a.txt"]
    assert (await listed(shared, "/files/a/?pattern=*.txt"))[0] == ["a/one.txt", "a/two.txt"]
    assert (await listed(shared, "/files?after=a/one.txt"))[0] == ["a/two.txt", "a0", "z/only.txt"]
    assert (await listed(shared, "/files?pattern=none"))[0] == []
    async with shared.client.get("/files") as response:
        file = (await response.json())[0]
        assert set(file) == {"path", "size", "mtime", "etag"}
        assert response.headers["Vary"] == "Accept, User-Agent"
    await (await shared.client.get("/files/a.txt")).read()
    assert await shared.repository.stat("a.txt")
    async with shared.client.get("/files?digest=1&pattern=a.txt") as response:
        assert "sha256" in (await response.json())[0]


@pytest.mark.parametrize("start", ["/files?count=2", "/files/a/?count=2", "/files?count=2&pattern=**/*.txt"])
async def test_the_next_list_goes_on_where_one_ends(shared, start):
    for path in TREE:
        shared.put(path)
    whole, _ = await listed(shared, start.replace("count=2", "count=1000"))
    found: list[str] = []
    address: str | None = start
    while address:
        paths, address = await listed(shared, address)
        assert len(paths) <= 2
        found += paths
    assert found == whole


@pytest.mark.parametrize(
    "address, status",
    [
        ("/files/none/", 404),
        ("/files/a.txt/", 404),
        ("/files/.portico/", 400),
        ("/files/a/../", 400),
        ("/files?count=0", 400),
        ("/files?count=1001", 400),
        ("/files?count=two", 400),
        ("/files?pattern=" + "*" * 300, 413),
    ],
)
async def test_what_is_no_list(shared, address, status):
    shared.put("a.txt")
    for accept in ("*/*", "text/html") if status != 413 and "?" not in address else ("*/*",):
        peer = await shared.connect(f"GET {address} HTTP/1.1\r\nAccept: {accept}\r\nConnection: close")
        assert (await peer.rest()).startswith(b"HTTP/1.1 %d " % status)


async def test_a_folder_without_its_slash_is_sent_on(shared):
    shared.put("a b/[c]*/file.txt")
    for path, wanted in (("a%20b", "/files/a%20b/"), ("a%20b/%5Bc%5D*", "/files/a%20b/%5Bc%5D*/")):
        async with shared.client.get(f"/files/{path}?x=1", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (301, f"{wanted}?x=1")
    assert (await listed(shared, "/files/a%20b/%5Bc%5D*"))[0] == ["a b/[c]*/file.txt"]
    assert (await listed(shared, "/files/a%20b/%5Bc%5D*/?pattern=*"))[0] == ["a b/[c]*/file.txt"]


async def test_a_page_shows_one_folder(shared):
    for path in TREE:
        shared.put(path, "x" * 2000)
    page = await seen(shared, "/files")
    assert page.found == {"a/": "a/", "z/": "z/", "a.txt": "a.txt", "a0": "a0"}
    page = await seen(shared, "/files/a/")
    assert page.found == {"../": "../", "b/": "b/", "one.txt": "one.txt", "two.txt": "two.txt"}


async def test_an_empty_room_has_a_page_too(shared):
    assert (await seen(shared, "/files/")).found == {}


async def test_no_name_is_markup_or_another_address(shared):
    for name in HOSTILE:
        shared.put(f"files/{name}", name)
        shared.put(f"folders/{name}/in it", name)
    for folder in ("files", "folders"):
        page = await seen(shared, f"/files/{folder}/")
        assert page.elements <= {
            *("html", "head", "meta", "title", "style", "body", "h1", "table", "tr", "td", "a", "time"),
            *("form", "button", "p"),
        }
        there = {address: text for address, text in page.found.items() if address != "../"}
        assert {text.removesuffix("/") for text in there.values()} == set(HOSTILE)
        for address, name in there.items():
            goal = urljoin(f"http://localhost/files/{folder}/", address)
            assert urlsplit(goal).netloc == "localhost"
            more = "in%20it" if address.endswith("/") else ""
            peer = await shared.connect(f"GET {urlsplit(goal).path}{more} HTTP/1.1\r\nConnection: close")
            answer = await peer.rest()
            assert answer.endswith(b"\r\n\r\n" + name.removesuffix("/").encode())


@pytest.mark.usefixtures("small_pages")
async def test_pages_go_on_and_show_each_thing_once(shared):
    for folder in "abcdefgh":
        for number in range(5):
            shared.put(f"{folder}/{number}")
        shared.put(f"{folder}0")
    shown: list[str] = []
    address, pages = "/files/", 0
    while address:
        page = await seen(shared, address)
        pages += 1
        more = next((each for each, text in page.found.items() if text == "More"), "")
        shown += [text for text in page.found.values() if text != "More"]
        address = urljoin("/files/", more) if more else ""
    assert sorted(shown) == sorted([f"{f}/" for f in "abcdefgh"] + [f"{f}0" for f in "abcdefgh"])
    assert pages > 1


async def test_wget_gets_a_page_where_it_looks_for_files(shared):
    shared.put("a/b.txt")
    wget = {"User-Agent": "Wget/1.21.3", "Accept": "*/*"}
    assert (await seen(shared, "/files/", **wget)).found == {"a/": "a/"}
    async with shared.client.get("/files", headers=wget) as response:
        assert response.content_type == "application/json"


async def test_a_deep_folder_has_its_page_and_its_list(shared):
    deep = "/".join(["folder" * 10] * 8)
    shared.put(f"{deep}/file.txt")
    assert (await listed(shared, f"/files/{deep}/"))[0] == [f"{deep}/file.txt"]
    assert set((await seen(shared, f"/files/{deep}/")).found) == {"../", "file.txt"}


async def test_a_list_is_never_longer_than_the_command_makes_it(shared):
    assert listings.LIST_MOST == file_commands.LIST_MOST
    for number in range(1_001):
        (shared.root / f"{number:04}").touch()
    paths, following = await listed(shared, "/files")
    assert len(paths) == 1_000
    assert await listed(shared, following) == (["1000"], None)
