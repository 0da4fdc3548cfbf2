"""Files on the page, in a real browser: they come, are looked at, go, and are never taken for pages."""

import hashlib
import os
from functools import partial

import pytest

from tests.browser.person import Person

SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1}


@pytest.fixture
def big(tmp_path):
    """A file of more than two chunks of the page."""
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(1 << 20) * 40)
    return path


def test_a_file_arrives_for_everybody(serve, visit, tmp_path):
    server = serve()
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server))
    (tmp_path / "Menü & Co.txt").write_text("Soup, cake\n")
    (tmp_path / "empty").write_text("")
    ann.put(tmp_path / "Menü & Co.txt", tmp_path / "empty")
    bob.window.shows("Menü & Co.txt", "#log .arrival")
    bob.window.shows("11 bytes · put by Ann", "#log .arrival")
    bob.window.shows("empty", "#log .arrival")
    bob.window.shows("Menü & Co.txt", "#listing")
    ann.window.shows("digest compared", "#uploads")
    assert (server.directory / "Menü & Co.txt").read_text() == "Soup, cake\n"
    link = bob.window.find("#log .arrival a").get_attribute("href")
    assert bob.window.script("return fetch(arguments[0]).then(r => r.text())", link) in ("Soup, cake\n", "")


def test_an_upload_goes_on_when_the_server_is_killed_in_its_middle(serve, visit, big):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    ann.window.command("Network.enable")
    ann.window.command("Network.emulateNetworkConditions", uploadThroughput=12_000_000, **SLOW)
    ann.put(big)
    uploads = server.directory / ".portico" / "uploads"
    ann.window.waited(lambda: sum(f.stat().st_size for f in uploads.iterdir()) > 20_000_000, "half of it")
    with server.resp_client() as client:
        assert "big.bin" in client.call("TRANSFERS")[0]
    server.kill()
    ann.window.shows("goes on by itself", "#uploads")
    assert not (server.directory / "big.bin").exists()
    server.restart()
    ann.window.command("Network.emulateNetworkConditions", uploadThroughput=-1, **SLOW)
    ann.window.waited(lambda: "digest compared" in "".join(ann.window.texts("#uploads")), "the end", 30)
    assert (server.directory / "big.bin").read_bytes() == big.read_bytes()
    ann.window.shows("put by Ann", "#log .arrival")


@pytest.fixture
def cut_off(serve, visit, big):
    """The server, and Ann, who has reloaded the page in the middle of an upload."""
    server = serve()
    window = visit(server)
    ann = Person(window).join("Ann")
    window.command("Network.enable")
    window.command("Network.emulateNetworkConditions", uploadThroughput=12_000_000, **SLOW)
    ann.put(big)
    window.waited(lambda: sum(f.stat().st_size for f in begun(server)) > 20_000_000, "half of it")
    window.driver.refresh()
    window.accept()
    window.shows("Choose the same file again to go on", "#uploads")
    window.command("Network.emulateNetworkConditions", uploadThroughput=-1, **SLOW)
    return server, ann


def begun(server):
    """The uploads that have begun and not ended."""
    return list((server.directory / ".portico" / "uploads").iterdir())


def test_a_reload_remembers_what_was_cut_off(cut_off, big):
    server, ann = cut_off
    ann.put(big)
    ann.window.waited(lambda: "digest compared" in "".join(ann.window.texts("#uploads")), "the end", 30)
    assert (server.directory / "big.bin").read_bytes() == big.read_bytes()


def test_what_was_cut_off_is_forgotten_here_and_on_the_server(cut_off):
    server, ann = cut_off
    ann.window.press("Forget")
    ann.window.waited(lambda: not begun(server), "nothing left of it")
    ann.window.driver.refresh()
    ann.window.shows("Ann", "#people")
    assert ann.window.texts("#uploads") == [""]


def test_an_upload_is_given_up(serve, visit, big):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    ann.window.command("Network.enable")
    ann.window.command("Network.emulateNetworkConditions", uploadThroughput=4_000_000, **SLOW)
    ann.put(big)
    ann.window.shows("left", "#uploads")
    ann.window.click("#uploads button[aria-label^='Cancel']")
    ann.window.waited(lambda: not begun(server), "nothing left of it")
    assert not (server.directory / "big.bin").exists()


