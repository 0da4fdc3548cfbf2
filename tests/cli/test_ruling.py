"""`portico drop` and `portico drain`, and what the shell says of tokens: at the door, and in the room."""

from __future__ import annotations

import os

import pytest

from portico.stores.tokens import TokenFile
from tests.conftest import small_repository
from tests.support import shell as command
from tests.support.terminal import prompt

WRONG = "error: this token is not valid here; ask whoever runs the room for one\n"
WANTED = "error: this room wants a token; give it with --token-file FILE or in PORTICO_TOKEN\n"


@pytest.fixture
def room(serve, tmp_path):
    """A server that wants tokens; `room.tokens` is their file, `room.secret` has one of each role."""
    tokens = TokenFile(small_repository(tmp_path) / ".portico" / "tokens.json")
    secrets = {role: tokens.create(role, role, None)[1] for role in ("reader", "member", "admin")}
    server = serve(max_clients=5, files="change")
    server.tokens, server.secret = tokens, secrets
    return server


def test_an_admin_drops_somebody_and_drains_the_server(room, shell, monkeypatch):
    monkeypatch.setenv("PORTICO_TOKEN", room.secret["member"])
    assert shell(room, "drop", "Client1").code == 4
    assert shell(room, "drain").code == 4
    monkeypatch.setenv("PORTICO_TOKEN", room.secret["admin"])
    with room.line_client() as person:
        person.ask(f"/auth {room.secret['member']}")
        assert shell(room, "drop", "nobody").code == 5
        assert shell(room, "drop", "client1") == (0, "", "")
        assert person.rest()[-1] == "* an admin has ended this session"
    assert shell(room, "drain") == (0, "", "")
    assert room.wait_until_it_ends() == 0


def test_the_door_is_4_and_says_what_opens_it(room, shell, monkeypatch, tmp_path):
    assert shell(room, "status") == (4, "", WANTED)
    assert shell(room, "get", "tester1.txt", "-o", str(tmp_path / "x")) == (4, "", WANTED)
    monkeypatch.setenv("PORTICO_TOKEN", "wrong")
    assert shell(room, "status") == (4, "", WRONG)
    monkeypatch.setenv("PORTICO_TOKEN", room.secret["reader"])
    assert shell(room, "list").out == "tester1.txt\ntester2.txt\n"
    assert shell(room, "say", "hi").code == 4


def test_every_connection_of_a_transfer_shows_the_token(room, shell, monkeypatch, tmp_path):
    (room.directory / "many").mkdir()
    for number in range(40):
        (room.directory / "many" / f"{number}.bin").write_bytes(os.urandom(50_000))
    monkeypatch.setenv("PORTICO_TOKEN", room.secret["member"])
    assert shell(room, "get", "-r", "many", "-o", str(tmp_path)).code == 0
    assert shell(room, "put", "-r", str(tmp_path / "many"), "--as", "back/").code == 0
    for path in (room.directory / "many").iterdir():
        assert (room.directory / "back" / "many" / path.name).read_bytes() == path.read_bytes()


def test_a_prompt_whose_token_ends_says_so_and_is_4(room):
    token, secret = room.tokens.create("guest", "member", None)
    env = command.environment(room, PORTICO_TOKEN=secret)
    with prompt(room.port, env=env) as one:
        one.prompts("Client1:")
        room.tokens.revoke(token.id)
        one.ends(4)
        one.shows("this token is not valid here; ask whoever runs the room for one")


def test_a_prompt_asks_for_the_token_and_does_not_show_it(room):
    with prompt(room.port) as one:
        one.shows("This room wants a token; what you type or paste is not shown.")
        one.prompts("Token:")
        one.enter(room.secret["member"])
        one.prompts("Client1:")
        assert not any(room.secret["member"] in line for line in one.everything)
        one.enter("bye")
        one.ends(0)
