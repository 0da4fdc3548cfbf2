"""The conversation, in real browsers beside a netcat."""

from tests.browser.person import Person


def test_two_browsers_and_a_netcat(serve, visit):
    server = serve()
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server)).join()
    with server.line_client() as netcat:
        netcat.ask("Hello from netcat")
        assert netcat.line() == "Hello from netcat ACK"
        ann.hears("Hello from netcat")
        ann.say("Hello, all")
        bob.hears("Hello from netcat", "Hello, all")
        bob.say("two\nlines")
        ann.hears("Hello, all", "two\nlines")
        assert netcat.lines(3) == ["Ann: Hello, all", "Client1: two", "  lines"]
    ann.window.shows("Client2 left", "#log")
    numbers = [
        int(seq)
        for seq in ann.window.script(
            "return [...document.querySelectorAll('#log [data-seq]')].map(e => e.dataset.seq)"
        )
    ]
    assert numbers == sorted(set(numbers))
    assert ann.window.texts("#log .mine .number") == ["5✓"]
    ann.window.shows("Client2", "#past")
    assert ann.window.texts("#present b, #present button") == ["Ann", "Client1"]
    assert ann.window.errors() == []


def test_a_taken_name_and_another_one(serve, visit):
    server = serve()
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server))
    bob.ask_to_join("ann")
    bob.window.shows("taken", "#join-error")
    bob.join("Bob")
    bob.say("/name Ben")
    ann.window.shows("Bob is now Ben", "#log")
    bob.window.shows("You are Ben", "#me")
    bob.say("/tell Ann psst")
    ann.hears("psst")
    ann.window.shows("to you", "#log .private")


def test_commands_are_never_said(serve, visit):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    for typed, shown in (
        ("status", "Ann: since"),
        ("list", "2 files:"),
        ("/nonsense", "There is no command"),
    ):
        ann.say(typed)
        ann.window.shows(shown)
    ann.window.find("#text").clear()
    ann.say("//slash")
    ann.hears("/slash")
    ann.say("help")
    ann.window.shows("All commands of the room", "#dialog")
    named = " ".join(ann.window.texts("#dialog dt"))
    with server.resp_client() as client:
        table = [line.split()[0] for line in client.call("HELP")]
    assert len(table) > 20
    assert [name for name in table if name not in named] == []
    ann.window.type("body", "\ue00c")
    ann.say("bye")
    ann.window.find("#name")
    server.wait_for("Ann has disconnected")
    assert ann.heard() == ["/slash"]


def test_a_full_room_offers_to_wait(serve, visit):
    server = serve(max_clients=1)
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server))
    bob.ask_to_join("Bob")
    bob.window.shows("Server is full: 1 of 1 clients are connected.", "#full-text")
    bob.window.click("#wait")
    bob.window.shows("Waiting for a place", "#full-text")
    ann.say("bye")
    bob.window.find("#text")
    bob.say("in at last")
    ann.hears("in at last")


def test_what_is_typed_offline_is_said_once_and_in_order(serve, visit):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    ann.say("before")
    ann.hears("before")
    server.kill()
    ann.window.waited(lambda: ann.window.find("#state").get_attribute("data-state") != "online", "offline")
    texts = [f"meanwhile {number}" for number in range(5)]
    for text in texts:
        ann.say(text)
    assert ann.window.texts("#pending .text") == texts
    server.restart()
    ann.hears("before", *texts)
    assert ann.window.texts("#pending .text") == []
    with server.resp_client() as client:
        said = client.call("HISTORY", "KIND", "message")
        assert [dict(zip(entry[::2], entry[1::2], strict=True))["text"] for entry in said] == [
            "before",
            *texts,
        ]
        sessions = client.call("STATUS")
    assert len(sessions) == 1, "the session went on"


def test_a_reload_goes_on_as_the_same_person(serve, visit):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    ann.say("before")
    ann.hears("before")
    ann.window.driver.refresh()
    ann.window.shows("You are Ann", "#me")
    ann.hears("before")
    ann.say("after")
    ann.hears("before", "after")
    with server.resp_client() as client:
        assert len(client.call("STATUS")) == 1


def test_a_thousand_messages_keep_their_order(serve, visit):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    with server.resp_client() as client:
        client.send_raw(b"".join(b"*2\r\n$3\r\nSAY\r\n$4\r\n%04d\r\n" % number for number in range(1_000)))
        ann.hears("0998", "0999")
    heard = [text for text in ann.heard() if text.isdigit()]
    assert heard == [f"{number:04d}" for number in range(1_000 - len(heard), 1_000)]
    assert len(heard) < 500, "the list is capped"
    ann.window.script("document.getElementById('entries').scrollTop = 0")
    ann.window.click("#earlier")
    ann.window.waited(lambda: len(ann.heard()) > len(heard), "earlier ones")
    texts = [text for text in ann.heard() if text.isdigit()]
    assert texts == sorted(texts)


def test_after_a_restart_a_place_is_for_who_had_it(serve, visit):
    server = serve(max_clients=1)
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server))
    bob.ask_to_join("Bob")
    bob.window.click("#wait")
    server.kill()
    for person in (ann, bob):
        person.window.shows("Offline", "#state")
    server.restart()
    for person in (bob, ann):
        person.window.shows("Connected", "#state")
    ann.say("still here")
    bob.hears("still here")
    bob.window.shows("Waiting for a place", "#full-text")
    ann.say("bye")
    bob.window.shows("You are Bob", "#me")


def test_a_session_goes_on_in_the_tab_that_took_it_last(serve, visit):
    server = serve()
    first, second = Person(visit(server)).join("Ann"), Person(visit(server))
    session = first.window.script("return sessionStorage.getItem('portico.session')")
    second.window.script("sessionStorage.setItem('portico.session', arguments[0])", session)
    second.window.driver.refresh()
    second.window.shows("You are Ann", "#me")
    first.window.shows("Ann goes on in another tab", "#join-error")
    second.say("from the second")
    first.hears("from the second")
