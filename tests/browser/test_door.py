"""A room that wants a token, in a real browser: by form, by invitation, as a reader, and when it ends."""

import pytest

from portico.stores.tokens import TokenFile
from tests.support.server import ServerProcess


@pytest.fixture
def room(tmp_path):
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "a.txt").write_text("hello")
    server = ServerProcess(directory, max_clients=9)
    server.tokens = TokenFile(directory / ".portico" / "tokens.json")
    yield server
    server.stop()


def test_the_form_takes_a_token_and_keeps_it_where_no_script_reads_it(room, visit):
    _, secret = room.tokens.create("", "member", None)
    window = visit(room.start())
    window.find("#token")
    window.type("#token", "wrong")
    window.click("#door-in")
    window.shows("not valid here", "#door-error")
    window.type("#token", secret)
    window.click("#door-in")
    window.shows("Connected", "#state")
    window.shows("a.txt", "#listing")
    assert window.script("return document.cookie") == ""
    assert window.script("return JSON.stringify([{...localStorage}, {...sessionStorage}])").count(secret) == 0
    window.script("location.reload()")
    window.shows("Connected", "#state")
    window.click("#forget")
    window.find("#token")


def test_an_invitation_comes_in_by_itself_and_leaves_the_address(room, visit):
    _, secret = room.tokens.create("", "reader", None)
    window = visit(room.start())
    window.find("#token")
    window.script(f"location.hash = '#token={secret}'; location.reload()")
    window.shows("Connected", "#state")
    assert "token" not in window.script("return location.href")
    assert secret not in window.script("return document.documentElement.outerHTML")
    window.shows("look and fetch", "#look-only")
    assert not [each for each in window.all("#add, #name, #text") if each.is_displayed()]


def test_who_is_revoked_is_asked_again_and_an_admin_sends_somebody_away(room, visit):
    guest, secret = room.tokens.create("", "admin", None)
    window = visit(room.start())
    window.find("#token")
    window.type("#token", secret)
    window.click("#door-in")
    window.shows("Connected", "#state")
    window.click("#invite")
    window.shows("portico invite", "#dialog")
    window.shows("-H 'Authorization: Bearer TOKEN' -T FILE", "#dialog")
    window.click("#dialog header button")
    with room.line_client() as person:
        person.ask(f"/auth {secret}")
        window.shows("Send away", "#present")
        window.click("#present button:not([title])")
        window.shows("End the session", "#present")
        window.click("#present .danger")
        assert person.rest()[-1] == "* an admin has ended this session"
    with room.resp_client() as admin:
        window.type("#name", "Ann")
        window.click("#join button")
        window.shows("You are Ann", "#me")
        admin.call("AUTH", secret)
        admin.call("DROP", "Ann")
        window.shows("An admin has ended this session", "#join-error")
    room.tokens.revoke(guest.id)
    window.find("#token")
    window.shows("not valid any more", "#door-error")
    _, another = room.tokens.create("", "member", None)
    window.type("#token", another)
    window.click("#door-in")
    window.shows("Connected", "#state")
