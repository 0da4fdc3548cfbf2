"""The page as it leaves: its parts, what it may load, what it weighs, and the address as a code."""

import gzip
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from portico.model.policy import ADD, LEVELS
from portico.server.http.page import PAGE, POLICY, assets, document
from tests.support.web import visiting

HEAD_BYTES = 700
"""More than a head of an answer and its request have."""


@pytest.fixture
async def client(start) -> AsyncIterator[ClientSession]:
    served = await start()
    async with visiting(served.server.address) as client:
        yield client


async def test_every_part_is_served_with_its_type_and_policy(client):
    parts = {f"/web/{name}": asset for name, asset in assets().items() if name != PAGE}
    for address, asset in {"/": document(ADD, locked=False), **parts}.items():
        async with client.get(address) as response:
            assert response.status == 200
            assert await response.read() == asset.body
            assert response.headers["Content-Type"] == asset.kind
            assert response.headers["Content-Security-Policy"] == POLICY
            assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.js", "index.html", "__init__.py", "..%2fpy.typed", ""])
async def test_nothing_else_is_served(client, name):
    async with client.get(f"/web/{name}") as response:
        assert response.status == 404


async def test_a_browser_that_has_a_part_is_told_so(client):
    async with client.get("/web/main.js") as response:
        tag = response.headers["ETag"]
    async with client.get("/web/main.js", headers={"If-None-Match": f'"other", {tag}'}) as response:
        assert response.status == 304
        assert await response.read() == b""
    async with client.get("/web/main.js", headers={"If-None-Match": '"other"'}) as response:
        assert response.status == 200


async def test_parts_are_packed_for_those_who_can_unpack(client):
    plain = {"Accept-Encoding": "identity"}
    async with client.get("/", headers=plain) as response:
        assert "Content-Encoding" not in response.headers
        whole = await response.read()
    async with client.get("/") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert await response.read() == whole


def test_what_is_packed_is_the_same():
    for asset in assets().values():
        assert gzip.decompress(asset.packed) == asset.body


def test_the_first_view_weighs_no_more_than_it_may():
    assert sum(len(asset.packed) + HEAD_BYTES for asset in assets().values()) < 100_000


@pytest.mark.parametrize("name", LEVELS)
def test_the_document_knows_how_far_files_may_be_changed(name):
    page = document(LEVELS[name], locked=name == "add").body.decode()
    locked = "yes" if name == "add" else "no"
    assert f'<body data-pane="talk" data-files="{name}" data-locked="{locked}">' in page
    assert "FILES" not in page
    assert "LOCKED" not in page


def test_the_document_names_parts_that_are_there_and_nothing_elsewhere():
    document = assets()["index.html"].body.decode()
    named = re.findall(r'(?:href|src)="([^"#]+)"', document)
    assert {address.removeprefix("/web/") for address in named if address != "/files"} <= assets().keys()
    for name, asset in assets().items():
        body = asset.body.replace(b"http://www.w3.org/2000/svg", b"")  # a name, which nobody fetches
        assert not re.findall(rb"(?:https?:)?//[a-z0-9-]+\.[a-z]+", body), name


def test_modules_import_parts_that_are_there():
    for name, asset in assets().items():
        imported = re.findall(rb'(?:from|Worker\() ?"/web/([^"]+)"', asset.body)
        assert {each.decode() for each in imported} <= assets().keys(), name


MARKUP = (
    rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser"
    rb"|\beval\(|new Function|srcdoc|javascript:"
)


def test_no_text_of_others_can_become_markup():
    for name, asset in assets().items():
        if name.endswith(".js"):
            code = re.sub(rb"//.*", b"", asset.body)
            assert not re.findall(MARKUP, code), name


def test_nothing_stands_inline_that_the_policy_forbids():
    document = assets()["index.html"].body
    assert not re.findall(rb"<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=)", document)


async def test_the_code_is_of_the_address_the_browser_used(client):
    codes = set()
    for host in ("localhost:1", "localhost:2", "localhost:1"):
        async with client.get("/qr.svg", headers={"Host": host}) as response:
            assert response.content_type == "image/svg+xml"
            code = await response.read()
            assert code.startswith(b"<svg ")
            codes.add(code)
    assert len(codes) == 2


async def test_no_code_is_made_for_a_name_that_is_not_ours(client):
    async with client.get("/qr.svg", headers={"Host": "example.com"}) as response:
        assert response.status == 421