def test_looking_searching_and_deleting(serve, visit):
    server = serve(files="change")
    (server.directory / "notes").mkdir()
    (server.directory / "notes" / "plan.txt").write_text("<b>first</b>, second\n")
    ann = Person(visit(server)).join("Ann")
    window = ann.window
    window.shows("notes/plan.txt", "#log")  # else that it came would take the question away
    window.type("#search", "plan")
    window.click("#listing button.name")
    window.shows("<b>first</b>, second", "#dialog")
    window.press("Delete")
    window.find("#dialog .question")
    assert (server.directory / "notes" / "plan.txt").exists(), "asked first"
    window.click("#dialog .question button.danger")
    window.shows("notes/plan.txt was removed by Ann", "#log")
    assert not (server.directory / "notes" / "plan.txt").exists()


def test_a_page_that_was_put_here_is_no_page_of_ours(serve, visit):
    server = serve()
    evil = "<script>document.title = 'owned'; fetch('/status').then(r => document.title += r.status)</script>"
    (server.directory / "evil.html").write_text(evil)
    (server.directory / "evil.svg").write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{evil}</svg>")
    window = visit(server)
    for name in ("evil.html", "evil.svg"):
        window.open(f"http://127.0.0.1:{server.port}/files/{name}?inline")
        window.waited(lambda: window.script("return document.readyState") == "complete", name)
        assert "owned" not in window.script("return document.title")


def test_the_digest_of_a_worker_is_the_one_of_hashlib(serve, visit):
    window = visit(serve())
    data = bytes(range(256)) * 5_000 + b"end"
    script = """
        const done = arguments[0];
        const bytes = new Uint8Array(1280003);
        for (let i = 0; i < 1280000; i++) bytes[i] = i & 255;
        bytes.set(new TextEncoder().encode("end"), 1280000);
        import("/web/hashing.js").then(({ digestOf }) => digestOf(new File([bytes], "x")).result).then(done);
    """
    assert window.driver.execute_async_script(script) == hashlib.sha256(data).hexdigest()


def both_gone(window):
    return set(window.texts("#log .gone .link")) == {"one.txt", "four.txt"}


def test_what_others_do_with_a_file_is_followed_everywhere(serve, visit):
    server = serve(files="change")
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server))
    for name in ("one.txt", "two.txt", "three.txt"):
        (server.directory / name).write_text("first")
    bob.window.shows("three.txt", "#log .arrival")
    bob.window.type("#search", "one")
    bob.window.click("#listing button.name")
    bob.window.shows("first", "#dialog pre")
    (server.directory / "one.txt").write_text("second")
    bob.window.shows("second", "#dialog pre")
    ann.say("/move one.txt four.txt")
    bob.window.shows("moved to four.txt by Ann", "#dialog")
    bob.window.shows("No file is called like “one”", "#nothing")
    bob.window.press("Show four.txt")
    bob.window.shows("second", "#dialog pre")
    (server.directory / "four.txt").unlink()
    bob.window.shows("removed by someone at the disk", "#dialog")
    bob.window.type("body", "\ue00c")
    for window in (ann.window, bob.window):
        window.shows("not there any more", "#log .gone")
        window.waited(partial(both_gone, window), "both")
        assert "two.txt" in window.texts("#log .event:not(.gone) .link")
    (server.directory / "four.txt").write_text("again")
    bob.window.waited(lambda: "four.txt" not in bob.window.texts("#log .gone .link"), "it is back")


@pytest.mark.parametrize("files, add, delete", [("read", 0, 0), ("add", 1, 0), ("change", 1, 1)])
def test_what_may_not_be_done_is_not_offered(serve, visit, files, add, delete):
    window = visit(serve(files=files))
    window.click("#listing button.name")
    window.shows("The first test file.", "#dialog pre")
    shown = [button.text for button in window.all("button") if button.is_displayed()]
    assert (shown.count("Add files"), shown.count("Delete")) == (add, delete)
