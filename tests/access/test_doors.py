"""A real server whose room wants a token: over every wire, from its making to its end."""

import json
import time
import urllib.error
import urllib.request

import pytest

import portico
from portico.server.http.site import ROUTES
from portico.stores.tokens import TokenFile
from tests.support.resp import RespError, pairs
from tests.support.server import ServerProcess

WRONG = "this token is not valid here; ask whoever runs the room for one"


@pytest.fixture
def tokens(tmp_path):
    return TokenFile(tmp_path / "files" / ".portico" / "tokens.json")


@pytest.fixture
def room(tmp_path, tokens):
    """A server with one token of each role; `room.secrets` has them by role."""
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "a.txt").write_text("hello")
    secrets = {role: tokens.create(role, role, None)[1] for role in ("reader", "member", "admin")}
    server = ServerProcess(directory, max_clients=10).start()
    server.secrets = secrets
    yield server
    server.stop()


def fetch(server, path, token="", **options):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=headers, **options)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 401 and not error.headers["WWW-Authenticate"]:
                raise AssertionError("a 401 says what is wanted") from error
            return error.code, json.loads(error.read())["error"]["code"]


def refusal(client, *words):
    with pytest.raises(RespError) as refused:
        client.call(*words)
    return f"{refused.value.code} {refused.value.sentence}"


def test_who_is_sent_away_does_not_come_back_by_itself(room):
    address, member = f"127.0.0.1:{room.port}", room.secrets["member"]
    with portico.Client(address, token=member, name="Ann") as ann, room.resp_client() as admin:
        ann.say("Hello")
        admin.call("AUTH", room.secrets["admin"])
        assert admin.call("DROP", "Ann") == "OK"
        with pytest.raises(portico.Denied, match="an admin has ended this session"):
            ann.say("Still here")
        (row,) = [pairs(row) for row in admin.call("STATUS")]
        assert (row["name"], row["reason"]) == ("Ann", "dropped")


def test_every_wire_wants_the_token_and_takes_it(room):
    member = room.secrets["member"]
    with room.line_client() as person, room.resp_client() as program:
        assert person.ask("Hello") == "error: this room wants a token: /auth TOKEN"
        assert person.ask(f"/auth {member}").startswith("You are Client1 ")
        assert person.line() == "OK"
        assert person.ask("Hello") == "Hello ACK"
        assert refusal(program, "PING").startswith("NOAUTH ")
        assert refusal(program, "AUTH", "x") == f"WRONGPASS {WRONG}"
        assert program.call("AUTH", member) == "OK"
        assert program.call("SAY", "hi")
        assert person.line() == "* Client2 joined"
    assert fetch(room, "/files") == (401, "NOAUTH")
    assert fetch(room, "/files", "wrong") == (401, "WRONGPASS")
    assert fetch(room, "/files/a.txt", member) == (200, "hello")
    assert fetch(room, "/messages", room.secrets["reader"], data=b"hi", method="POST") == (403, "DENIED")
    assert fetch(room, "/messages", member, data=b"hi", method="POST")[0] == 201
    assert fetch(room, "/health")[0] == 200
    everything = "\n".join(room.console + room.errors)
    assert not [secret for secret in room.secrets.values() if secret in everything]


def test_an_admin_sends_somebody_away_and_ends_the_server(room):
    with room.line_client() as person, room.resp_client() as admin:
        person.ask(f"/auth {room.secrets['member']}")
        assert person.line() == "OK"
        admin.call("AUTH", room.secrets["admin"])
        assert admin.call("DROP", "Client1") == "OK"
        assert person.rest() == ["* an admin has ended this session"]
        assert admin.call("REMOVE", "a.txt") == "OK"
        assert admin.call("DRAIN") == "OK"
    assert room.wait_until_it_ends() == 0


def test_tokens_come_and_go_while_the_server_runs(room, tokens):
    guest, secret = tokens.create("guest", "member", None)
    with room.line_client() as person, room.line_client() as other:
        assert person.ask(f"/auth {secret}").startswith("You are Client1 ")
        assert other.ask(f"/auth {room.secrets['member']}").startswith("You are Client2 ")
        tokens.revoke(guest.id)
        assert fetch(room, "/status", secret) == (401, "WRONGPASS"), "at once for who comes anew"
        assert person.rest()[-1] == "* the token that was shown here is not valid any more"
        assert other.ask("still here")
    short = tokens.create("short", "member", 2.0)[1]
    with room.line_client() as person:
        assert person.ask(f"/auth {short}").startswith("You are Client3 ")
        assert person.rest()[-1] == "* the token that was shown here is not valid any more"


def test_the_sixth_wrong_token_waits_and_others_do_not(room):
    with room.resp_client() as guesser, room.resp_client() as known:
        known.call("AUTH", room.secrets["member"])
        began = time.monotonic()
        for _ in range(5):
            assert refusal(guesser, "AUTH", "x") == f"WRONGPASS {WRONG}"
        swift = time.monotonic() - began
        assert known.call("PING") == "PONG"
        began = time.monotonic()
        assert refusal(guesser, "AUTH", "x") == f"WRONGPASS {WRONG}"
        assert time.monotonic() - began > 0.9
        assert swift < 0.9


@pytest.mark.parametrize("how", ["file", "environment"])
def test_a_token_that_all_share(how, tmp_path):
    file = tmp_path / "token"
    file.write_text("open sesame\n")
    file.chmod(0o600)
    directory = tmp_path / "files"
    directory.mkdir()
    if how == "file":
        server = ServerProcess(directory, token_file=file)
    else:
        server = ServerProcess(directory, env={"PORTICO_TOKEN": "open sesame"})
    try:
        server.start()
        with server.resp_client() as client:
            assert refusal(client, "PING").startswith("NOAUTH ")
            assert client.call("AUTH", "open sesame") == "OK"
            assert client.call("SAY", "hi")
            assert refusal(client, "DRAIN").startswith("DENIED ")
        assert "sesame" not in "\n".join(server.console + server.errors)
    finally:
        server.stop()


