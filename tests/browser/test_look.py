"""How the page looks and what it loads: narrow, foreign names, a stranger's page, and its own weight."""

import http.server
import json
import threading

import pytest

from tests.browser.person import Person

FIRST_VIEW = 100_000
"""Bytes a first view may take; the page is for slow networks too."""

NAUGHTY = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "\"><svg onload=document.title='owned'>",
    "javascript:alert(1)",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "&lt;b&gt;&amp;",
    "</textarea></li><h1>big</h1>",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "田中さん 🏳0🌈️ ﷽",
    "a" * 2_000,
)


def wide(window):
    """How far the page's content reaches beyond its window, in pixels."""
    return window.script(
        "return Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth"
    )


def test_names_and_texts_are_never_markup(serve, visit):
    server = serve(max_clients=20)
    window = visit(server)
    ann = Person(window).join("Ann")
    with server.resp_client() as client:
        client.call("NAME", "<img src=x onerror=alert(1)>")
        for text in NAUGHTY:
            client.call("SAY", text)
    for text in ("<img src=x onerror=alert(1)>.txt", "'';!--&{()}.txt", "&amp;.txt"):
        (server.directory / text).write_text("x")
    window.shows("a" * 2_000, "#log")
    assert ann.heard() == list(NAUGHTY)
    window.shows("&amp;.txt", "#listing")
    window.shows("<img src=x onerror=alert(1)>.txt", "#listing")
    assert window.script("return document.title").endswith("Portico")
    made = "#log script, #log img, #log h1, #listing img, #people img, #people script"
    assert window.all(made) == []
    assert wide(window) <= 0


@pytest.mark.parametrize("pane", ["talk", "files", "people"])
def test_a_phone(serve, visit, pane):
    server = serve(max_clients=20)
    (server.directory / ("long-" * 30 + "name.txt")).write_text("x")
    window = visit(server)
    window.command(
        "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True
    )
    ann = Person(window).join("Ann")
    ann.say("word" * 300)
    ann.hears("word" * 300)
    window.click(f".tabs [data-pane={pane}]")
    window.find(f"#{pane}")
    assert window.script("return innerWidth") == 360
    assert wide(window) <= 0
    buttons = "#" + pane + " button, #" + pane + " input:not(.unseen)"
    shown = "[...document.querySelectorAll(arguments[0])].filter(each => each.checkVisibility())"
    edges = window.script(f"return {shown}.map(each => each.getBoundingClientRect().right)", buttons)
    assert max(edges, default=0) <= 360
    window.command("Emulation.clearDeviceMetricsOverride")


def test_the_keyboard_keeps_its_place_when_others_come(serve, visit):
    server = serve(max_clients=20)
    window = visit(server)
    with server.resp_client() as bea, server.resp_client() as abe:
        bea.call("NAME", "Bea")
        Person(window).join("Ann")
        for name, selector in (("Bea", "#present button"), ("tester2.txt", "#listing .name")):
            window.shows(name, selector)
            look = "[...document.querySelectorAll(arguments[0])].find(e => e.textContent === arguments[1])"
            window.script(f"window.chosen = {look}; window.chosen.focus()", selector, name)
            abe.call("NAME", f"Abe {name}")
            (server.directory / f"a{name}").write_text("x")
            window.shows(f"Abe {name}", "#present")
            window.shows(f"a{name}", "#listing")
            assert window.script("return document.activeElement.textContent") == name
            assert window.script("return document.activeElement === window.chosen"), "it was not drawn anew"


def test_what_can_be_pressed_has_a_name(serve, visit):
    window = visit(serve())
    Person(window).join("Ann")
    window.shows("tester1.txt", "#listing")
    nodes = window.command("Accessibility.getFullAXTree")["nodes"]
    parts = [(node["role"]["value"], node["name"]["value"]) for node in nodes if "name" in node]
    pressed = [part for part in parts if part[0] in {"button", "link", "textbox", "searchbox", "combobox"}]
    assert len(pressed) > 10
    assert all(name for _, name in pressed)
    assert {("log", "Messages and events"), ("button", "tester1.txt"), ("textbox", "Message")} <= set(parts)
    assert {role for role, _ in parts} >= {"main", "banner", "region", "status", "alert", "list"}


def test_the_first_view_is_light_and_asks_nobody_else(serve, visit):
    server = serve()
    window = visit(server)
    window.driver.get_log("performance")
    window.open(f"http://127.0.0.1:{server.port}/")
    Person(window).join()
    events = [json.loads(entry["message"])["message"] for entry in window.driver.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{server.port}"}
    sizes = [e["params"]["encodedDataLength"] for e in events if e["method"] == "Network.loadingFinished"]
    assert len(sizes) > 10
    assert sum(sizes) < FIRST_VIEW
    assert window.errors() == []


def test_a_strangers_page_reaches_nothing(serve, visit):
    server = serve(files="change")
    there = f"127.0.0.1:{server.port}"
    page = f"""<!doctype html><title>waiting</title><script>
        const tries = [
          fetch("http://{there}/status").then(r => r.text()),
          fetch("http://{there}/messages", {{method: "POST", body: "owned"}}).then(r => r.text()),
          fetch("http://{there}/messages", {{method: "POST", body: "owned", mode: "no-cors"}})
            .then(r => Promise.reject()),
          fetch("http://{there}/files/tester1.txt", {{method: "DELETE"}}).then(r => r.text()),
          new Promise((open, fail) => {{
            const socket = new WebSocket("ws://{there}/ws");
            socket.onopen = open; socket.onerror = fail;
          }}),
        ];
        Promise.allSettled(tries).then(all => document.title = all.map(one => one.status).join());
    </script><iframe src="http://{there}/"></iframe>"""
    with stranger(page) as port:
        window = visit(server)
        window.open(f"http://localhost:{port}/")
        title = "return document.title"
        window.waited(lambda: window.script(title) != "waiting", "all tries ended")
        assert window.script(title) == ",".join(["rejected"] * 5)
    with server.resp_client() as client:
        assert client.call("HISTORY") == []
    assert (server.directory / "tester1.txt").exists()


class stranger:  # noqa: N801 - a context manager
    """Another web site on this machine, with one page."""

    def __init__(self, page):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_):
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_port

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
