"""The page over TLS: its WebSocket, a message and a file."""

from tests.browser.person import Person


def test_the_page_and_its_websocket_over_tls(serve, visit):
    server = serve(tls=True)
    ann, bob = Person(visit(server)).join("Ann"), Person(visit(server)).join()
    ann.say("Hello over TLS")
    bob.hears("Hello over TLS")
    ann.window.click("#invite")
    ann.window.shows(f"openssl s_client -quiet -connect 127.0.0.1:{server.port}", "#dialog")
    ann.window.shows(f"portico connect -s tls://127.0.0.1:{server.port}", "#dialog")
    assert ann.window.errors() == []