def test_open_lets_everybody_in_and_a_token_gives_its_role(room):
    room.restart(open=True)
    with room.line_client() as person, room.resp_client() as admin:
        assert person.ask("Hello").startswith("You are Client")
        admin.call("AUTH", room.secrets["admin"])
        assert admin.call("REMOVE", "a.txt") == "OK"


FREE = {("GET", "/"), ("GET", "/web/{name}"), ("GET", "/health"), ("GET", "/auth"), ("DELETE", "/auth")}
"""What is answered without a token; `POST /auth` is where one is shown."""


@pytest.mark.parametrize("method, path", sorted({(route.method, route.path) for route in ROUTES}))
def test_every_route_wants_the_token_or_is_known_to_be_free(room, method, path):
    where = path.replace("{name}", "main.js").replace("{path:.*}", "a.txt").replace("{id}", "x")
    for verb in ("GET", "POST", "PATCH") if method == "*" else (method,):
        status = fetch(room, where, method=verb)[0]
        assert (status == 401) is ((method, path) not in FREE), (verb, where, status)
        assert fetch(room, where, "wrong", method=verb)[0] == (401 if (method, path) not in FREE else status)


def test_the_cookie_is_a_browsers_own(room):
    secret = room.secrets["member"]
    address = f"http://127.0.0.1:{room.port}/auth"
    request = urllib.request.Request(address, method="POST", headers={"Authorization": f"Bearer {secret}"})
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
        cookie = answer.headers["Set-Cookie"]
        assert json.loads(answer.read()) == {"wanted": True, "role": "member", "files": "add"}
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    name, _, value = cookie.partition(";")[0].partition("=")
    assert (name, value) == (f"portico-{room.port}", secret)
    request = urllib.request.Request(address, headers={"Cookie": f"{name}={value}"})
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
        assert json.loads(answer.read())["role"] == "member"
    request = urllib.request.Request(address, headers={"Cookie": f"{name}=stale"})
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
        assert json.loads(answer.read()) == {"wanted": True, "role": None, "files": None}
        assert "Max-Age=0" in answer.headers["Set-Cookie"]


def put(client, path, body, *options):
    upload = client.call("PUT", path, len(body), *options)[1]
    client.call("WRITE", upload, 0, body)
    return client.call("FINISH", upload)


def test_others_files_are_the_admins_to_change(room, tokens):
    room.restart(files="change")
    tokens.create("other", "member", None)
    other = tokens.create("second", "member", None)[1]
    not_mine = "DENIED {} was not put there with your token; who has put it, or an admin, may change it"
    with room.resp_client() as mine, room.resp_client() as theirs, room.resp_client() as admin:
        mine.call("AUTH", room.secrets["member"])
        theirs.call("AUTH", other)
        admin.call("AUTH", room.secrets["admin"])
        for name in ("one", "two", "three", "four"):
            put(mine, name, "mine")
        assert refusal(theirs, "REMOVE", "one") == not_mine.format("one")
        assert refusal(theirs, "MOVE", "one", "else") == not_mine.format("one")
        assert refusal(theirs, "REMOVE", "a.txt") == not_mine.format("a.txt"), "it was there before"
        put(theirs, "five", "theirs")
        assert refusal(theirs, "MOVE", "five", "one", "REPLACE") == not_mine.format("one")
        upload = theirs.call("PUT", "one", 3, "REPLACE")[1]
        theirs.call("WRITE", upload, 0, "new")
        assert refusal(theirs, "FINISH", upload) == not_mine.format("one")
        assert mine.call("MOVE", "one", "moved") == "OK"
        put(mine, "two", "newer", "REPLACE")
    room.kill()
    room.restart()
    with room.resp_client() as mine, room.resp_client() as theirs, room.resp_client() as admin:
        mine.call("AUTH", room.secrets["member"])
        theirs.call("AUTH", other)
        admin.call("AUTH", room.secrets["admin"])
        assert refusal(theirs, "REMOVE", "moved") == not_mine.format("moved"), "also after a crash"
        assert mine.call("REMOVE", "moved") == "OK"
        assert mine.call("REMOVE", "two") == "OK"
        assert admin.call("REMOVE", "three") == "OK"
        assert admin.call("REMOVE", "a.txt") == "OK"
    assert fetch(room, "/files/four", other, method="DELETE") == (403, "DENIED")
    assert fetch(room, "/files/four", room.secrets["member"], method="DELETE")[0] in (200, 204)


def test_the_shared_token_is_everybodys(tmp_path):
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "a.txt").write_text("hello")
    server = ServerProcess(directory, env={"PORTICO_TOKEN": "sesame, open please"}, files="change").start()
    own = TokenFile(directory / ".portico" / "tokens.json").create("", "member", None)[1]
    try:
        with server.resp_client() as shared, server.resp_client() as member:
            shared.call("AUTH", "sesame, open please")
            member.call("AUTH", own)
            put(member, "own.txt", "x")
            assert shared.call("REMOVE", "a.txt") == "OK"
            assert refusal(shared, "REMOVE", "own.txt").startswith("DENIED ")
            put(shared, "all.txt", "x")
            assert refusal(member, "REMOVE", "all.txt").startswith("DENIED ")
            assert shared.call("REMOVE", "all.txt") == "OK"
    finally:
        server.stop()
